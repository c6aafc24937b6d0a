"""A check of the outcome, asked of each label of a multi-label question in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bedside.core.finding import Finding
from bedside.methods.audit.training import Training
from bedside.methods.multilabel import slice_of

NAMED = 4
"""Labels that a sentence names."""
Check = Callable[[Training], Sequence[Finding]]


def by_label(training: Training, check: Check) -> list[Finding]:
    """What a check finds: of a single outcome as it is; else what it finds of each label.

    A finding names its labels, its evidence has the slice `label=NAME`. Labels of which something
    was found share one finding of each kind and field, as do the others.
    """
    if training.task != "multilabel":
        return list(check(training))
    told: dict[tuple[str, str], list[Told]] = {}
    for label, one in each_label(training):
        for finding in check(one):
            told.setdefault((finding.kind, finding.field), []).append((label, finding))
    return [finding for same in told.values() for finding in _merged(same)]


def each_label(training: Training) -> Iterator[tuple[str, Training]]:
    """Name and binary outcome of each label."""
    for index, label in enumerate(training.classes):
        yield label, training.label(index)


Told = tuple[str, Finding]


def _merged(same: Sequence[Told]) -> list[Finding]:
    """One finding of the labels of which something was found, one of the others."""
    found = [told for told in same if told[1].state == "found"]
    rest = [told for told in same if told[1].state != "found"]
    found.sort(key=lambda told: -told[1].severity)
    rest.sort(key=lambda told: told[1].state == "clear")
    return [_one(part) for part in (found, rest) if part]


def _one(told: Sequence[Told]) -> Finding:
    label, first = told[0]
    short = f"{label}: {first.short}" if first.short else ""
    return replace(
        first, sentence=_sentence(told),
        short=f"{short}, and {len(told) - 1} more labels" if short and len(told) > 1 else short,
        evidence=tuple(
            replace(item, slice=slice_of(name, item.slice))
            for name, finding in told
            for item in finding.evidence
        ),
    )  # fmt: skip


def _sentence(told: Sequence[Told]) -> str:
    """What is said of each label, the worst first; once where it is the same of all."""
    if len(told) > 1 and len({finding.sentence for _, finding in told}) == 1:
        return told[0][1].sentence
    text = " ".join(f"'{label}': {finding.sentence}" for label, finding in told[:NAMED])
    more = len(told) - NAMED
    return f"{text} Of {more} more labels see the evidence." if more > 0 else text
