"""The words that logs use: splits, losses, scores, steps, and what is neither.

Phrases are lower-case words joined by ``_``; each maps to the canonical quantity and its direction.
"""

from __future__ import annotations

from typing import Any

from diagnose.run import Better, SplitName, Unit


def phrases(table: str) -> dict[str, str]:
    """Read lines of ``canonical: phrase phrase …`` as phrase to canonical name."""
    pairs = (line.partition(": ") for line in table.strip().splitlines())
    return {phrase: canonical for canonical, _, spelled in pairs for phrase in spelled.split()}


def word_set(text: str) -> frozenset[str]:
    """Read words between blanks as a set."""
    return frozenset(text.split())


def _typed(table: dict[str, str]) -> Any:
    """Underscores in a canonical name stand for blanks: the values are the literals of `diagnose.run`."""
    return {phrase: canonical.replace("_", " ") for phrase, canonical in table.items()}


SPLITS: dict[str, SplitName] = _typed(
    phrases("""
train: train training trn trainer tra
val: val valid validation validate dev eval evaluation vld holdout
test: test testing tst
""")
)
FIRST_ONLY: dict[str, SplitName] = {
    "learn": "train", "tr": "train", "fit": "train", "va": "val", "vl": "val", "cv": "val", "te": "test",
}  # fmt: skip
"""Short words that mean a split only at the beginning of a name."""
WEAK_SPLITS = frozenset({"eval", "evaluation", "trainer", "dev"})
"""Words that give way to a second split word: ``eval_test_loss`` is a test loss."""

STEPS: dict[str, Unit] = _typed(
    phrases("""
epoch: epoch epochs ep epoch_number epoch_num epoch_idx num_epoch n_epoch epoch_id current_epoch
step: step steps global_step globalstep global_steps num_updates total_steps train_step training_step num_steps
step: n_steps optimizer_step samples_seen
iteration: iter iters iteration iterations it iter_num n_iter trees tree n_trees round rounds boosting_round
iteration: num_trees n_estimators batch batch_idx batch_index num_batches episode episodes episode_number
step: timesteps total_timesteps time_total_timesteps num_timesteps env_steps total_env_steps
sample_size: train_sizes train_size training_size training_sizes sample_size n_samples training_examples
sample_size: num_samples n_train
""")
)

LOSS_WORDS = word_set("cost criterion loss losses lossfn objective")
PLAIN_LOSS = word_set("""
all average avg combined epoch final full global main mean model overall running sum tot total weighted
""")
"""Qualifiers of a loss that do not make it a part of another loss."""

OBJECTIVES = phrases("""
log_loss: logloss log_loss binary_logloss multi_logloss mlogloss multiclass multi_class multi_class_one_vs_all
log_loss: deviance
cross_entropy: crossentropy cross_entropy xentropy xent ce bce binary_crossentropy categorical_crossentropy
cross_entropy: sparse_categorical_crossentropy binary_cross_entropy
nll: nll negative_log_likelihood nlpd
kl_divergence: kl kld kl_divergence kl_div
mse: mse mean_squared_error l2 squared_error mean_square_error
rmse: rmse root_mean_squared_error rms_error mcrmse
mae: mae mean_absolute_error l1 absolute_error mean_abs_error
rmsle: rmsle
msle: msle mean_squared_logarithmic_error
mape: mape mean_absolute_percentage_error
smape: smape
wape: wape
mase: mase
medae: medae median_absolute_error
huber: huber smooth_l1
hinge: hinge squared_hinge categorical_hinge
poisson: poisson
quantile: quantile pinball
tweedie: tweedie
gamma_deviance: gamma_deviance gamma_nloglik
perplexity: perplexity ppl
bits_per_dim: bits_per_dim bpd bpc bits_per_character
energy: energy_distance
brier: brier brier_score
""")
"""Lower is better, and what a model may be trained on: the objective where no column is named a loss."""

LOWER_SCORES = phrases("""
error: error err errors error_rate err_rate merror misclassification misclassification_rate misclassification_error
error: zero_one zero_one_loss top1_err err1 top1_error top_1_err top_1_error binary_error multi_error accuracy_error
error: acc_error acc_err top1_error_rate top_1_error_rate
top5_error: top5_err err5 top5_error top_5_err top_5_error top5_error_rate top_5_error_rate
wer: wer word_error_rate
cer: cer character_error_rate
ter: ter
per: per
eer: eer
fpr: fpr false_positive_rate
fnr: fnr false_negative_rate
fid: fid
ece: ece calibration_error
lpips: lpips
hamming: hamming hamming_distance
distance: distance edit_distance chamfer hausdorff hd95 hausdorff95 epe ade fde
regret: regret
""")

