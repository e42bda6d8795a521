"""What a Hugging Face ``Trainer`` knows of a training: its arguments, its data, and the loss inside its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SAID = (
    "learning_rate", "weight_decay", "num_train_epochs", "max_steps", "warmup_steps", "warmup_ratio",
    "lr_scheduler_type", "optim", "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm",
    "gradient_accumulation_steps", "label_smoothing_factor", "fp16", "bf16", "seed", "load_best_model_at_end",
    "group_by_length", "dataloader_drop_last", "neftune_noise_alpha",
)  # fmt: skip
"""Arguments that say something of a training; the other hundred say where files go."""
CLASSIFIERS = ("ForSequenceClassification", "ForImageClassification", "ForAudioClassification",
               "ForVideoClassification")  # fmt: skip
OF_TOKENS = ("ForCausalLM", "LMHeadModel", "ForMaskedLM", "ForTokenClassification", "ForQuestionAnswering",
             "ForConditionalGeneration")  # fmt: skip
PROBLEMS = {
    "regression": "mse_loss",
    "single_label_classification": "cross_entropy",
    "multi_label_classification": "binary_cross_entropy_with_logits",
}


def settings(args: Any, train_loader: Any) -> dict[str, Any]:
    """Return the hyperparameters, by names that every reader of settings knows."""
    found = {name: getattr(args, name) for name in SAID if getattr(args, name, None) is not None}
    found = {name: getattr(value, "value", value) for name, value in found.items()}  # of an enumeration
    found["schedule"] = found.pop("lr_scheduler_type", "")
    found["optimizer"] = found.pop("optim", "")
    if found.get("max_steps", 0) > 0:  # which overrides the epochs
        found.pop("num_train_epochs", None)
    world = max(int(getattr(args, "world_size", 1)), 1)
    found["batch_size"] = int(args.train_batch_size) * int(args.gradient_accumulation_steps) * world
    rows = length(getattr(train_loader, "dataset", None))
    if rows:
        found["n_train"] = rows
    return {name: value for name, value in found.items() if value != ""}


def settings_known_later(model: Any, eval_loader: Any) -> dict[str, Any]:
    """Return what the first batches show: the problem, which the model reads off its labels, and the held-out rows."""
    found: dict[str, Any] = {}
    rows = length(getattr(eval_loader, "dataset", None))
    if rows:
        found["n_val"] = rows
    if type(model).__name__.endswith(CLASSIFIERS) and loss_name(model) == "cross_entropy":
        found["n_classes"] = int(model.config.num_labels)
    return found


def loss_name(model: Any) -> str | None:
    """Return the function of the loss that a model computes itself; None where labels decide it, or it is unknown."""
    kind, config = type(model).__name__, getattr(model, "config", None)
    if kind.endswith(CLASSIFIERS):
        labels = getattr(config, "num_labels", None)
        return PROBLEMS.get(getattr(config, "problem_type", None) or ("regression" if labels == 1 else ""))
    return "cross_entropy" if kind.endswith(OF_TOKENS) else None


def length(data: Any) -> int | None:
    """Return the number of rows, None of data that come as a stream."""
    try:
        return len(data)
    except TypeError:
        return None


def numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return the losses and scores of a log: no times, no counts of the machine's work."""
    ends = ("runtime", "_per_second", "epoch", "total_flos", "num_tokens", "_preparation_time", "num_input_tokens_seen")
    return {
        str(name): float(value)
        for name, value in logs.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        and not str(name).endswith(ends) and name != "learning_rate"
    }  # fmt: skip
