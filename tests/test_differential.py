"""From outcomes to verdicts, from verdicts to the main cause and the first sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.differential import FIRST_REPAIRED, SETTLES, differentiate, level_of, main_cause, sentence, weighed
from diagnose.finding import Cause, Finding, Level, Outcome, Severity, Status

OVF, EVA, LRN = Cause.OVERFITTING, Cause.EVALUATION, Cause.LEARNING_RATE

causes = st.sampled_from(list(Cause))
probabilities = st.floats(0, 1)
found = st.builds(
    Finding, st.just("TST101"), causes, st.sampled_from(list(Severity)), probabilities, st.sampled_from(["a", "b"])
)
ended = st.builds(
    Outcome, st.just("TST101"), causes, st.sampled_from(list(Status)), st.sampled_from(["", "because"]),
    st.none() | probabilities, st.sampled_from(["", "give it"]),
)  # fmt: skip


def finding(
    cause: Cause = OVF, probability: float = 0.95, severity: Severity = Severity.WARNING, claim: str = "it"
) -> Finding:
    return Finding("TST101", cause, severity, probability, claim)


def passed(cause: Cause = OVF, probability: float | None = 0.1, settle: str = "") -> Outcome:
    return Outcome("TST102", cause, Status.PASSED, "looked", probability, settle)


def skipped(cause: Cause = OVF, why: str = "no loss", settle: str = "log it") -> Outcome:
    return Outcome("TST103", cause, Status.SKIPPED, why, None, settle)


def of(findings: list[Finding] = [], outcomes: list[Outcome] = []):  # noqa: B006  never changed
    outcomes = [*outcomes, *(Outcome(f.code, f.cause, Status.FINDINGS, f.claim) for f in findings)]
    return differentiate(findings, outcomes)


@given(st.lists(found, max_size=6), st.lists(ended, max_size=8))
def test_every_cause_always_has_a_verdict(findings: list[Finding], outcomes: list[Outcome]) -> None:
    verdicts = of(findings, outcomes)
    assert list(verdicts) == list(Cause)
    for cause, verdict in verdicts.items():
        assert verdict.cause is cause
        assert (verdict.level is Level.NOT_EXAMINED) == (verdict.probability is None)
        if verdict.level is Level.NOT_EXAMINED:
            assert verdict.would_settle, f"{cause} was not examined and asks for nothing"
        if verdict.level in (Level.CONFIRMED, Level.RULED_OUT):
            assert not verdict.would_settle


@given(st.lists(found, max_size=6), st.lists(ended, max_size=8))
def test_the_sentence_never_fails_and_names_the_main_cause(findings: list[Finding], outcomes: list[Outcome]) -> None:
    verdicts = of(findings, outcomes)
    main = main_cause(verdicts, findings)
    said = sentence(main, verdicts, findings)
    assert said
    if main not in ("healthy", "cannot_tell"):
        assert Cause(main).words.capitalize() in said
        assert verdicts[Cause(main)].level in (Level.CONFIRMED, Level.LIKELY)


@given(st.lists(found, max_size=6), st.lists(ended, max_size=8), st.randoms())
def test_order_changes_no_level(findings: list[Finding], outcomes: list[Outcome], random) -> None:
    one = of(findings, outcomes)
    random.shuffle(findings)
    random.shuffle(outcomes)
    other = of(findings, outcomes)
    for cause, verdict in one.items():
        assert (other[cause].level, other[cause].probability) == (verdict.level, verdict.probability)


@pytest.mark.parametrize(
    ("probability", "level"),
    [(1.0, "confirmed"), (0.9, "confirmed"), (0.899, "likely"), (0.5, "likely"), (0.499, "unlikely"),
     (0.05, "unlikely"), (0.049, "ruled_out"), (0.0, "ruled_out")],
)  # fmt: skip
def test_levels(probability: float, level: str) -> None:
    assert level_of(probability).value == level


def test_the_strongest_voice_counts() -> None:
    verdict = of([finding(probability=0.6)], [passed(probability=0.2)])[OVF]
    assert (verdict.level, verdict.probability) == (Level.LIKELY, 0.6)
    assert verdict.reasons_for == ("it",)
    assert verdict.reasons_against == ("looked",)


def test_information_does_not_accuse() -> None:
    verdict = of([finding(severity=Severity.INFO)], [passed(probability=0.03)])[OVF]
    assert (verdict.level, verdict.reasons_for) == (Level.RULED_OUT, ())
    assert of([finding(severity=Severity.INFO)])[OVF].level is Level.NOT_EXAMINED


def test_not_examined_says_why_and_what_would_settle_it() -> None:
    verdict = of([], [skipped()])[OVF]
    assert verdict.level is Level.NOT_EXAMINED
    assert (verdict.reasons_against, verdict.would_settle) == (("no loss",), ("log it",))
    assert of()[Cause.LEAKAGE].would_settle == (SETTLES[Cause.LEAKAGE],)


def test_undecided_asks_for_what_the_analyzers_ask() -> None:
    verdict = of([], [passed(probability=0.3, settle="compare the data")])[OVF]
    assert verdict.would_settle == ("compare the data",)
    assert of([], [passed(probability=0.01, settle="compare the data")])[OVF].would_settle == ()


def test_broken_and_inapplicable_analyzers_say_nothing() -> None:
    ends = [Outcome("TST104", OVF, Status.BROKEN, "crashed"), Outcome("TST105", OVF, Status.NOT_APPLICABLE, "x")]
    assert of([], ends)[OVF].level is Level.NOT_EXAMINED


def test_every_cause_can_be_settled_and_repaired() -> None:
    assert set(SETTLES) == set(FIRST_REPAIRED) == set(Cause)
    assert len(FIRST_REPAIRED) == len(Cause)


def test_the_gravest_is_main_then_the_first_to_repair() -> None:
    error, warning = finding(LRN, 0.6, Severity.ERROR), finding(OVF, 0.99)
    assert main_cause(of([warning, error]), [warning, error]) == "learning_rate"
    assert main_cause(of([warning, finding(EVA, 0.6)]), [warning, finding(EVA, 0.6)]) == "evaluation"


def test_mere_information_is_not_main() -> None:
    told = finding(severity=Severity.INFO)
    assert main_cause(of([told], [passed()]), [told]) == "healthy"


def test_what_was_found_and_can_not_be_decided_is_not_called_healthy() -> None:
    doubtful = finding(probability=0.49)
    assert main_cause(of([doubtful], [passed()]), [doubtful]) == "cannot_tell"
    said = sentence("cannot_tell", of([doubtful]), [doubtful])
    assert said.startswith("Cannot tell from these curves: it.")


def test_healthy_needs_overfitting_examined() -> None:
    assert main_cause(of([], [passed(LRN)]), []) == "cannot_tell"
    assert main_cause(of([], [passed(OVF)]), []) == "healthy"


def test_sentences() -> None:
    verdicts = of([], [skipped()])
    assert sentence("cannot_tell", verdicts, []) == "Cannot tell from this log: no loss. To settle it, log it."
    assert "1 cause examined, 14 not" in sentence("healthy", of([], [passed()]), [])
    likely = finding(LRN, 0.6, claim="it oscillates")
    assert sentence("learning_rate", of([likely]), [likely]) == "Learning rate is likely (60%): it oscillates."
    sure = finding(LRN, 0.97, claim="it explodes")
    assert sentence("learning_rate", of([sure]), [sure]).startswith("Learning rate is confirmed (97%)")


# --- data ---

SHIFT = Cause.COVARIATE_SHIFT


def compared(probability: float = 0.04) -> Outcome:
    return Outcome("COV111", SHIFT, Status.PASSED, "no column differs", probability)


def test_data_without_a_fault_are_said_to_be_without_one() -> None:
    verdicts = of([], [compared(), skipped()])
    assert main_cause(verdicts, []) == "healthy"
    assert sentence("healthy", verdicts, [], is_without_log=True) == (
        "No fault found in these data; 1 cause examined, 14 not."
    )
    both = of([], [compared(), passed()])
    assert sentence("healthy", both, []).startswith("No fault found in these curves and data; 2 causes examined")


def test_data_that_were_not_compared_are_not_healthy() -> None:
    lacking = Outcome("COV111", SHIFT, Status.SKIPPED, "no validation data were given", None, "give them: --val DATA")
    verdicts = of([], [lacking, skipped()])
    assert main_cause(verdicts, []) == "cannot_tell"
    assert sentence("cannot_tell", verdicts, [], is_without_log=True) == (
        "Cannot tell from these data: no validation data were given. To settle it, give them: --val DATA."
    )
    # beside a log it is the log that says too little
    assert sentence("cannot_tell", verdicts, []) == "Cannot tell from this log: no loss. To settle it, log it."


def test_a_check_of_data_alone_does_not_make_curves_healthy() -> None:
    of_data = Outcome("OVF108", OVF, Status.PASSED, "the gap is shift", 0.1)
    assert main_cause(of([], [of_data]), []) == "cannot_tell"


def test_an_undecided_finding_in_data_is_told_as_such() -> None:
    doubtful = Finding("COV115", SHIFT, Severity.WARNING, 0.4, "the inputs may differ", settle="give more rows")
    said = sentence("cannot_tell", of([doubtful], [passed()]), [doubtful])
    assert said == "Cannot tell from these data: the inputs may differ. To settle it, give more rows."


def of_code(code: str, cause: Cause, probability: float = 0.95) -> Finding:
    return Finding(code, cause, Severity.WARNING, probability, code)


def passing(code: str, cause: Cause, probability: float) -> Outcome:
    return Outcome(code, cause, Status.PASSED, "measured", probability)


RISING = of_code("OVF101", OVF)
SHIFTED = of_code("COV111", Cause.COVARIATE_SHIFT)
COSTLY = of_code("COV118", Cause.COVARIATE_SHIFT)


def test_curves_that_say_overfitting_yield_to_a_gap_that_is_shift() -> None:
    fitting_is_small = [passing("OVF108", OVF, 0.04)]
    found = weighed([RISING, COSTLY], fitting_is_small)
    verdicts = of(list(found), fitting_is_small)
    assert verdicts[OVF].level is Level.UNLIKELY
    assert main_cause(verdicts, found) == "covariate_shift"
    assert "COV118" in next(f for f in found if f.code == "OVF101").claim


@pytest.mark.parametrize(
    ("findings", "outcomes"),
    [
        ([RISING, COSTLY], []),  # the model's outputs are not known
        ([RISING, COSTLY], [passing("OVF108", OVF, 0.3)]),  # fitting could not be told from shift
        ([RISING, of_code("COV118", Cause.COVARIATE_SHIFT, 0.8)], [passing("OVF108", OVF, 0.04)]),  # a stand-in's cost
        ([RISING, SHIFTED], [passing("OVF108", OVF, 0.04)]),  # detected, but who knows what it costs
        ([SHIFTED], [passing("COV118", Cause.COVARIATE_SHIFT, 0.3)]),  # too uncertain to judge
    ],
)
def test_nothing_yields_where_the_parts_are_not_known(findings: list[Finding], outcomes: list[Outcome]) -> None:
    assert sorted(weighed(findings, outcomes), key=lambda f: f.code) == sorted(findings, key=lambda f: f.code)


def test_a_shift_that_costs_nothing_is_information() -> None:
    harmless = [replace(passing("COV118", Cause.COVARIATE_SHIFT, 0.04), harmless="it costs 0.1 points")]
    found = weighed([RISING, SHIFTED], harmless)
    verdicts = of(list(found), harmless)
    assert verdicts[Cause.COVARIATE_SHIFT].level is Level.RULED_OUT
    assert main_cause(verdicts, found) == "overfitting"


def test_a_harmless_shift_is_said_to_be_detectable_and_what_it_costs() -> None:
    why, cost = "AUC 0.52; judged harmless", "what it costs the model is 0.2 points (-0.3 to 0.7), below 3 points"
    outcomes = [Outcome("COV118", SHIFT, Status.PASSED, why, 0.04, harmless=cost), passing("COV112", SHIFT, 0.1)]
    (found,) = weighed([SHIFTED], outcomes)
    assert found.severity is Severity.INFO
    assert found.claim == f"detectable, judged harmless: {cost}; COV111"
    assert found.harmless == cost
    verdicts = of([found], outcomes)
    assert verdicts[SHIFT].reasons_against[0] == found.claim
    assert "detectable, judged harmless" in sentence("healthy", verdicts, [found])
    quiet = of([], outcomes)
    assert "detectable" not in sentence("healthy", quiet, [])
    assert quiet[SHIFT].reasons_against == (why, "measured")


@pytest.mark.parametrize("order", [1, -1])
def test_of_equally_probable_findings_the_one_that_says_the_cost_speaks(order: int) -> None:
    found = weighed([SHIFTED, COSTLY][::order], [])
    verdicts = of(list(found), [])
    assert [f.code for f in found] == ["COV118", "COV111"]
    assert sentence("covariate_shift", verdicts, found).endswith(": COV118.")
    # a surer one speaks first all the same
    surer = weighed([of_code("COV111", SHIFT, 0.97), COSTLY], [])
    assert [f.code for f in surer] == ["COV111", "COV118"]


def coded(code: str, cause: Cause, probability: float, severity: Severity = Severity.ERROR) -> Finding:
    return replace(finding(cause, probability, severity), code=code)


def test_a_symptom_stands_behind_the_fault_that_explains_it() -> None:
    poor, rate = coded("UNF301", Cause.UNDERFITTING, 0.85), coded("LRN605", Cause.LEARNING_RATE, 0.7)
    assert [f.code for f in weighed([poor, rate], [])] == ["LRN605", "UNF301"]
    assert [f.probability for f in weighed([poor, rate], [])] == [0.7, pytest.approx(0.69)]


def test_a_run_that_diverged_stands_behind_the_fault_of_the_program() -> None:
    lost, loss = coded("INS501", Cause.INSTABILITY, 0.97), coded("PRG902", Cause.TRAINING_PROGRAM, 0.97)
    assert [f.code for f in weighed([lost, loss], [])] == ["PRG902", "INS501"]
    assert [f.code for f in weighed([lost, coded("PRG905", Cause.TRAINING_PROGRAM, 0.6)], [])] == ["INS501", "PRG905"]


@pytest.mark.parametrize(("probability", "severity"), [(0.4, Severity.ERROR), (0.9, Severity.INFO)])
def test_a_symptom_yields_to_no_doubtful_fault(probability: float, severity: Severity) -> None:
    poor, rate = coded("UNF301", Cause.UNDERFITTING, 0.85), coded("LRN605", LRN, probability, severity)
    assert poor in weighed([poor, rate], [])
