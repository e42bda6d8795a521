"""The data: more of it, compared across the splits, searched for duplicates and wrong labels, reweighted."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Basis, Cause, Level, Remedy
from diagnose.remedies.case import Case
from diagnose.remedies.collection import regions
from diagnose.remedies.proposal import (
    MORE_OF_THE_SAME,
    MORE_REGULARISED,
    TOWARDS_VALIDATION,
    Axis,
    Direction,
    Effort,
    Proposal,
)
from diagnose.remedies.symptoms import MEMORISED, UNDECIDED_GAPS
from diagnose.remedies.wording import counted, snippet

AUGMENTATION = "Shorten & Khoshgoftaar (2019), A survey on image data augmentation, J. Big Data 6:60"
SHIFTS = (Cause.COVARIATE_SHIFT, Cause.LABEL_SHIFT, Cause.CONCEPT_SHIFT)
IMAGE_FRAMEWORKS = frozenset({"ultralytics"})

AUGMENT = {
    "keras": """\
augment = keras.Sequential([
    keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.05), keras.layers.RandomZoom(0.1)
])
train_data = train_data.map(lambda x, y: (augment(x, training=True), y))""",
    "torch": """\
augment = torchvision.transforms.v2.Compose([
    torchvision.transforms.v2.RandomResizedCrop(224, scale=(0.5, 1.0)),
    torchvision.transforms.v2.RandomHorizontalFlip(),
])
train_data.transform = augment  # images only, and the training split only""",
    "ultralytics": "model.train(data=data, mixup=0.1, copy_paste=0.1, degrees=5.0, scale=0.7)",
}
COMPARE = {
    "generic": """\
domain = np.r_[np.zeros(len(x_train)), np.ones(len(x_val))]
auc = sklearn.model_selection.cross_val_score(
    sklearn.ensemble.HistGradientBoostingClassifier(), np.r_[x_train, x_val], domain,
    scoring="roc_auc", cv=sklearn.model_selection.StratifiedKFold(5, shuffle=True, random_state=0),
)  # 0.5: one distribution; well above: a shift""",
}
SAME_PATH = {
    "keras": "print(model.evaluate(x_train[:1000], y_train[:1000]))  # prepared exactly as the validation data are",
    "torch": """\
model.eval()
print(evaluate(model, train_rows_as_validation_loader))  # training rows, validation transforms and collation""",
    "lightning": "trainer.validate(model, dataloaders=train_rows_as_validation_loader)",
    "transformers": "print(trainer.evaluate(train_dataset.select(range(1000))))",
    "sklearn": "print(model.score(x_train[:1000], y_train[:1000]))  # prepared exactly as the validation data are",
}
DUPLICATES = {
    "generic": """\
seen = {row.tobytes() for row in np.ascontiguousarray(x_train)}
repeated = [index for index, row in enumerate(np.ascontiguousarray(x_val)) if row.tobytes() in seen]
print(len(repeated), "validation rows stand in the training data:", repeated[:10])""",
}
SUSPECTS = {
    "generic": """\
probabilities = sklearn.model_selection.cross_val_predict(
    sklearn.ensemble.HistGradientBoostingClassifier(), x_train, y_train, cv=5, method="predict_proba"
)
classes, index = np.unique(y_train, return_inverse=True)
suspects = np.argsort(probabilities[np.arange(len(index)), index])[:100]  # the least believed labels: look at them""",
}
REWEIGHT = {
    "generic": """\
classes, counts = np.unique(y_train, return_counts=True)
expected = np.array([np.mean(y_val == label) for label in classes])
weights = dict(zip(classes.tolist(), expected / (counts / counts.sum())))  # class_weight of the training loss""",
}


def data(case: Case) -> Iterator[Proposal]:
    """Propose what the verdicts on the data, and on overfitting, call for."""
    if case.acts_on(Cause.OVERFITTING):
        doubted = case.shows(MEMORISED) or (case.never_improved and not case.is_overconfident)
        if doubted and not _were_examined(case, Cause.LABEL_ERRORS):
            yield _review_labels(case, (Cause.OVERFITTING,))
        yield from _more_data(case)
    undecided = case.main == "cannot_tell" and case.mentions(*UNDECIDED_GAPS) is not None
    if undecided or _shift_is_open(case):
        yield _compare(case)
    if undecided and not case.is_boosted:
        yield _same_path(case)
    yield from _faults(case)


def _were_examined(case: Case, cause: Cause) -> bool:
    """Whether the rows were at hand and a cause of theirs was judged by them, so that nothing has to be looked for."""
    return case.data_are_at_hand and case.verdicts[cause].level is not Level.NOT_EXAMINED


def _shift_is_open(case: Case) -> bool:
    """Whether a gap may as well be a shift: neither confirmed as overfitting nor compared in the data."""
    compared = [case.verdicts[c].level is not Level.NOT_EXAMINED for c in SHIFTS if c in case.verdicts]
    undecided = case.acts_on(Cause.OVERFITTING) and (
        case.verdicts[Cause.OVERFITTING].level is not Level.CONFIRMED or not case.turned or case.never_improved
    )
    return undecided and not any(compared) and (case.never_improved or not case.is_overconfident)


