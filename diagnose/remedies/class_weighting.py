"""Classes get the weights that bring training's shares to validation's; rows of classes unseen are added."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.measurements import SPLITS
from diagnose.measures.class_counts import ClassCounts, listed
from diagnose.remedies.case import Case
from diagnose.remedies.proposal import TOWARDS_VALIDATION, Axis, Direction, Effort, Proposal
from diagnose.remedies.symptoms import LABEL_SHARES, UNSEEN_CLASSES
from diagnose.remedies.wording import Verbatim, counted, snippet

LIPTON = "Lipton, Wang & Smola (2018), Detecting and Correcting for Label Shift, arXiv 1802.03916"
XIAN = "Xian et al. (2019), Zero-Shot Learning — A Comprehensive Evaluation of the Good, the Bad and the Ugly"
NAMED = 30
LEARNT = 50
"""Rows of a class from which something is learnt of it with pretrained features; a rule of thumb, not a law."""

WEIGH = {
    "generic": """\
weights = $weights  # validation share by training share
model.fit(x_train, y_train, sample_weight=np.array([weights[str(label)] for label in y_train]))""",
    "keras": """\
weights = $weights  # validation share by training share; keys are the labels as the data spell them
model.fit(x_train, y_train, sample_weight=np.array([weights[str(label)] for label in y_train]))""",
    "torch": """\
weights = $weights  # validation share by training share
criterion = torch.nn.CrossEntropyLoss(weight=torch.tensor([weights[name] for name in class_names]))""",
}


def class_weighting(case: Case) -> Iterator[Proposal]:
    """Propose weights for classes that both sides have, and rows for those that training lacks."""
    counted_: tuple[ClassCounts, ...] = case.measure("class_counts") or ()
    if not counted_ or not case.acts_on(Cause.LABEL_SHIFT):
        return
    if case.shows(UNSEEN_CLASSES):
        lacking = next((c for c in counted_ if np.any((c.train == 0) & (c.held > 0))), None)
        if lacking is not None:
            yield _add(lacking)
    if case.shows(LABEL_SHARES):
        yield from _weigh(case, counted_[0])


def _weigh(case: Case, counts: ClassCounts) -> Iterator[Proposal]:
    there = counts.train > 0
    if not (counts.held[there].sum() and there.sum() > 1):
        return
    train = counts.train[there] / counts.train[there].sum()
    held = counts.held[there] / counts.held[there].sum()
    ratio = held / train
    effective = float(1 / (train * ratio**2).sum())
    names = [counts.levels[code] for code in np.flatnonzero(there).tolist()]
    weights = {name: round(float(w), 4) for name, w in zip(names, ratio, strict=True)}
    most = int(np.argmax(np.abs(held - train)))
    words = SPLITS[counts.split]
    shown = dict(list(weights.items())[:NAMED])
    dialect = case.dialect if case.dialect in WEIGH else "generic"
    rows = int(counts.train.sum())
    remedy = Remedy(
        {"class_weights": weights if len(weights) <= 1000 else "validation shares"},
        f"Weight the classes by their shares in {words}",
        f"{names[most]!r} is {train[most]:.0%} of the training and {held[most]:.0%} of the {words} rows; weighted, "
        f"{counted(rows)} training rows count as {counted(round(effective * rows))}",
        (Cause.LABEL_SHIFT,),
        Basis.ESTIMATED,
        source=LIPTON,
        code=snippet(WEIGH, dialect, weights=Verbatim(repr(shown))) if len(weights) <= NAMED else "",
        framework=case.framework or "python",
        effect=Measured("share of the training rows that count, weighted (Kish)", effective, "share"),
        cost=f"one more run; right where the model will meet the classes as often as {words} does, else split again, "
        "stratified",
    )
    yield Proposal(remedy, "class_weights", ((Axis.SPLIT, Direction.LESS),), Effort.RUN)


def _add(counts: ClassCounts) -> Proposal:
    new = np.flatnonzero((counts.train == 0) & (counts.held > 0))
    new = new[np.argsort(-counts.held[new], kind="stable")]
    names = [counts.levels[code] for code in new.tolist()]
    share = float(counts.held[new].sum() / counts.held.sum())
    words = SPLITS[counts.split]
    remedy = Remedy(
        {"collect": {"classes": names[:100], "rows_each": LEARNT}},
        f"Add training rows of {listed(names)}: {LEARNT} of each at least",
        f"{share:.1%} of the {words} rows are of classes that training never saw; no setting makes a model name them",
        (Cause.LABEL_SHIFT,),
        Basis.ESTIMATED,
        source=XIAN,
        effect=Measured("accuracy that can't be exceeded without them", 1 - share, "share"),
        cost="collecting and labelling; or leave these classes out, and say so",
    )
    return Proposal(remedy, "unseen_classes", TOWARDS_VALIDATION, Effort.WORK, comes_first=True)
