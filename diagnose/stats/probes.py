"""Stand-ins for a regression function: scikit-learn models chosen by held-out risk, and predictions out of fold.

All arrays are plain; targets are numbers, shape ``(n,)`` or ``(n, k)``, and what is learnt of them is their mean given
the inputs. Classes are learnt as indicator columns by classifiers, so that the means are probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FOLDS = 5
"""The usual number: four fifths of the rows learn."""
BOOSTED_CLASSES = 3
"""Boosting grows a set of trees a class: of ten classes, extremely randomised trees took a fifth of its time."""
CHOICE_ROWS = 4000
"""Rows on which the kind of model is chosen: more cost time and change no choice."""


Fitted = Callable[[Floats], Floats]
"""Given inputs, the mean of the target, shape ``(n, k)``."""
Learner = Callable[[Floats, Floats, int], Fitted]
"""Given inputs ``(n, d)``, targets ``(n, k)`` and a seed, what it learnt."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The learner of the lowest held-out risk.

    Attributes
    ----------
    name
        ``"constant"``, ``"linear"``, ``"quadratic"`` or ``"trees"``.
    learner
        It.
    risk, constant_risk
        Its mean squared error on rows it did not see, and that of the constant: both summed over the targets.
    """

    name: str
    learner: Learner
    risk: float
    constant_risk: float


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numerical libraries to one thread: small fits are many times slower where threads wait for a busy core."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    with threadpool_limits(limits=1):
        yield


def indicators(codes: npt.NDArray[Any], k: int) -> Floats:
    """Return one column a class, shape ``(n, k)``.

    Examples
    --------
    >>> indicators(np.array([0, 2]), 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    return np.asarray(np.arange(k) == np.asarray(codes)[:, None], dtype=np.float64)


def folds_of(n: int, seed: int, groups: npt.NDArray[Any] | None = None, k: int = FOLDS) -> Ints:
    """Return each row's fold, shape ``(n,)``: shuffled; rows of a group stay together.

    Examples
    --------
    >>> np.bincount(folds_of(10, 0)).tolist()
    [2, 2, 2, 2, 2]
    """
    rng = np.random.default_rng(seed)
    if groups is None:
        return np.asarray(rng.permutation(n) % k, dtype=np.int64)
    _, of = np.unique(groups, return_inverse=True)
    count = int(of.max()) + 1 if n else 0
    return np.asarray((rng.permutation(count) % k)[of], dtype=np.int64)


def choose(x: Floats, y: Floats, *, classes: bool, seed: int, curved: bool = False) -> Chosen:
    """Return the learner whose squared error is lowest on rows that it did not see.

    ``curved`` tries a logistic regression on squares and products too: which of two samples a row is of depends on
    them where spreads or correlations changed (the log of a ratio of normal densities is quadratic).

    A simpler one is kept unless the error of a richer one is lower by more than the standard error of the difference:
    a model of nothing but noise would do harm.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))[:CHOICE_ROWS]
    fold = np.arange(len(order)) % 3
    errors = {}
    candidates = _candidates(classes, y.shape[1], curved)
    for name, learner in candidates.items():
        error = np.zeros(len(order))
        for i in range(3):
            fit, held = order[fold != i], order[fold == i]
            error[fold == i] = ((y[held] - learner(x[fit], y[fit], seed)(x[held])) ** 2).sum(1)
        errors[name] = error
    best = "constant"
    for name, error in errors.items():
        saved = errors[best] - error
        if saved.mean() > saved.std() / np.sqrt(len(saved)):
            best = name
    return Chosen(best, candidates[best], float(errors[best].mean()), float(errors["constant"].mean()))


def out_of_fold(  # noqa: PLR0913  what is learnt, from what, for whom
    learner: Learner, x: Floats, y: Floats, folds: Ints, others: Sequence[Floats] = (), *, seed: int
) -> tuple[Floats, list[Floats]]:
    """Return predictions of rows by models that did not see them, and those of other rows, each by one of the models.

    The mean of several models errs less than each of them does: other rows would pass for better understood than these.

    Parameters
    ----------
    learner
        What is fitted, once for every fold left out.
    x, y, folds
        Shapes ``(n, d)``, ``(n, k)`` and ``(n,)``.
    others
        Inputs of rows that none of them saw.
    """
    own = np.zeros_like(y)
    elsewhere = [np.zeros((len(other), y.shape[1])) for other in others]
    kinds = np.unique(folds)
    asked = [folds_of(len(other), seed, k=len(kinds)) for other in others]
    for at, i in enumerate(kinds):
        fit = learner(x[folds != i], y[folds != i], seed)
        own[folds == i] = fit(x[folds == i])
        for said, rows, other in zip(elsewhere, asked, others, strict=True):
            if (rows == at).any():
                said[rows == at] = fit(other[rows == at])
    return own, elsewhere


def _candidates(classes: bool, k: int, curved: bool) -> dict[str, Learner]:
    if not classes:
        of_numbers = _regression_trees if k <= BOOSTED_CLASSES else _random_trees
        return {"constant": _constant, "linear": linear_numbers, "trees": of_numbers}
    trees = _boosted if k <= BOOSTED_CLASSES else _random_trees
    between: dict[str, Learner] = {"quadratic": _quadratic_classes} if curved else {}
    return {"constant": _constant, "linear": linear_classes, **between, "trees": trees}


def _constant(x: Floats, y: Floats, seed: int) -> Fitted:  # noqa: ARG001  a learner
    mean = y.mean(0)
    return lambda rows: np.broadcast_to(mean, (len(rows), len(mean))).copy()


def linear_numbers(x: Floats, y: Floats, seed: int) -> Fitted:  # noqa: ARG001  a learner
    """Learn by ridge regression."""
    from sklearn.linear_model import RidgeCV  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    model = make_pipeline(StandardScaler(), RidgeCV((0.1, 1.0, 10.0, 100.0, 1000.0))).fit(x, y)
    return lambda rows: np.asarray(model.predict(rows), dtype=np.float64).reshape(len(rows), -1)


def _regression_trees(x: Floats, y: Floats, seed: int) -> Fitted:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

    models = [HistGradientBoostingRegressor(**BOOSTING, random_state=seed).fit(x, column) for column in y.T]
    return lambda rows: np.column_stack([model.predict(rows) for model in models])


BOOSTING = {"max_iter": 80, "max_leaf_nodes": 8, "min_samples_leaf": 20, "early_stopping": False}
"""Few shallow trees of leaves of twenty rows: hundreds of rows are the usual case here, and a probe that memorises is
no probe."""


def _of_classes(model: Any, k: int, present: Ints) -> Fitted:
    def probabilities(rows: Floats) -> Floats:
        found = np.zeros((len(rows), k))
        found[:, present] = model.predict_proba(rows)
        return found

    return probabilities


def linear_classes(x: Floats, y: Floats, seed: int) -> Fitted:
    """Learn by logistic regression."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    codes = y.argmax(1)
    present = np.unique(codes)
    if len(present) == 1:
        return _constant(x, y, seed)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, tol=1e-3, max_iter=1000)).fit(x, codes)
    return _of_classes(model, y.shape[1], present)


