"""A finding: what the audit says about the data, in words, with the evidence behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bedside.core.evidence import Evidence
from bedside.core.spec import Plain, digest

Verb = Literal["stop", "drop", "warn"]
State = Literal["found", "clear", "unknown"]
Verdict = Literal["fail", "warn", "unknown", "pass"]
Action = Literal["stop", "drop", "warn", "none"]
_VERDICTS: dict[Verb, Verdict] = {"stop": "fail", "drop": "fail", "warn": "warn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One question put to the data and its answer. `severity` orders findings of one kind."""

    kind: str
    state: State
    field: str = ""
    """The field it is about; empty: the data as a whole."""
    sentence: str
    """What was found, in words that a clinician uses."""
    why: str
    """Why it matters."""
    look: str = ""
    """How to look closer, or what to do."""
    short: str = ""
    """`AUROC 0.97 by its pattern of missingness`; for the one line in the terminal."""
    severity: float = 0.0
    evidence: tuple[Evidence, ...] = ()

    def verdict(self, verb: Verb) -> Verdict:
        """fail or warn for what was found, by the verb of its kind."""
        if self.state == "found":
            return _VERDICTS[verb]
        return "pass" if self.state == "clear" else "unknown"

    def action(self, verb: Verb) -> Action:
        """What is done about it."""
        return verb if self.state == "found" else "none"

    def record(self, verb: Verb) -> dict[str, Plain]:
        """The entry of `findings.json`; evidence by measure, slice and data."""
        return {
            "id": digest([self.kind, self.field, self.sentence])[:12],
            "kind": self.kind, "verdict": self.verdict(verb), "action": self.action(verb),
            "field": self.field, "sentence": self.sentence, "why": self.why, "look": self.look,
            "evidence": [
                {"measure": item.measure, "slice": item.slice, "data": item.data}
                for item in self.evidence
            ],
        }  # fmt: skip
