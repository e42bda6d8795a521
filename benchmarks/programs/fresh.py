"""The catalogue's fresh set: written by somebody who knew no rule, after all of them were."""

from __future__ import annotations

from programs.catalogue import Program

IMAGES, ROWS = "fresh_keras_images:", "fresh_keras_rows:"

KERAS = (
    Program("letters_stopped", IMAGES + "letters_convnet", "images", reaches=0.85),
    Program(
        "letters_mixed",
        IMAGES + "letters_convnet",
        "images",
        {"mix": True, "smooth": 0.05, "epochs": 20},
        reaches=0.85,
    ),
    Program(
        "letters_random",
        IMAGES + "letters_convnet",
        "images",
        {"shuffled": True, "patience": 50},
        "random_labels",
        "letters_stopped",
    ),
    Program("clocks_angle", IMAGES + "clocks_angle", "images", reaches=0.9),
    Program(
        "clocks_rectified",
        IMAGES + "clocks_angle",
        "images",
        {"out": "relu"},
        "wrong_regression_activation",
        "clocks_angle",
    ),
    Program(
        "clocks_all_alike",
        IMAGES + "clocks_angle",
        "images",
        {"initial": 0.05},
        "poor_initialisation",
        "clocks_angle",
    ),
    Program("numerals_denoised", IMAGES + "numerals_denoised", "images", reaches=0.7),
    Program("shells_averaged", ROWS + "shells_averaged", "tables", reaches=0.85),
    Program(
        "shells_no_softmax", ROWS + "shells_averaged", "tables", {"out": None}, "missing_softmax", "shells_averaged"
    ),
    Program(
        "shells_never_positive", ROWS + "shells_averaged", "tables", {"bias": -4.0}, "dead_units", "shells_averaged"
    ),
    Program("currents_huber", ROWS + "currents_huber", "tables", reaches=0.85),
    Program(
        "currents_as_they_are",
        ROWS + "currents_huber",
        "tables",
        {"scale": False},
        "unscaled_input",
        "currents_huber",
    ),
    Program("clients_two_answers", ROWS + "clients_two_answers", "tables", reaches=0.8),
    Program(
        "clients_dropped",
        ROWS + "clients_two_answers",
        "tables",
        {"drop": 0.97},
        "regularisation_dominates",
        "clients_two_answers",
    ),
    Program("reviews_gru", ROWS + "reviews_read", "text", reaches=0.85),
)

TORCH_IMAGES, TORCH_ROWS = "fresh_torch_images:", "fresh_torch_rows:"
LETTERS, TRANSFER = TORCH_IMAGES + "letters_loop", TORCH_IMAGES + "patches_transfer"
MARGIN, MEMORY = TORCH_ROWS + "hastie_margin", TORCH_ROWS + "remembered_sum"

