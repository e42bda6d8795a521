"""The catalogue's held-out set: nothing is tuned on these."""

from __future__ import annotations

from programs.catalogue import Program

IMAGES, ROWS = "held_out_keras_images:", "held_out_keras_rows:"

KERAS = (
    Program("textures_residual", IMAGES + "textures_residual", "images", reaches=0.85),
    Program("textures_residual_deep", IMAGES + "textures_residual", "images", {"blocks": 4}, reaches=0.8),
    Program(
        "textures_residual_restarts",
        IMAGES + "textures_residual",
        "images",
        {"schedule": "cosine", "epochs": 6},
        reaches=0.85,
    ),
    Program(
        "textures_residual_random",
        IMAGES + "textures_residual",
        "images",
        {"shuffled": True, "epochs": 8},
        "random_labels",
        "textures_residual",
    ),
    Program("textures_plain", IMAGES + "textures_plain", "images", reaches=0.85),
    Program(
        "textures_plain_unscaled",
        IMAGES + "textures_plain",
        "images",
        {"rescale": False},
        "unscaled_input",
        "textures_plain",
    ),
    Program(
        "textures_plain_in_order",
        IMAGES + "textures_plain",
        "images",
        {"ordered": True},
        "unshuffled",
        "textures_plain",
    ),
    Program("textures_plain_dead", IMAGES + "textures_plain", "images", {"bias": -3.0}, "dead_units", "textures_plain"),
    Program(
        "textures_plain_equal",
        IMAGES + "textures_plain",
        "images",
        {"init": 2.0},
        "poor_initialisation",
        "textures_plain",
    ),
    Program(
        "textures_plain_too_fast",
        IMAGES + "textures_plain",
        "images",
        {"rate": 2.0},
        "rate_too_high",
        "textures_plain",
        also="UNF304",
    ),
    Program(
        "textures_plain_small_batch",
        IMAGES + "textures_plain",
        "images",
        {"batch": 1, "epochs": 2},
        "batch_too_small",
        "textures_plain",
    ),
    Program("cells_unet", IMAGES + "cells_unet", "images", reaches=0.6),
    Program("cells_unet_dice", IMAGES + "cells_unet", "images", {"loss": "dice"}, reaches=0.6),
    Program("cells_unet_255", IMAGES + "cells_unet", "images", {"scale": 255.0}, "label_encoding", "cells_unet"),
    Program("textures_tuned", IMAGES + "textures_tuned", "images", reaches=0.6),
    Program(
        "textures_tuned_top",
        IMAGES + "textures_tuned",
        "images",
        {"top": 4, "rate": 1e-3, "norms": False, "epochs": 24},
        reaches=0.75,
    ),
    Program(
        "textures_tuned_foreign",
        IMAGES + "textures_tuned",
        "images",
        {"mean": 0.0},
        "foreign_preprocessing",
        "textures_tuned",
    ),
    Program(
        "textures_tuned_late",
        IMAGES + "textures_tuned",
        "images",
        {"before": False, "late_freeze": True},
        "stale_trainable",
        "textures_tuned",
        certain="what was frozen after compiling is trained on",
        also="LRN607",
    ),
    Program("tumours_subclassed", ROWS + "tumours_subclassed", "tables", reaches=0.93),
    Program(
        "tumours_all_rows",
        ROWS + "tumours_subclassed",
        "tables",
        {"batch": 400, "epochs": 40, "rate": 1e-2},
        reaches=0.93,
    ),
    Program(
        "tumours_unscaled",
        ROWS + "tumours_subclassed",
        "tables",
        {"scale": False, "optimizer": "SGD", "rate": 1e-2},
        "unscaled_input",
        "tumours_subclassed",
    ),
    Program(
        "tumours_too_slow", ROWS + "tumours_subclassed", "tables", {"rate": 1e-6}, "rate_too_low", "tumours_subclassed"
    ),
    Program("flowers_tiny_batch", ROWS + "flowers_tiny_batch", "tables", reaches=0.9),
    Program(
        "flowers_missing_softmax",
        ROWS + "flowers_tiny_batch",
        "tables",
        {"out": None},
        "missing_softmax",
        "flowers_tiny_batch",
    ),
    Program("friedman_huber", ROWS + "friedman_huber", "tables", reaches=0.8),
    Program(
        "friedman_bounded",
        ROWS + "friedman_huber",
        "tables",
        {"out": "tanh"},
        "wrong_regression_activation",
        "friedman_huber",
    ),
    Program("messages_filters", ROWS + "messages_filters", "text", reaches=0.85),
    Program("walks_memory", ROWS + "walks_memory", "sequences", reaches=0.75),
    Program(
        "walks_rectified",
        ROWS + "walks_memory",
        "sequences",
        {"cell": "rnn", "activation": "relu", "rate": 3e-3},
        reaches=0.75,
    ),
    Program(
        "walks_exploding",
        ROWS + "walks_memory",
        "sequences",
        {"cell": "rnn", "activation": "relu", "rate": 3e-3, "start": 1.0, "clip": None},
        "exploding_gradients",
        "walks_rectified",
        also="PRG913",
    ),
    Program("blobs_wide", ROWS + "blobs_wide", "tables", reaches=0.8),
    Program("blobs_noisy_labels", ROWS + "blobs_wide", "tables", {"noise": 0.2, "epochs": 6, "width": 24}, reaches=0.6),
    Program(
        "blobs_few_rows", ROWS + "blobs_wide", "tables", {"rows": 60, "epochs": 70}, "no_regularisation", "blobs_wide"
    ),
    Program("blobs_dropped", ROWS + "blobs_wide", "tables", {"drop": 0.97}, "regularisation_dominates", "blobs_wide"),
)

