"""The faults that a programme of the suite may have, and the readings that name each right."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FAULTS", "Fault"]


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes
    ----------
    what
        The fault in words.
    accepts
        Codes that name it, equivalent readings among them: mending what such a finding says mends the programme.
    causes
        Ids of causes that name it whatever the code. Empty where the cause is wider than the fault: a finding of
        some other error in the training programme does not name this one.
    """

    what: str
    accepts: frozenset[str]
    causes: frozenset[str] = frozenset()


def _fault(what: str, accepts: str, causes: str = "") -> Fault:
    return Fault(what, frozenset(accepts.split()), frozenset(causes.split()))


FAULTS: dict[str, Fault] = {
    # the output and the labels
    "softmax_twice": _fault("softmax in the model and again in the loss", "PRG902"),
    "missing_softmax": _fault("a loss that wants probabilities is given logits", "PRG902"),
    "sigmoid_with_categorical": _fault("sigmoid outputs in a loss over exclusive classes", "PRG902"),
    "wrong_regression_activation": _fault("an activation that can't reach the targets", "PRG902 UNF305 UNF304 UNF306"),
    "output_width": _fault("the output's width does not fit the labels", "PRG903 PRG902 PRG904 UNF306"),
    "label_encoding": _fault("labels coded otherwise than the loss expects", "PRG904 PRG902"),
    # the input
    "unscaled_input": _fault("inputs of very large or very different scale", "PRG905"),
    "foreign_preprocessing": _fault("inputs prepared otherwise than the backbone was trained on", "PRG906 PRG905"),
    # what is trained
    "frozen_by_mistake": _fault("layers that must learn are frozen", "PRG914 FRZ803 PRG907"),
    "not_in_optimizer": _fault("layers that must learn are not in the optimizer", "PRG907 PRG914 FRZ803"),
    "parameter_twice": _fault("parameters are updated twice each step", "PRG907"),
    "stale_trainable": _fault("trainable changed without compiling again", "PRG908 FRZ803 PRG914"),
    "frozen_statistics_move": _fault("BatchNorm of a frozen part goes on moving", "PRG909"),
    "pretrained_at_head_rate": _fault("unfrozen pretrained layers at a head's rate", "LRN607 FRZ801 LRN605 LRN601"),
    "loss_detached": _fault("the loss does not reach the weights", "PRG914 PRG901 PRG907 FRZ803"),
    # the loop
    "missing_zero_grad": _fault("gradients are never zeroed", "PRG910"),
    "training_in_eval_mode": _fault("training goes on in evaluation mode", "PRG911"),
    "evaluation_in_train_mode": _fault("evaluation in training mode", "PRG911"),
    "unshuffled": _fault("ordered rows are never shuffled", "PRG912"),
    "validation_in_training": _fault("validation rows are trained on", "LKG147 LKG141 LKG142", "leakage"),
    "unsuited_metric": _fault("accuracy on heavily imbalanced classes", "EVA909 EVA902 UNF306"),
    # the optimization
    "vanishing_gradients": _fault("gradients vanish on the way down", "UNF303 UNF305 PRG913"),
    "exploding_gradients": _fault("gradients explode", "INS504 INS505 LRN605 LRN601"),
    "dead_units": _fault("rectified units are dead", "UNF304 PRG913"),
    "saturated_units": _fault("units are saturated", "UNF305 PRG913"),
    "rate_too_high": _fault("the learning rate is too high", "LRN601 LRN604 LRN605 INS504"),
    "rate_too_low": _fault("the learning rate is too low", "LRN602 LRN606 UTR401 UTR402"),
    "batch_too_small": _fault("batches too small for the rate", "BAT701 BAT702 LRN603 LRN605 LRN601"),
    "poor_initialisation": _fault("weights begin all equal, or huge", "PRG913 PRG914 UNF303 UNF305"),
    "non_finite": _fault("a value that is not finite", "INS505 PRG905"),
    # generalisation
    "regularisation_dominates": _fault("regularisation outweighs the loss", "REG204 REG202"),
    "no_regularisation": _fault("a large model fits few rows, unregularised", "REG203 REG201 FRZ802", "overfitting"),
    "too_many_epochs": _fault("far too many epochs on few rows", "REG203 REG201", "overfitting"),
    "random_labels": _fault("labels have nothing to do with the inputs", "OVF103 OVF106 OVF108 UNF302", "label_errors"),
}
