"""A diagnosis as Markdown that is short enough for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from diagnose.finding import Diagnosis, Level, Remedy
from diagnose.reports import views
from diagnose.reports.documentation import Explain
from diagnose.reports.numbers import MISSING, measured, number, percent
from diagnose.reports.wording import BASES, SEVERITIES, cause_title, clean, one_line

NAME = "markdown"
SUFFIXES = (".md", ".markdown")
MAX_FINDINGS = 6
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
        f"### {_text(diagnosis.sentence, 300)}",
        "",
        f"Run {_text(diagnosis.run.name)}, {_text(views.extent(diagnosis))}.",
        "",
    ]
    lines += _gate(diagnosis)
    lines += [f"> **Incomplete:** {_text(o.code)} crashed: {_text(o.why, 200)}\n" for o in views.broken(diagnosis)]
    lines += [*_causes(diagnosis), *_findings(diagnosis), *_remedies(diagnosis), *_requests(diagnosis)]
    return "\n".join(lines).rstrip() + "\n"


def _gate(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.gate is None:
        return
    yield f"**{_text(diagnosis.gate.sentence, 300)}**\n"
    for finding, judged in diagnosis.judged()[:MAX_FINDINGS]:
        if judged is not None:
            reason = f" ({_text(judged.reason, 160)})" if judged.reason else ""
            yield f"- `{_code(finding.code)}` {judged.ruling.value}: {_text(judged.why, 240)}{reason}"
    for problem in diagnosis.gate.problems[:MAX_FINDINGS]:
        yield f"- {_text(problem.claim, 240)}: {_text(problem.todo, 160)}"
    yield ""


def _causes(diagnosis: Diagnosis) -> Iterator[str]:
    rows = views.cause_rows(diagnosis)
    examined = [row for row in rows if row.level is not Level.NOT_EXAMINED]
    yield from ("| Cause | Verdict | Probability | Why |", "| --- | --- | ---: | --- |") if examined else ()
    for row in examined:
        name = f"**{row.title}**" if row.is_main else row.title
        level = f"{row.wording.symbol} {row.wording.word}"
        yield f"| {name} | {level} | {percent(row.probability)} | {_text(row.reason, 160)} |"
    rest = [row.title.lower() for row in rows if row.level is Level.NOT_EXAMINED]
    if rest:
        yield f"\nNot examined: {', '.join(rest)}."


def _findings(diagnosis: Diagnosis) -> Iterator[str]:
    findings = views.findings_by_weight(diagnosis)
    if not findings:
        return
    yield "\n**Findings**\n"
    for finding in findings[:MAX_FINDINGS]:
        word = SEVERITIES[finding.severity].word
        yield f"- `{_code(finding.code)}` {word}, {percent(finding.probability)}: {_text(finding.claim, 240)}"
    if len(findings) > MAX_FINDINGS:
        yield f"- and {len(findings) - MAX_FINDINGS} more"


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
    longest = max((len(ticks) for ticks in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}python" if remedy.framework else fence, *code.splitlines(), fence)


def _expected(remedy: Remedy) -> str:
    if remedy.effect is None:
        return ""
    return f" Expected: {_text(remedy.effect.name)} {_text(measured(remedy.effect))}, {BASES[remedy.basis]}."


def _requests(diagnosis: Diagnosis) -> Iterator[str]:
    wishes = views.requests(diagnosis)
    if wishes:
        yield "\n**What would settle the rest**\n"
    for wish in wishes[: views.TOP_REMEDIES]:
        yield f"- {_text(wish.what, 200)} ({', '.join(wish.causes).lower()})"


def many_markdown(diagnoses: Sequence[Diagnosis]) -> str:
    """Render a table of runs, those that want attention first."""
    ranked = views.worst_first(diagnoses)
    healthy = sum(d.main == "healthy" for d in ranked)
    lines = [f"### {len(ranked)} runs, {healthy} healthy", ""]
    lines += ["| | Run | Main cause | Last | Best | In one sentence |", "| ---: | --- | --- | ---: | ---: | --- |"]
    lines += [_run_row(rank, diagnosis) for rank, diagnosis in enumerate(ranked[:MAX_RUNS], 1)]
    if len(ranked) > MAX_RUNS:
        lines += ["", f"{len(ranked) - MAX_RUNS} more runs are not shown; the HTML and JSON reports hold all."]
    return "\n".join(lines) + "\n"


def _run_row(rank: int, diagnosis: Diagnosis) -> str:
    end = views.validation_loss(diagnosis)
    last, best = (number(end.last), number(end.best)) if end else (MISSING, MISSING)
    name, sentence = _text(diagnosis.run.name), _text(diagnosis.sentence, 160)
    return f"| {rank} | {name} | {_text(cause_title(diagnosis.main))} | {last} | {best} | {sentence} |"


def _text(text: str, limit: int = 60) -> str:
    """Escape what Markdown, its HTML or its mentions would act on."""
    return _SPECIAL.sub(r"\\\1", one_line(text, limit)).replace("://", ":\u200b//")


def _code(text: str) -> str:
    return one_line(text).replace("`", "'").replace("|", "/")
