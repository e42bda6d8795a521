from __future__ import annotations

import numpy as np
import pytest

from diagnose.finding import Cause
from diagnose.remedies.averaging import averaging
from remedy_cases import FALLING, TURNING, case

JUMPY = np.array(FALLING["val_loss"])
JUMPY[[9, 14, 21, 26]] += 1.5


def test_a_validation_that_jumps_alone_is_averaged() -> None:
    (average,) = averaging(case({"loss": FALLING["loss"], "val_loss": JUMPY}, codes=["INS502"], framework="torch"))
    assert average.remedy.action == {"weight_average_decay": 0.999}
    assert "get_ema_multi_avg_fn(0.999)" in average.remedy.code


@pytest.mark.parametrize(
    ("history", "codes", "context"),
    [
        ({"loss": JUMPY, "val_loss": JUMPY}, ["INS502"], {}),
        ({"loss": FALLING["loss"], "val_loss": JUMPY}, ["INS503"], {}),
        ({"loss": FALLING["loss"], "val_loss": JUMPY}, ["INS502"], {"framework": "xgboost"}),
        ({"loss": FALLING["loss"], "val_loss": JUMPY}, [], {}),
        ({"loss": FALLING["loss"]}, ["INS502"], {}),
    ],
)
def test_quiet(history: object, codes: list[str], context: dict[str, object]) -> None:
    assert list(averaging(case(history, codes=codes, **context))) == []


def test_quiet_for_other_causes() -> None:
    assert list(averaging(case(TURNING, [Cause.OVERFITTING]))) == []


def test_the_learning_rate_is_not_acquitted() -> None:
    (average,) = averaging(case({"loss": FALLING["loss"], "val_loss": JUMPY}, codes=["INS502"]))
    assert "learning rate" not in average.remedy.why