TORCH_IMAGES, TORCH_ROWS = "held_out_torch_images:", "held_out_torch_rows:"

TORCH = (
    Program("gratings_features", TORCH_IMAGES + "gratings_tuned", "images", reaches=0.6),
    Program("gratings_all", TORCH_IMAGES + "gratings_tuned", "images", {"mode": "all"}, reaches=0.8),
    Program(
        "gratings_last_stage",
        TORCH_IMAGES + "gratings_tuned",
        "images",
        {"mode": "last", "epochs": 6, "rates": (3e-4, 5e-3)},
        reaches=0.65,
    ),
    Program(
        "gratings_low_rank", TORCH_IMAGES + "gratings_tuned", "images", {"mode": "low rank", "epochs": 20}, reaches=0.7
    ),
    Program(
        "gratings_foreign",
        TORCH_IMAGES + "gratings_tuned",
        "images",
        {"standard": False},
        "foreign_preprocessing",
        "gratings_features",
    ),
    Program(
        "gratings_head_missing",
        TORCH_IMAGES + "gratings_tuned",
        "images",
        {"mode": "last", "epochs": 6, "rates": (3e-4, 5e-3), "missing": "fc"},
        "not_in_optimizer",
        "gratings_last_stage",
        certain="the new head keeps its random weights",
    ),
    Program(
        "gratings_norms_move",
        TORCH_IMAGES + "gratings_tuned",
        "images",
        {"eval_body": False},
        "frozen_statistics_move",
        "gratings_features",
        certain="statistics of a body that is meant to be frozen move",
    ),
    Program(
        "gratings_doubled",
        TORCH_IMAGES + "gratings_tuned",
        "images",
        {"doubled": True},
        "parameter_twice",
        "gratings_features",
        certain="two optimizers step on the head",
    ),
    Program(
        "gratings_fast",
        TORCH_IMAGES + "gratings_tuned",
        "images",
        {"mode": "all", "rates": (0.1, 0.1)},
        "pretrained_at_head_rate",
        "gratings_all",
    ),
    Program("gratings_scratch", TORCH_IMAGES + "gratings_scratch", "images", reaches=0.8),
    Program(
        "gratings_scratch_never_back",
        TORCH_IMAGES + "gratings_scratch",
        "images",
        {"mode_back": False},
        "training_in_eval_mode",
        "gratings_scratch",
        certain="after the first epoch batch normalisation no longer trains",
    ),
    Program(
        "gratings_scratch_judged_in_training",
        TORCH_IMAGES + "gratings_scratch",
        "images",
        {"judge_eval": False},
        "evaluation_in_train_mode",
        "gratings_scratch",
        certain="batches of eight are normalised by themselves, and move the statistics",
    ),
    Program(
        "gratings_scratch_never_zeroed",
        TORCH_IMAGES + "gratings_scratch",
        "images",
        {"zero": False},
        "missing_zero_grad",
        "gratings_scratch",
    ),
    Program("cells_vae", TORCH_IMAGES + "cells_vae", "images", reaches=0.5),
    Program(
        "cells_vae_log_of_zero", TORCH_IMAGES + "cells_vae", "images", {"by_hand": True}, "non_finite", "cells_vae"
    ),
    Program("blobs_stack", TORCH_ROWS + "blobs_stack", "tables", reaches=0.8),
    Program(
        "blobs_stack_huge_batch",
        TORCH_ROWS + "blobs_stack",
        "tables",
        {"size": 840, "epochs": 80, "rate": 0.3},
        reaches=0.8,
    ),
    Program(
        "blobs_stack_noisy_labels", TORCH_ROWS + "blobs_stack", "tables", {"noise": 0.15, "epochs": 5}, reaches=0.6
    ),
    Program("blobs_stack_log_softmax", TORCH_ROWS + "blobs_stack", "tables", {"last": "log", "nll": True}, reaches=0.8),
    Program(
        "blobs_stack_no_log", TORCH_ROWS + "blobs_stack", "tables", {"nll": True}, "missing_softmax", "blobs_stack"
    ),
    Program(
        "blobs_stack_softmax_twice",
        TORCH_ROWS + "blobs_stack",
        "tables",
        {"last": "softmax"},
        "softmax_twice",
        "blobs_stack",
    ),
    Program(
        "blobs_stack_sigmoid_out",
        TORCH_ROWS + "blobs_stack",
        "tables",
        {"last": "sigmoid"},
        "sigmoid_with_categorical",
        "blobs_stack",
    ),
    Program(
        "blobs_stack_deep", TORCH_ROWS + "blobs_stack", "tables", {"depth": 6, "norm": True, "epochs": 30}, reaches=0.8
    ),
    Program(
        "blobs_stack_deep_sigmoid",
        TORCH_ROWS + "blobs_stack",
        "tables",
        {"depth": 6, "act": "Sigmoid", "epochs": 30},
        "vanishing_gradients",
        "blobs_stack_deep",
    ),
    Program("blobs_stack_tanh", TORCH_ROWS + "blobs_stack", "tables", {"depth": 3, "act": "Tanh"}, reaches=0.8),
    Program(
        "blobs_stack_saturated",
        TORCH_ROWS + "blobs_stack",
        "tables",
        {"depth": 3, "act": "Tanh", "std": 2.0},
        "saturated_units",
        "blobs_stack_tanh",
    ),
    Program(
        "blobs_stack_huge_weights",
        TORCH_ROWS + "blobs_stack",
        "tables",
        {"std": 5.0},
        "poor_initialisation",
        "blobs_stack",
        also="INS504",
    ),
    Program(
        "blobs_stack_overlap",
        TORCH_ROWS + "blobs_stack",
        "tables",
        {"overlap": True, "epochs": 40, "width": 128},
        "validation_in_training",
        "blobs_stack",
        certain="the validation rows are trained on",
    ),
    Program(
        "blobs_stack_few_rows",
        TORCH_ROWS + "blobs_stack",
        "tables",
        {"rows": 60, "epochs": 120, "width": 128},
        "too_many_epochs",
        "blobs_stack",
    ),
    Program("friedman_stack", TORCH_ROWS + "friedman_stack", "tables", reaches=0.8),
    Program(
        "friedman_stack_rectified",
        TORCH_ROWS + "friedman_stack",
        "tables",
        {"last": "relu"},
        "wrong_regression_activation",
        "friedman_stack",
    ),
    Program(
        "friedman_stack_flat", TORCH_ROWS + "friedman_stack", "tables", {"flat": True}, "output_width", "friedman_stack"
    ),
    Program("tumours_margin", TORCH_ROWS + "tumours_margin", "tables", reaches=0.93),
    Program(
        "tumours_margin_entropy",
        TORCH_ROWS + "tumours_margin",
        "tables",
        {"loss": "entropy", "encoding": (0, 1)},
        reaches=0.93,
    ),
    Program("tumours_margin_tiny_batch", TORCH_ROWS + "tumours_margin", "tables", {"size": 8}, reaches=0.93),
    Program(
        "tumours_one_two",
        TORCH_ROWS + "tumours_margin",
        "tables",
        {"loss": "entropy", "encoding": (1, 2)},
        "label_encoding",
        "tumours_margin_entropy",
    ),
    Program("zen_writer", TORCH_ROWS + "zen_writer", "text", reaches=0.5),
    Program("zen_writer_two_optimizers", TORCH_ROWS + "zen_writer", "text", {"two": True}, reaches=0.4),
    Program("zen_writer_untied", TORCH_ROWS + "zen_writer", "text", {"tied": False}, reaches=0.5),
    Program("zen_writer_wrapped", TORCH_ROWS + "zen_writer", "text", {"wrapped": True}, "loss_detached", "zen_writer"),
    Program("zen_writer_slow", TORCH_ROWS + "zen_writer", "text", {"rate": 1e-5}, "rate_too_low", "zen_writer"),
    Program("walks_tanh", TORCH_ROWS + "walks_tanh", "sequences", reaches=0.75),
    Program(
        "walks_rectified_exploding",
        TORCH_ROWS + "walks_tanh",
        "sequences",
        {"relu": True, "gain": 3.0, "clip": None},
        "exploding_gradients",
        "walks_tanh",
        also="PRG913",
    ),
    Program("messages_two_towers", TORCH_ROWS + "messages_two_towers", "text", reaches=0.7),
)

