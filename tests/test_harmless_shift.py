"""A census of a later year: of many rows a shift is detected, and what it costs a model is judged."""

from __future__ import annotations

import numpy as np
import pytest

import diagnose
from diagnose.finding import Diagnosis, Severity
from diagnose.reports import render


def year(n: int, seed: int, *, older: float, hours: float) -> dict[str, np.ndarray]:
    """Draw people of one year, of whom a model knows exactly how likely they are employed."""
    rng = np.random.default_rng(seed)
    age, worked = rng.normal(45 + older, 18, n), rng.normal(38 + hours, 9, n)
    school = rng.choice(["none", "school", "college"], n, p=[0.2, 0.5, 0.3])
    says = 1 / (1 + np.exp(0.4 - 0.08 * (worked - 38) - (school == "college")))
    employed = np.where(rng.random(n) < says, "yes", "no")
    return {"age": age, "hours": worked, "school": school, "employed": employed, "says": says}


def audited(*, older: float, hours: float) -> Diagnosis:
    train, val = year(8000, 1, older=0, hours=0), year(8000, 2, older=older, hours=hours)
    return diagnose.audit(train=train, val=val, data={"label": "employed", "prediction": "says"})


@pytest.fixture(scope="module")
def harmless() -> Diagnosis:
    """Two years later all are two years older, which says nothing of their employment."""
    return audited(older=2, hours=0)


def test_a_harmless_shift_is_detectable_and_judged_so(harmless: Diagnosis) -> None:
    shifted = next(f for f in harmless.findings if f.code == "COV111")
    assert "median age" in shifted.claim
    assert "detectable, judged harmless: what it costs the model is" in shifted.claim
    assert shifted.severity is Severity.INFO
    assert harmless.main == "healthy"
    assert "detectable, judged harmless" in harmless.sentence
    assert harmless.verdicts["covariate_shift"].level in {"unlikely", "ruled_out"}
    assert not harmless.remedies or all("covariate_shift" not in r.causes for r in harmless.remedies)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_the_table_of_causes_says_so(harmless: Diagnosis, form: str) -> None:
    page = " ".join(render(harmless, form).split())
    at = page.index("Covariate shift")
    assert "detectable, judged harmless: what it costs the model is" in page[at:].replace("<bdi>", "")


def test_a_year_like_the_other_is_not_called_shifted() -> None:
    made = audited(older=0, hours=0)
    assert made.main == "healthy"
    assert "detectable" not in made.sentence


@pytest.mark.parametrize("labels", [True, False])
def test_one_split_says_nothing_of_another(labels: bool) -> None:
    """Validation is like training; test rows are shifted in what tells nothing, which only their labels can show."""
    rng = np.random.default_rng(0)

    def rows(n: int, moved: float = 0.0) -> dict[str, np.ndarray]:
        x = rng.normal(size=(n, 3))
        y = np.where(x[:, 0] + rng.logistic(size=n) > 0, "ill", "well")
        x[:, 1] += moved
        return {"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y}

    test = rows(600, 0.5)
    if not labels:
        del test["y"]
    found = diagnose.audit(train=rows(1000), val=rows(600), test=test, data={"label": "y"})
    shifted = next(f for f in found.findings if f.code == "COV111")
    assert "test data" in shifted.claim
    assert bool(shifted.harmless) == labels
    assert found.main == ("healthy" if labels else "covariate_shift")