HIGHER_SCORES = phrases("""
accuracy: accuracy acc accs accu accuracies top1 acc1 top_1 acc_1 prec1 accuracy_top_1 accuracy_top1 top1_acc acc_top1
accuracy: categorical_accuracy binary_accuracy sparse_categorical_accuracy zero_one_accuracy top_1_accuracy
accuracy: top_1_acc top1_accuracy accuracy_score multiclass_accuracy
top5_accuracy: top5 acc5 top_5 acc_5 prec5 top5_acc top_5_acc accuracy_top_5 accuracy_top5 acc_top5 top_5_accuracy
top5_accuracy: top5_accuracy top_k_categorical_accuracy sparse_top_k_categorical_accuracy
top3_accuracy: top3 acc3 top_3 top3_acc top_3_acc top_3_accuracy top3_accuracy
auc: auc aucs auroc roc_auc auc_roc rocauc aucroc roc
auc_pr: aucpr auprc pr_auc auc_pr prauc
average_precision: average_precision ap avg_precision
f1: f1 f1s f1_score fscore f_score f_measure f1score fbeta fmeasure f_1
f2: f2 f2_score
precision: precision prec ppv
recall: recall rec sensitivity tpr true_positive_rate
specificity: specificity tnr spec
dice: dice dices dsc dice_coef dice_coefficient dice_score dicecoef dice_similarity
iou: iou ious miou mean_iou jaccard iou_score iou_coef jacc mean_io_u io_u jaccard_index iou_metric
map: map mean_average_precision bbox_map segm_map
map50: map50 map_50 map_0.5 map@50 map.5 ap50 map_.5
map50-95: map50_95 map_0.5_0.95 map50-95 map5095 map_.5_.95
map75: map75 map_75 ap75
ndcg: ndcg
mrr: mrr
hit_rate: hits hit hit_rate hr
r2: r2 r2_score r_squared rsquared r_2 explained_variance nse
kappa: kappa qwk cohen_kappa quadratic_weighted_kappa wkappa
mcc: mcc matthews matthews_correlation matthews_corrcoef phi
bleu: bleu sacrebleu bleu4 bleu_4
rouge1: rouge1 rouge_1
rouge2: rouge2 rouge_2
rouge_l: rouge_l rougel rouge rouge_lsum rougelsum rouge_l_sum
meteor: meteor
cider: cider
chrf: chrf
spice: spice
correlation: pearson spearman spearmanr pearsonr corr correlation spearman_correlation pcc srcc plcc
psnr: psnr
ssim: ssim ms_ssim
gini: gini
ks: ks
exact_match: exact_match em
score: score scores fitness metric_score
similarity: similarity cosine_similarity cosine_proximity
log_likelihood: log_likelihood loglik elbo
inception_score: inception_score
reward: reward episode_reward ep_reward ep_rew ep_rew_mean reward_mean total_reward cumulative_reward
reward: rollout_ep_rew_mean episode_return ep_return episodic_return episode_reward_mean avg_reward average_reward
""")

ERROR_WORDS = word_set("err error errors errs misclassification misclassified")
"""Words that turn the accuracy beside them round."""

QUANTITIES: dict[str, tuple[str, Better]] = {
    **{phrase: (name, "lower") for phrase, name in OBJECTIVES.items()},
    **{phrase: (name, "lower") for phrase, name in LOWER_SCORES.items()},
    **{phrase: (name, "higher") for phrase, name in HIGHER_SCORES.items()},
}
OBJECTIVE_NAMES = frozenset(OBJECTIVES.values())

BOUNDED = word_set("""
accuracy auc auc_pr average_precision bleu cer chrf dice eer error exact_match f1 f2 fnr fpr gini hit_rate iou
map map50 map50-95 map75 meteor mrr ndcg precision recall rouge1 rouge2 rouge_l specificity top3_accuracy
top5_accuracy top5_error wer
""")
"""Shares: a value far above 1 means that the log gives percent."""
ABOVE_ONE = frozenset({"wer", "cer"})
"""Shares that may exceed 1 by right (more insertions than words)."""

SILENT = word_set("""
average avg categorical coef coefficient epoch final global in log logs mean metric metrics multiclass overall
pct percent result results running score sparse stats total value
""")
"""Qualifiers that say nothing about which quantity it is."""
CONTAINERS = word_set(
    "list lst history hist log logs values value curve array arr record records per all data series track"
)
"""Words at the end of a name that say how the values are kept: ``train_loss_list``, ``val_acc_history``."""
PERCENT = word_set("% pct percent percentage")
STATISTICS = word_set("""
best ci delta diff gap highest lower lowest max maximum median_abs min minimum prev previous sem std stddev
stderr stdev upper variance
""")
"""Qualifiers of a number derived from another column: a best so far, a spread, a difference."""
TIMES = word_set("""
asctime clock created date datetime duration elapsed eta fps hours latency minutes ms runtime sec second seconds
secs speed throughput time times timestamp wall walltime
""")
RESOURCES = word_set("cpu flops flos gpu mem memory power ram temperature tokens utilization vram")

RUNS = word_set("""
fold k_fold kfold cv_fold fold_idx fold_id fold_no seed random_seed random_state run run_id run_name trial trial_id
experiment exp experiment_id experiment_name exp_name model model_name replicate repeat rep client client_id stage
""")
"""Columns whose values name a fold, a seed, a run: rows with different values are different runs."""
