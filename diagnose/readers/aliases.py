"""Under which names hyperparameters stand in config files, and what type each field of `Context` has."""

from __future__ import annotations

from diagnose.readers.vocabulary import phrases, word_set

FIELD_OF: dict[str, str] = phrases("""
n_train: n_train num_train train_samples n_train_samples num_train_samples num_train_examples train_size
n_train: train_set_size training_samples len_train max_train_samples train_count
n_val: n_val num_val val_samples n_val_samples num_val_samples num_eval_examples val_size val_set_size
n_val: validation_samples n_valid num_valid eval_samples len_val max_eval_samples val_count
n_classes: n_classes num_classes nc n_class num_class num_labels n_labels classes classes_num number_of_classes
batch_size: batch_size batchsize bs batch train_batch_size per_device_train_batch_size batch_size_train train_bs
batch_size: mini_batch_size minibatch_size global_batch_size samples_per_gpu ims_per_batch
learning_rate: learning_rate lr lr0 base_lr initial_lr init_lr max_lr eta learningrate learning_rate_init lr_init
learning_rate: peak_lr start_lr
schedule: schedule scheduler lr_scheduler lr_scheduler_type lr_schedule sched scheduler_name scheduler_type
schedule: lr_policy
warmup: warmup warmup_steps warmup_epochs warmup_ratio num_warmup_steps warmup_iters warm_up n_warmup_steps
optimizer: optimizer optim opt optimizer_name optimizer_type optimiser solver optim_name
weight_decay: weight_decay wd weightdecay l2_reg l2_regularization l2_lambda l2_leaf_reg reg_lambda
weight_decay: l2_regularisation
dropout: dropout dropout_rate drop_rate drop dropout_prob p_dropout hidden_dropout_prob dropout_p drop_out
dropout: head_dropout
label_smoothing: label_smoothing label_smoothing_factor smoothing smooth
augmentation: augmentation augment augmentations data_augmentation use_augmentation aug use_aug do_augment
patience: patience early_stopping_patience early_stop_patience es_patience early_stopping early_stopping_rounds
patience: early_stop n_iter_no_change od_wait
epochs_planned: epochs_planned epochs num_epochs n_epochs max_epochs num_train_epochs epoch total_epochs max_epoch
epochs_planned: nepochs num_epoch n_epoch nb_epoch train_epochs training_epochs
best_weights_kept: best_weights_kept restore_best_weights load_best_model_at_end use_best_model save_best_only
best_weights_kept: load_best
parameters: parameters n_params num_params n_parameters num_parameters total_params total_parameters param_count
parameters: params_total
trainable_parameters: trainable_parameters trainable_params n_trainable_params num_trainable_params
trainable_parameters: num_trainable_parameters
frozen: frozen freeze freeze_backbone freeze_encoder frozen_layers freeze_layers freeze_base freeze_until
frozen: freeze_at
pretrained: pretrained use_pretrained is_pretrained pre_trained imagenet_pretrained
framework: framework
task: task task_type problem_type task_name
""")
"""Name in a config file to field; of several in one file the first that holds a fitting value wins."""
FIELDS = tuple(dict.fromkeys(FIELD_OF.values()))

INTEGERS = frozenset({"n_train", "n_val", "n_classes", "batch_size", "parameters", "trainable_parameters"})
NUMBERS = word_set("learning_rate warmup weight_decay dropout label_smoothing patience epochs_planned")
FLAGS = frozenset({"augmentation", "best_weights_kept", "pretrained"})

SECTIONS = word_set("""
args arguments cfg config data dataset experiment hparams hyper_parameters hyperparameter hyperparameters
hyperparams lr_scheduler model optimization optimizer optimizer_config options parameters params run scheduler
scheduler_config settings setup solver train trainer training training_args
""")
"""Sections of a config file whose keys are read as if they stood at the top."""