def _more_data(case: Case) -> Iterator[Proposal]:
    n_train, augmented = case.context.n_train, case.context.augmentation
    images = case.framework in IMAGE_FRAMEWORKS or "image" in (case.context.task or "").lower()
    now = "" if n_train is None else f" ({counted(n_train)} now)"
    if images and augmented is not True:
        yield _proposal(
            case,
            "augmentation",
            {"augmentation": True},
            "Augment the training images: flips, crops, small rotations, mixing",
            f"the model has learnt its {'' if n_train is None else counted(n_train) + ' '}training images by heart; "
            "changed copies can't be",
            (Cause.OVERFITTING,),
            AUGMENTATION,
            snippet(AUGMENT, case.dialect),
            "one more run, 10 to 30 % longer",
            Effort.RUN,
            regularises=True,
        )
        return
    if case.acts_on(Cause.COVARIATE_SHIFT) or case.acts_on(Cause.CONCEPT_SHIFT):
        return  # more rows like those of training are the wrong ones
    yield _proposal(
        case,
        "n_train",
        {"n_train_factor": 2},
        f"Twice as many training samples{now}, collected or augmented",
        "nothing else narrows a gap at no cost to the fit; training once on half of the samples shows whether their "
        "number matters",
        (Cause.OVERFITTING,),
        "Viering & Loog (2021), The Shape of Learning Curves, arXiv 2103.10948",
        "",
        "collecting or augmenting; the test with half of the data costs half a run",
        Effort.WORK,
        moves=MORE_OF_THE_SAME,
    )


def _compare(case: Case) -> Proposal:
    return _proposal(
        case,
        "compare",
        {"compare": ["train", "val"]},
        "Compare the training data with the validation data",
        "curves can't tell overfitting from validation data of another distribution, and the remedies differ",
        (Cause.OVERFITTING,),
        "Lopez-Paz & Oquab (2017), Revisiting Classifier Two-Sample Tests, arXiv 1610.06545",
        snippet(COMPARE, "generic"),
        "minutes, no training",
        Effort.LOOK,
    )


def _same_path(case: Case) -> Proposal:
    return _proposal(
        case,
        "same_path",
        {"evaluate": "train", "through": "val"},
        "Evaluate some training rows through the validation path",
        "a gap that stays on rows the model was trained on is a fault of that path: its preprocessing, its label "
        "order, or dropout and batch normalisation left in training mode",
        (Cause.OVERFITTING,),
        "Breck et al. (2017), The ML Test Score: training and serving features compute the same values",
        snippet(SAME_PATH, case.dialect),
        "minutes, no training",
        Effort.LOOK,
    )


def _review_labels(case: Case, causes: tuple[Cause, ...]) -> Proposal:
    return _proposal(
        case,
        "labels",
        {"review_labels": "train"},
        "Look at the labels that out-of-fold predictions believe least",
        "wrong labels can be learnt by heart, but not generalised from",
        causes,
        "Northcutt, Jiang & Chuang (2021), Confident Learning, arXiv 1911.00068",
        snippet(SUSPECTS, "generic"),
        "an hour of looking",
        Effort.LOOK,
    )


def _faults(case: Case) -> Iterator[Proposal]:
    at_hand = case.data_are_at_hand
    if case.acts_on(Cause.LEAKAGE) and not at_hand:
        yield _proposal(
            case,
            "leakage",
            {"remove_duplicates": ["train", "val"]},
            "Look for validation rows that stand in the training data",
            "a validation score that is too good is most often a split that leaks",
            (Cause.LEAKAGE,),
            "Kapoor & Narayanan (2023), Leakage and the reproducibility crisis, Patterns 4(9)",
            snippet(DUPLICATES, "generic"),
            "minutes; the honest score will be lower",
            Effort.LOOK,
        )
    if case.acts_on(Cause.LABEL_ERRORS) and not at_hand:
        yield _review_labels(case, (Cause.LABEL_ERRORS,))
    if case.acts_on(Cause.LABEL_SHIFT) and not at_hand:
        yield _proposal(
            case,
            "class_weights",
            {"class_weights": "validation shares"},
            "Weight the classes by their shares in validation",
            "the classes come in other proportions than in training",
            (Cause.LABEL_SHIFT,),
            "Lipton, Wang & Smola (2018), Detecting and Correcting for Label Shift, arXiv 1802.03916",
            snippet(REWEIGHT, "generic"),
            "one more run",
            Effort.RUN,
        )
    for cause, what in (
        (Cause.COVARIATE_SHIFT, "inputs like those of validation"),
        (Cause.CONCEPT_SHIFT, "labels from where validation comes from"),
    ):
        # faults of preparation come first, and where rows are at hand the regions are known
        if not case.acts_on(cause) or case.is_prepared_otherwise:
            continue
        if cause is Cause.CONCEPT_SHIFT or not regions(case):
            yield _proposal(
                case,
                f"collect_{cause}",
                {"collect": what},
                f"Add {what} to the training data",
                "training saw another distribution: no setting makes up for samples that it lacks",
                (cause,),
                "Quiñonero-Candela et al. (2009), Dataset Shift in Machine Learning, ch. 1",
                "",
                "collecting and labelling",
                Effort.WORK,
                moves=TOWARDS_VALIDATION,
            )


def _proposal(  # noqa: PLR0913, PLR0917  what the remedies on data differ in
    case: Case,
    key: str,
    action: dict[str, object],
    title: str,
    why: str,
    causes: tuple[Cause, ...],
    source: str,
    code: str,
    cost: str,
    effort: Effort,
    *,
    regularises: bool = False,
    moves: tuple[tuple[Axis, Direction], ...] = (),
) -> Proposal:
    remedy = Remedy(
        action,
        title,
        why,
        causes,
        Basis.RULE_OF_THUMB,
        source=source,
        code=code,
        framework=(case.framework or "python") if code else "",
        cost=cost,
    )
    return Proposal(remedy, key, MORE_REGULARISED if regularises else moves, effort)