LIT, FACE = "held_out_lightning:", "held_out_transformers:"

LIGHTNING = (
    Program("lit_tumours", LIT + "lit_tumours", "tables", reaches=0.93),
    Program("lit_tumours_manual", LIT + "lit_tumours", "tables", {"manual": True}, reaches=0.93),
    Program(
        "lit_tumours_log_of_zero",
        LIT + "lit_tumours",
        "tables",
        {"hand": True, "epochs": 12},
        "non_finite",
        "lit_tumours",
    ),
    Program("lit_blobs", LIT + "lit_blobs", "tables", reaches=0.8),
    Program("lit_blobs_accumulated", LIT + "lit_blobs", "tables", {"accumulate": 3, "rate": 0.1}, reaches=0.8),
    Program(
        "lit_blobs_sigmoid", LIT + "lit_blobs", "tables", {"sigmoid": True}, "sigmoid_with_categorical", "lit_blobs"
    ),
    Program("lit_rare_weighed", LIT + "lit_rare", "tables", reaches=0.6),
    Program(
        "lit_rare_by_accuracy", LIT + "lit_rare", "tables", {"weighed": False}, "unsuited_metric", "lit_rare_weighed"
    ),
    Program("lit_walks", LIT + "lit_walks", "sequences", reaches=0.75),
    Program("lit_walks_too_fast", LIT + "lit_walks", "sequences", {"rate": 1.0}, "rate_too_high", "lit_walks"),
    Program("lit_textures", LIT + "lit_textures", "images", reaches=0.7),
    Program(
        "lit_textures_frozen", LIT + "lit_textures", "images", {"frozen": True}, "frozen_by_mistake", "lit_textures"
    ),
)

