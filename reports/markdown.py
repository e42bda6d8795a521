"""A diagnosis as Markdown that is short enough for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from diagnose.finding import Diagnosis, Finding, Level, Measured, Remedy
from diagnose.reports import missing, read_data, samples, views
from diagnose.reports.documentation import Explain
from diagnose.reports.numbers import MISSING, limit, measured, number, percent
from diagnose.reports.ruled import (
    PROBLEM_TITLES,
    Ruled,
    accepted,
    evidence_line,
    failing_first,
    gate_word,
    headline,
    problem_code,
    ruled,
)
from diagnose.reports.wording import BASES, SEVERITIES, cause_title, clean, one_line, opening

NAME = "markdown"
SUFFIXES = (".md", ".markdown")
MAX_FINDINGS = 6
MAX_NOTES = 4
MAX_EVIDENCE = 4
"""Measured values of a finding."""
MAX_CODE = 2000
"""Characters of a remedy's code: three remedies, and the rest, stay below what hosts take."""
MAX_FAILING_RUNS = 10
MAX_FAILURES = 2
"""Findings and problems of each failing run that the summary of many runs holds."""
MAX_RUNS = 50
"""Rows of a summary table; hosts cut or refuse comments above 65,536 characters."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$@!&])")


def one(diagnosis: Diagnosis, explain: Explain) -> str:
    """Render for the registry; a comment has no room for documentation."""
    del explain
    return to_markdown(diagnosis)


def many(diagnoses: Sequence[Diagnosis], explain: Explain) -> str:
    """Render many runs for the registry."""
    del explain
    return many_markdown(diagnoses)


def to_markdown(diagnosis: Diagnosis) -> str:
    """Render the sentence, causes that are not ruled out, findings, top remedies and what is missing."""
    lines = [
        *_gate(diagnosis),
        f"### {_text(diagnosis.sentence, 300)}",
        "",
        f"Run {_text(diagnosis.run.name)}, {_text(views.extent(diagnosis))}.",
        "",
    ]
    crashed = views.broken(diagnosis)[:MAX_FINDINGS]
    lines += [f"> **Incomplete:** {_text(o.code)} crashed: {_text(o.why, 200)}\n" for o in crashed]
    lines += [*_causes(diagnosis), *_findings(diagnosis), *_remedies(diagnosis), *_requests(diagnosis)]
    lines += _data(diagnosis)
    return "\n".join(lines).rstrip() + "\n"


def _gate(diagnosis: Diagnosis) -> Iterator[str]:
    gate = diagnosis.gate
    if gate is None:
        return
    rows = ruled(diagnosis)
    yield f"### {_text(headline(gate), 300)}\n"
    yield from _failures(diagnosis, rows, MAX_FINDINGS)
    yield from (f"- {_text(line, 300)}" for line in accepted(rows))
    yield from (f"- {_text(note, 200)}" for note in gate.notes[:MAX_NOTES])
    if gate.reference:
        yield f"- Compared with {_text(gate.reference, 100)}"
    yield ""


def _failures(diagnosis: Diagnosis, rows: Sequence[Ruled], most: int) -> Iterator[str]:
    """List what fails: the claim, why it fails, and the first thing to do."""
    failing = [row for row in rows if row.fails]
    problems = diagnosis.gate.problems if diagnosis.gate is not None else ()
    for row in failing[:most]:
        why = f" *Why it fails:* {_text(row.why, 160)}." if row.why else ""
        todo = f" *What to do:* {_text(row.remedies[0], 160)}." if row.remedies else ""
        yield f"- **`{_code(row.finding.code)}`** {_text(opening(row.finding.claim), 240)}.{why}{todo}"
    for problem in problems[:most]:
        title = PROBLEM_TITLES.get(problem_code(problem.kind), "The gate failed")
        todo = f" *What to do:* {_text(problem.todo, 160)}." if problem.todo else ""
        yield f"- **{_text(title)}:** {_text(problem.claim, 240)}.{todo}"
    hidden = max(0, len(failing) - most) + max(0, len(problems) - most)
    if hidden:
        yield f"- and {hidden} more that fail"


def _causes(diagnosis: Diagnosis) -> Iterator[str]:
    rows = views.cause_rows(diagnosis)
    examined = [row for row in rows if row.level is not Level.NOT_EXAMINED]
    yield from ("| Cause | Verdict | Probability | Why |", "| --- | --- | ---: | --- |") if examined else ()
    for row in examined:
        name = f"**{row.title}**" if row.is_main else row.title
        level = f"{row.wording.symbol} {row.wording.word}"
        yield f"| {name} | {level} | {percent(row.probability)} | {_text(row.reason, 160)} |"
    lines = missing.not_examined(diagnosis)
    if lines:
        yield f"\n{'. '.join(lines)}."


def _findings(diagnosis: Diagnosis) -> Iterator[str]:
    findings = views.findings_by_weight(diagnosis)
    if not findings:
        return
    yield "\n**Findings**\n"
    for finding in findings[:MAX_FINDINGS]:
        word = SEVERITIES[finding.severity].word
        yield f"- `{_code(finding.code)}` {word}, {percent(finding.probability)}: {_text(finding.claim, 240)}"
        yield from _evidence(finding)
    if len(findings) > MAX_FINDINGS:
        yield f"- and {len(findings) - MAX_FINDINGS} more"


def _evidence(finding: Finding) -> Iterator[str]:
    shown = "; ".join(_text(evidence_line(value).replace("; limit:", ", limit"), 120) for value in _compact(finding))
    rest = f"; and {len(finding.evidence) - MAX_EVIDENCE} more" if len(finding.evidence) > MAX_EVIDENCE else ""
    if shown:
        yield f"  - {shown}{rest}"
    looked_at = samples.in_words(finding.figure)
    if looked_at:
        yield f"  - {_text(opening(looked_at), 400)}"


def _compact(finding: Finding) -> list[Measured]:
    """Choose a few values, those beside limits first: they decided."""
    return sorted(finding.evidence, key=lambda value: not limit(value))[:MAX_EVIDENCE]


def _remedies(diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.remedies:
        return
    yield "\n**What to do**\n"
    for rank, remedy in enumerate(diagnosis.remedies[: views.TOP_REMEDIES], 1):
        yield f"{rank}. **{_text(remedy.title, 160)}** – {_text(remedy.why, 240)}.{_expected(remedy)}"
        if remedy.code:
            yield "\n".join(f"   {line}" for line in _fenced(remedy))


def _fenced(remedy: Remedy) -> Iterator[str]:
    code = clean(remedy.code)
    if len(code) > MAX_CODE:
        code = f"{code[:MAX_CODE].rpartition(chr(10))[0] or code[:MAX_CODE]}\n# …"
    longest = max((len(ticks) for ticks in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}python" if remedy.framework else fence, *code.splitlines(), fence)


def _expected(remedy: Remedy) -> str:
    if remedy.effect is None:
        return ""
    return f" Expected: {_text(remedy.effect.name)} {_text(measured(remedy.effect))}, {BASES[remedy.basis]}."


def _requests(diagnosis: Diagnosis) -> Iterator[str]:
    wishes = missing.requests(diagnosis)
    if wishes:
        yield "\n**What would settle more**\n"
    for wish in wishes[: missing.MAX_WISHES]:
        yield f"- {_text(wish.what, 200)} ({', '.join(wish.causes).lower()})"


def _data(diagnosis: Diagnosis) -> Iterator[str]:
    view = read_data.of(diagnosis)
    if not view.splits:
        return
    yield "\n**The data**\n"
    yield from (
        f"- {_text(opening(name))}: {number(n)} rows of {_text(source, 100)}" for name, n, source in view.splits
    )
    yield from (f"- {_text(line, 300)}" for line in read_data.kinds_in_words(view))
    yield from (f"- {_text(note, 200)}" for note in view.notes[:MAX_NOTES])


def many_markdown(diagnoses: Sequence[Diagnosis]) -> str:
    """Render what fails, and a table of runs: those that fail first, then those that want attention."""
    ranked = failing_first(diagnoses)
    is_gated = any(d.gate is not None for d in ranked)
    healthy = sum(d.main == "healthy" for d in ranked)
    lines = [*_failing_runs(ranked)] if is_gated else []
    lines += [f"### {len(ranked)} runs, {healthy} healthy", ""]
    gate = (" Gate |", " --- |") if is_gated else ("", "")
    lines += [
        f"| | Run |{gate[0]} Main cause | Last | Best | In one sentence |",
        f"| ---: | --- |{gate[1]} --- | ---: | ---: | --- |",
    ]
    lines += [_run_row(rank, diagnosis, is_gated=is_gated) for rank, diagnosis in enumerate(ranked[:MAX_RUNS], 1)]
    if len(ranked) > MAX_RUNS:
        lines += ["", f"{len(ranked) - MAX_RUNS} more runs are not shown; the HTML and JSON reports hold all."]
    return "\n".join(lines) + "\n"


def _failing_runs(ranked: Sequence[Diagnosis]) -> Iterator[str]:
    failed = [d for d in ranked if d.gate is not None and not d.gate.passed]
    yield f"### Gate {f'failed: {len(failed)} of {len(ranked)} runs fail' if failed else 'passed'}\n"
    for diagnosis in failed[:MAX_FAILING_RUNS]:
        yield f"**{_text(diagnosis.run.name)}**\n"
        yield from _failures(diagnosis, ruled(diagnosis), MAX_FAILURES)
        yield ""
    if len(failed) > MAX_FAILING_RUNS:
        yield f"and {len(failed) - MAX_FAILING_RUNS} more runs that fail\n"


def _run_row(rank: int, diagnosis: Diagnosis, *, is_gated: bool) -> str:
    end = views.validation_loss(diagnosis)
    last, best = (number(end.last), number(end.best)) if end else (MISSING, MISSING)
    name, sentence = _text(diagnosis.run.name), _text(diagnosis.sentence, 160)
    gate = f" {gate_word(diagnosis)} |" if is_gated else ""
    return f"| {rank} | {name} |{gate} {_text(cause_title(diagnosis.main))} | {last} | {best} | {sentence} |"


def _text(text: str, limit: int = 60) -> str:
    """Escape what Markdown, its HTML or its mentions would act on."""
    return _SPECIAL.sub(r"\\\1", one_line(text, limit)).replace("://", ":\u200b//")


def _code(text: str) -> str:
    return one_line(text).replace("`", "'").replace("|", "/")