TORCH = (
    Program("letters_one_cycle", LETTERS, "images", reaches=0.85),
    Program("letters_swa", LETTERS, "images", {"average": True, "smooth": 0.05}, reaches=0.85),
    Program("letters_accumulated", LETTERS, "images", {"norm": "group", "accumulate": 4, "size": 8}, reaches=0.85),
    Program("letters_never_zeroed", LETTERS, "images", {"zero": False}, "missing_zero_grad", "letters_one_cycle"),
    Program(
        "letters_never_back",
        LETTERS,
        "images",
        {"train_mode": False},
        "training_in_eval_mode",
        "letters_one_cycle",
        certain="after the first epoch neither dropout nor batch normalisation trains any more",
    ),
    Program(
        "letters_judged_in_training",
        LETTERS,
        "images",
        {"eval_mode": False},
        "evaluation_in_train_mode",
        "letters_one_cycle",
        certain="held-out rows pass dropout and are normalised by themselves, and move the statistics",
    ),
    Program("letters_softmax_twice", LETTERS, "images", {"last": "softmax"}, "softmax_twice", "letters_one_cycle"),
    Program("transfer_head", TRANSFER, "images", reaches=0.8),
    Program("transfer_ends", TRANSFER, "images", {"tune": "ends"}, reaches=0.8),
    Program(
        "transfer_norms_move",
        TRANSFER,
        "images",
        {"norms_eval": False},
        "frozen_statistics_move",
        "transfer_head",
        certain="statistics of a body that is frozen move to those of its few rows",
    ),
    Program(
        "transfer_without_head",
        TRANSFER,
        "images",
        {"tune": "ends", "missing": True},
        "not_in_optimizer",
        "transfer_ends",
        certain="the new head keeps its random weights",
    ),
    Program(
        "transfer_at_head_rate",
        TRANSFER,
        "images",
        {"tune": "ends", "rates": (0.2, 0.2)},
        "pretrained_at_head_rate",
        "transfer_ends",
    ),
    Program("rectangles_dice", TORCH_IMAGES + "rectangles_dice", "images", reaches=0.7),
    Program(
        "rectangles_cut_off",
        TORCH_IMAGES + "rectangles_dice",
        "images",
        {"detached": True},
        "loss_detached",
        "rectangles_dice",
    ),
    Program("numerals_tied", TORCH_IMAGES + "numerals_tied", "images", reaches=0.6),
    Program("hastie_hinge", MARGIN, "tables", reaches=0.85),
    Program("hastie_attacked", MARGIN, "tables", {"attacked": 0.1}, reaches=0.8),
    Program("hastie_descent", MARGIN, "tables", {"rate": 0.05, "optimizer": "SGD", "size": 50}, reaches=0.85),
    Program(
        "hastie_single_rows",
        MARGIN,
        "tables",
        {"rate": 0.05, "optimizer": "SGD", "size": 1, "epochs": 5},
        "batch_too_small",
        "hastie_descent",
    ),
    Program(
        "hastie_overlap",
        MARGIN,
        "tables",
        {"overlap": True},
        "validation_in_training",
        "hastie_hinge",
        certain="the validation rows are trained on",
    ),
    Program(
        "hastie_few_rows",
        MARGIN,
        "tables",
        {"rows": 100, "width": 160, "epochs": 120, "drop": 0.0, "decay": 0.0},
        "no_regularisation",
        "hastie_hinge",
    ),
    Program("clients_sparse", TORCH_ROWS + "clients_sparse", "tables", reaches=0.8),
    Program(
        "clients_rare_weighed",
        TORCH_ROWS + "clients_sparse",
        "tables",
        {"share": 0.03, "weighed": True, "balanced": True},
        reaches=0.75,
    ),
    Program(
        "clients_rare_by_accuracy",
        TORCH_ROWS + "clients_sparse",
        "tables",
        {"share": 0.03, "balanced": True},
        "unsuited_metric",
        "clients_rare_weighed",
    ),
    Program("brackets_attention", TORCH_ROWS + "brackets_attention", "sequences", reaches=0.8),
    Program(
        "brackets_in_order",
        TORCH_ROWS + "brackets_attention",
        "sequences",
        {"ordered": True},
        "unshuffled",
        "brackets_attention",
    ),
    Program("sensor_quantiles", TORCH_ROWS + "sensor_quantiles", "sequences", reaches=0.5),
    Program("sum_gru", MEMORY, "sequences", reaches=0.8),
    Program("sum_flat", MEMORY, "sequences", {"flat": True}, "output_width", "sum_gru"),
    Program(
        "sum_exploding",
        MEMORY,
        "sequences",
        {"cell": "RNN", "std": 0.8, "clip": None},
        "exploding_gradients",
        "sum_gru",
    ),
)

LIT, FACE = "fresh_lightning:", "fresh_transformers:"

LIGHTNING = (
    Program("lit_shells", LIT + "lit_shells", "tables", reaches=0.85),
    Program("lit_shells_two_optimizers", LIT + "lit_shells", "tables", {"two": True}, reaches=0.85),
    Program(
        "lit_shells_doubled",
        LIT + "lit_shells",
        "tables",
        {"doubled": True},
        "parameter_twice",
        "lit_shells",
        certain="two optimizers step on every weight",
    ),
    Program("lit_tones", LIT + "lit_tones", "sequences", reaches=0.8),
    Program("lit_tones_too_fast", LIT + "lit_tones", "sequences", {"rate": 2.0}, "rate_too_high", "lit_tones"),
    Program("lit_tongues", LIT + "lit_tongues", "text", reaches=0.85),
    Program(
        "lit_tongues_sigmoid",
        LIT + "lit_tongues",
        "text",
        {"last": True},
        "sigmoid_with_categorical",
        "lit_tongues",
        certain="logits between 0 and 1: of three classes none is ever believed by more than 0.58",
    ),
    Program("lit_letters", LIT + "lit_letters", "images", reaches=0.8),
)

TRANSFORMERS = (
    Program("tongues_bert", FACE + "tongues_bert", "text", reaches=0.85),
    Program(
        "tongues_bert_accumulated",
        FACE + "tongues_bert",
        "text",
        {"accumulate": 2, "size": 16, "smooth": 0.05},
        reaches=0.85,
    ),
    Program("tongues_bert_slow", FACE + "tongues_bert", "text", {"rate": 2e-6}, "rate_too_low", "tongues_bert"),
    Program("tags_bert", FACE + "tags_bert", "text", reaches=0.85),
    Program("tags_bert_too_fast", FACE + "tags_bert", "text", {"rate": 0.5, "warm": 0}, "rate_too_high", "tags_bert"),
)

PROGRAMS: tuple[Program, ...] = KERAS + TORCH + LIGHTNING + TRANSFORMERS