TRANSFORMERS = (
    Program("messages_distil", FACE + "messages_distil", "text", reaches=0.8),
    Program(
        "messages_distil_deeper",
        FACE + "messages_distil",
        "text",
        {"layers": 3, "rate": 1e-3, "epochs": 5},
        reaches=0.8,
    ),
    Program("messages_distil_tiny_batch", FACE + "messages_distil", "text", {"size": 8, "rate": 1e-3}, reaches=0.8),
    Program(
        "messages_distil_slow", FACE + "messages_distil", "text", {"rate": 1e-6}, "rate_too_low", "messages_distil"
    ),
    Program(
        "messages_distil_decayed",
        FACE + "messages_distil",
        "text",
        {"decay": 300.0},
        "regularisation_dominates",
        "messages_distil",
    ),
    Program(
        "messages_distil_overlap",
        FACE + "messages_distil",
        "text",
        {"overlap": True},
        "validation_in_training",
        "messages_distil",
        certain="the validation rows are trained on",
    ),
    Program(
        "messages_distil_random",
        FACE + "messages_distil",
        "text",
        {"shuffled": True, "epochs": 12, "rows": 200},
        "random_labels",
        "messages_distil",
    ),
    Program("zen_gpt", FACE + "zen_gpt", "text", reaches=0.3),
    Program(
        "zen_gpt_accumulated",
        FACE + "zen_gpt",
        "text",
        {"accumulate": 2, "scheduler": "linear", "rate": 1e-2},
        reaches=0.3,
    ),
    Program("zen_gpt_too_fast", FACE + "zen_gpt", "text", {"rate": 0.5}, "rate_too_high", "zen_gpt"),
    Program("friedman_net", FACE + "friedman_net", "tables", reaches=0.7),
    Program("friedman_net_flat", FACE + "friedman_net", "tables", {"flat": True}, "output_width", "friedman_net"),
)

PROGRAMS: tuple[Program, ...] = KERAS + TORCH + LIGHTNING + TRANSFORMERS