MOST_PRODUCTS = 12
"""Columns whose products are learnt as well as their squares: 66 of them, so that hundreds of rows suffice."""


def _quadratic_classes(x: Floats, y: Floats, seed: int) -> Fitted:
    """Learn by logistic regression on the standardised columns, their squares and, of few columns, their products."""
    mean, scale = x.mean(0), np.maximum(x.std(0), 1e-12)
    one, other = np.triu_indices(x.shape[1])
    if x.shape[1] > MOST_PRODUCTS:
        one = other = np.arange(x.shape[1])

    def widened(rows: Floats) -> Floats:
        z = np.clip((rows - mean) / scale, -WINSOR, WINSOR)
        return np.column_stack([z, z[:, one] * z[:, other]])

    fit = linear_classes(widened(x), y, seed)
    return lambda rows: fit(widened(rows))


WINSOR = 3.0
"""Standard deviations beyond which a column counts as this many: squares of outliers outweigh all else."""


def _boosted(x: Floats, y: Floats, seed: int) -> Fitted:
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415

    codes = y.argmax(1)
    present = np.unique(codes)
    if len(present) == 1:
        return _constant(x, y, seed)
    return _of_classes(HistGradientBoostingClassifier(**BOOSTING, random_state=seed).fit(x, codes), y.shape[1], present)


def _random_trees(x: Floats, y: Floats, seed: int) -> Fitted:
    from sklearn.ensemble import ExtraTreesRegressor  # noqa: PLC0415

    model = ExtraTreesRegressor(100, min_samples_leaf=3, max_features=0.5, random_state=seed).fit(x, y)
    return lambda rows: np.asarray(model.predict(rows), dtype=np.float64).reshape(len(rows), -1)


MOST_COLUMNS = 50
"""Inputs that are learnt from; more are projected onto that many directions of greatest variance."""


def reduced(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return both matrices of inputs, or their principal components where columns are many.

    Shapes are ``(n, d)`` and ``(m, d)``; at most `MOST_COLUMNS` columns return.
    """
    if first.shape[1] <= MOST_COLUMNS:
        return first, second
    both = np.concatenate([first, second])
    both = both - both.mean(0)
    both /= np.maximum(both.std(0), 1e-12)
    _, directions = np.linalg.eigh(both.T @ both)
    kept = both @ directions[:, -MOST_COLUMNS:]
    return kept[: len(first)], kept[len(first) :]
