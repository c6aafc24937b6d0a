"""From findings to what is done: what stops the run, what is dropped, what is only warned of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bedside.core.errors import StudyError
from bedside.core.evidence import Evidence
from bedside.core.finding import Action, Finding, Verb
from bedside.core.spec import Plain, nearest
from bedside.methods.words import joined

_ORDER: dict[Action, int] = {"stop": 0, "drop": 1, "warn": 2, "none": 3}
_STATES = {"found": 0, "unknown": 1, "clear": 2}
_NAMES = {
    "leak": ("leak", "leaks"), "leak_time": ("leak of time", "leaks of time"),
    "followup": ("gap in follow-up", "gaps in follow-up"),
    "identifiers": ("identifier", "identifiers"), "free_text": ("free text", "free texts"),
    "constant": ("constant field", "constant fields"), "empty": ("empty field", "empty fields"),
    "suspect": ("suspect field", "suspect fields"), "shortcut": ("shortcut", "shortcuts"),
    "units": ("field of two units", "fields of two units"),
    "cardinality": ("field of many categories", "fields of many categories"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """What the audit writes and says."""

    records: list[dict[str, Plain]]
    dropped: list[str]
    evidence: list[Evidence]
    headline: str
    stop: str


def conclude(
    findings: Sequence[Finding],
    verbs: Mapping[str, Verb],
    allow: Sequence[str],
    fields: Sequence[str],
) -> Concluded:
    """Apply the verb of each kind; `allow`ed fields are only warned of. Order of kinds: `verbs`'.

    Raises StudyError for an allowed field that is none.
    """
    for name in allow:
        if name not in fields:
            raise StudyError(
                "[audit] allow", expected="names of fields", found=f"'{name}'",
                hint=nearest(name, fields),
            )  # fmt: skip
    judged = [(finding, _verb(finding, verbs, allow)) for finding in findings]
    kinds = list(verbs)
    judged.sort(
        key=lambda pair: (
            _ORDER[pair[0].action(pair[1])],
            _STATES[pair[0].state],
            kinds.index(pair[0].kind),
            -pair[0].severity,
        )
    )
    dropped = [f.field for f, verb in judged if f.action(verb) == "drop"]
    dropped = [name for name in fields if name in set(dropped)]
    return Concluded(
        records=[finding.record(verb) for finding, verb in judged], dropped=dropped,
        evidence=list({e.id: e for f, _ in judged for e in f.evidence}.values()),
        headline=_headline(judged), stop=_stop(judged, dropped, fields),
    )  # fmt: skip


def _verb(finding: Finding, verbs: Mapping[str, Verb], allow: Sequence[str]) -> Verb:
    verb = verbs[finding.kind]
    if finding.field in allow or (verb == "drop" and not finding.field):
        return "warn"
    return verb


Judged = Sequence[tuple[Finding, Verb]]


def _headline(judged: Judged) -> str:
    """`1 leak dropped: chapter (AUROC 0.961 by its pattern of missingness); 2 warnings`."""
    parts = []
    for action, word in (("stop", "found"), ("drop", "dropped")):
        here = [finding for finding, verb in judged if finding.action(verb) == action]
        parts += [
            _counted(kind, word, [f for f in here if f.kind == kind])
            for kind in dict.fromkeys(finding.kind for finding in here)
        ]
    warned = sum(finding.action(verb) == "warn" for finding, verb in judged)
    passed = sum(finding.state == "clear" for finding, _ in judged)
    if warned:
        parts.append(f"{warned} warning{'s' if warned > 1 else ''}")
    return "; ".join(parts) if parts else f"nothing found in {passed} checks"


def _counted(kind: str, word: str, findings: list[Finding]) -> str:
    if kind not in _NAMES:
        return "; ".join(_named(finding) for finding in findings[:3])
    names = [_named(finding) for finding in findings[:3]]
    more = f" and {len(findings) - 3} more" if len(findings) > 3 else ""
    noun = _NAMES[kind][len(findings) > 1]
    return f"{len(findings)} {noun} {word}: {', '.join(names)}{more}"


def _named(finding: Finding) -> str:
    if not finding.field:
        return finding.short
    return f"{finding.field} ({finding.short})" if finding.short else finding.field


def _stop(judged: Judged, dropped: Sequence[str], fields: Sequence[str]) -> str:
    stopping = [finding for finding, verb in judged if finding.action(verb) == "stop"]
    if not stopping:
        if fields and len(dropped) == len(fields):
            return "Every field was dropped, and none is left to predict from; see the findings."
        return ""
    names = [_named(finding) for finding in stopping[:5]]
    more = f" and {len(stopping) - 5} more" if len(stopping) > 5 else ""
    fielded = list(dict.fromkeys(finding.kind for finding in stopping if finding.field))
    ways = [f'[audit] {kind} = "drop"' for kind in fielded]
    text = f"The audit found {joined(names) if not more else ', '.join(names) + more}."
    if ways:
        text += (
            f' To go on without: {joined(ways)}, or role = "ignore" for the column; if it is '
            "honestly known at the prediction, [audit] allow."
        )
    looks = [finding.look for finding in stopping if not finding.field and finding.look]
    return " ".join([text, *dict.fromkeys(looks)])
