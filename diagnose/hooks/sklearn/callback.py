"""A callback for the estimators of scikit-learn that take one (1.9 and later): each iteration is seen as it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diagnose.hooks.sklearn.card import last_step

Seen = Callable[[Any, int], bool]


class Iterations:
    """Follows ``sklearn.callback.FitCallback``.

    Parameters
    ----------
    seen
        Gets an estimator as if training had ended with the iteration, and the iteration's number from 1; whether
        training is to end with it.
    """

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._number = 0

    def setup(self, estimator: Any, context: Any) -> None:
        """Called when training begins."""  # noqa: D401

    def teardown(self, estimator: Any, context: Any) -> None:
        """Called when training has ended."""  # noqa: D401

    def on_fit_task_begin(self, estimator: Any, context: Any, **_: Any) -> None:
        """Called before each iteration."""  # noqa: D401

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, fitted_estimator: Any = None, **_: Any  # noqa: ARG002
    ) -> bool:  # fmt: skip
        """Called after each iteration, and after the whole training, which is no iteration: it has parts."""  # noqa: D401
        if fitted_estimator is None or context.max_subtasks != 0:
            return False
        self._number += 1
        return self._seen(fitted_estimator, self._number)


def takes_callbacks(model: Any) -> bool:
    """Whether the estimator itself tells of its iterations; what a pipeline holds is not asked."""
    if last_step(model) is not model or not hasattr(model, "set_callbacks"):
        return False
    return getattr(model, "solver", "lbfgs") == "lbfgs"  # LogisticRegression's others tell nothing
