"""What was found, in words: a lever saves labels, does harm, or cannot be told from none."""

from __future__ import annotations

from bedside.methods.words import count
from bedside.methods.worth.verdict import Triple, Verdict
from bedside.stages.worth.judged import Found

_NOUNS = {
    "tables": "synthetic patients", "images": "synthetic images", "": "synthetic samples",
}  # fmt: skip


def headline(found: Found) -> str:
    """What the levers are worth, in a sentence."""
    design = found.design
    if not design.levers:
        return "no lever to measure: " + "; ".join(
            f"{name}: {why}" for name, why in design.absent.items()
        )
    if found.reason:
        return f"what a lever is worth is unknown: {found.reason}"
    ranking = found.measures[0]
    refused = found.gates[ranking].refused
    if refused:
        return f"no number: {refused}"
    said = {arm: found.worths[arm, ranking].verdict for arm in design.levers}
    return f"{_levers(said, found)} ({design.model}, {_range(found)})"


def _levers(said: dict[str, Verdict], found: Found) -> str:
    reasons = {one.reason for one in said.values()}
    if len(reasons) == 1 and all(one.factor is None for one in said.values()):
        return reasons.pop()
    told, parts = False, []
    for arm, one in said.items():
        parts.append(_lever(_noun(arm, found), one, level=None if told else found.spec.level))
        told = told or one.factor is not None
    return "; ".join(parts)


def _lever(noun: str, verdict: Verdict, *, level: float | None) -> str:
    """Of one lever; the level of the interval is told where it is given."""
    if verdict.factor is None:
        return f"{noun}: {verdict.reason}"
    words = verdict.words()
    if level is not None and verdict.kind == "number":
        words = words.replace("(", f"({100 * level:g} % interval ", 1)
    if verdict.finding == "saves labels":
        return f"{noun} {'are' if noun in _NOUNS.values() else 'is'} worth {words} times the labels"
    if verdict.finding == "does harm":
        return f"{noun} {words} times the labels: not worth it, does harm"
    return f"{noun} {words} times the labels: cannot be told from no lever"


def _noun(arm: str, found: Found) -> str:
    if arm != "synthesis":
        return arm
    return _NOUNS.get(found.design.modality, _NOUNS[""])


def _range(found: Found) -> str:
    budgets = found.design.plan.budgets
    return f"{count(budgets[0])} to {count(budgets[-1])} labels" if budgets else "labels"


def meaning(gain: Triple) -> str:
    """Of the difference that a lever makes to a score, higher better."""
    _, low, high = gain
    if low > 0:
        return "better than without"
    if high < 0:
        return "worse than without"
    return "not told apart"
