"""Gates: requirements on evidence. Pass, fail or unknown; and unknown is not pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bedside.core.evidence import Evidence

Verdict = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """`measure` must be at least, or at most, a bound: on the end of the interval that hurts.

    >>> gate = Gate(measure="auroc", at_least=0.8, subjects=100)
    >>> found = Evidence(measure="auroc", value=0.83, low=0.79, high=0.87, subjects=1500,
    ...                  stage="evaluate")
    >>> gate.check([found]).verdict
    'fail'
    """

    measure: str
    at_least: float | None = None
    at_most: float | None = None
    slice: str = "all"
    data: str = "held_out"
    """The split it must hold on."""
    subjects: int = 50
    """Fewer patients than this and the answer is unknown."""

    def check(self, evidence: Iterable[Evidence], model: str = "") -> GateResult:
        """The verdict on the last matching evidence (of `model`, where one is named)."""
        matching = [item for item in evidence if self._matches(item, model)]
        if not matching:
            return GateResult(gate=self, verdict="unknown", reason="no such evidence was measured")
        found = matching[-1]
        verdict, reason = self._judge(found)
        return GateResult(gate=self, verdict=verdict, reason=reason, evidence=found)

    def _matches(self, item: Evidence, model: str) -> bool:
        return (
            item.measure == self.measure
            and item.slice == self.slice
            and (not model or item.model in ("", model))
            and (not item.data or item.data.split("@")[0] == self.data)
        )

    def _judge(self, found: Evidence) -> tuple[Verdict, str]:
        if found.subjects < self.subjects:
            return "unknown", f"{found.subjects} patients; at least {self.subjects} are needed"
        bounds = ((self.at_least, found.low, "at least"), (self.at_most, found.high, "at most"))
        for bound, edge, words in bounds:
            if bound is None:
                continue
            if edge is None:
                return "unknown", "the evidence has no interval"
            if (edge < bound) if words == "at least" else (edge > bound):
                return "fail", f"the interval reaches {edge:.3g}; {words} {bound:g} is required"
        return "pass", "the whole interval is within the bound"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """What a gate said, why, and from which evidence."""

    gate: Gate
    verdict: Verdict
    reason: str
    evidence: Evidence | None = None
