"""Scores of the suite: what was detected, what was named right, what was a false alarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnose.measures.chance import wilson
from programs.catalogue import Program

__all__ = ["Result", "rates", "shown"]


@dataclass(frozen=True)
class Result:
    """One programme with what was found in it."""

    program: Program
    line: Mapping[str, Any]

    @property
    def alarms(self) -> list[Mapping[str, Any]]:
        """Findings that say that something is wrong: no remarks, and more likely true than not; in their order."""
        found: Sequence[Mapping[str, Any]] = self.line.get("findings", ())
        return [f for f in found if f["severity"] in {"warning", "error"} and f["probability"] >= 0.5]

    @property
    def remarks(self) -> list[str]:
        """Codes of the remarks."""
        return [f["code"] for f in self.line.get("findings", ()) if f["severity"] == "info"]

    @property
    def named(self) -> bool:
        """Whether one of the first two alarms names the fault."""
        return any(f["code"] in self.program.accepts or f["cause"] in self.program.causes for f in self.alarms[:2])

    @property
    def crashed(self) -> list[str]:
        """What failed: the programme, the hook, the audit, an analyzer."""
        failed = [self.line[key].strip().splitlines()[-1] for key in ("error", "audit_error") if self.line.get(key)]
        return [*failed, *self.line.get("failures", ()), *self.line.get("broken", ())]


def share(hits: Iterable[bool]) -> str:
    """Return a share with its 95 % interval (Wilson)."""
    counted = list(hits)
    if not counted:
        return "none"
    low, high = wilson(sum(counted) / len(counted), len(counted))
    return f"{sum(counted)}/{len(counted)} = {sum(counted) / len(counted):.2f} [{max(low, 0):.2f}, {min(high, 1):.2f}]"


def rates(results: Sequence[Result], title: str) -> str:
    """Return one line of the table."""
    faulty = [r for r in results if r.program.fault]
    correct = [r for r in results if not r.program.fault]
    return (
        f"{title:<26} detected {share(bool(r.alarms) for r in faulty):<28} "
        f"named {share(r.named for r in faulty):<28} false alarms {share(bool(r.alarms) for r in correct)}"
    )


def shown(results: Sequence[Result]) -> str:
    """Return the whole report as text."""
    lines = [rates(results, "all")]
    for title, key in (("set", "set"), ("framework", "framework"), ("domain", "domain")):
        values = sorted({getattr(r.program, key) for r in results})
        lines += ["", *(rates([r for r in results if getattr(r.program, key) == v], f"{title} {v}") for v in values)]
    lines += ["", "by fault: detected, named, of"]
    for fault in sorted({r.program.fault for r in results if r.program.fault}):
        of = [r for r in results if r.program.fault == fault]
        lines.append(f"  {fault:<28} {sum(bool(r.alarms) for r in of)} {sum(r.named for r in of)} {len(of)}")
    faulty = [r for r in results if r.program.fault]
    lines += ["", "not detected:", *(_listed(r) for r in faulty if not r.alarms)]
    lines += ["", "not named:", *(_listed(r) for r in faulty if r.alarms and not r.named)]
    lines += ["", "false alarms:", *(_listed(r) for r in results if not r.program.fault and r.alarms)]
    lines += ["", "crashes:", *(f"  {r.program.name}: {what}" for r in results for what in r.crashed)]
    remarked = [r for r in results if not r.program.fault and r.remarks]
    lines += ["", f"correct programmes with remarks (no alarms): {len(remarked)}"]
    return "\n".join(lines)


def _listed(result: Result) -> str:
    said = ", ".join(f"{f['code']} {f['probability']:.2f}" for f in result.alarms) or "nothing"
    wanted = f" (right: {' '.join(sorted(result.program.accepts))})" if result.program.fault else ""
    return f"  {result.program.framework}/{result.program.name}: {said}{wanted}; remarks {' '.join(result.remarks)}"
