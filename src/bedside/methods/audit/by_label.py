"""A check of the outcome, asked of each label of a multi-label question in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bedside.core.finding import Finding
from bedside.methods.audit.training import Training
from bedside.methods.multilabel import slice_of

NAMED = 4
"""Labels that the sentence of a check without a finding names."""
Check = Callable[[Training], Sequence[Finding]]


def by_label(training: Training, check: Check) -> list[Finding]:
    """What a check finds: of a single outcome as it is; else what it finds of each label.

    A finding names its label, its evidence has the slice `label=NAME`. Labels of which nothing was
    found share one finding of each kind and field.
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
    found = [_about(*told) for told in same if told[1].state == "found"]
    rest = sorted(
        (told for told in same if told[1].state != "found"),
        key=lambda told: told[1].state == "clear",
    )
    if not rest:
        return found
    return [*found, replace(
        rest[0][1], sentence=_sentence(rest),
        evidence=tuple(item for told in rest for item in _about(*told).evidence),
    )]  # fmt: skip


def _about(label: str, finding: Finding) -> Finding:
    return replace(
        finding, sentence=f"'{label}': {finding.sentence}",
        short=f"{label}: {finding.short}" if finding.short else "",
        evidence=tuple(replace(e, slice=slice_of(label, e.slice)) for e in finding.evidence),
    )  # fmt: skip


def _sentence(rest: Sequence[Told]) -> str:
    """What is said of several labels, what is not known first; once where it is the same of all."""
    if len({finding.sentence for _, finding in rest}) == 1:
        return rest[0][1].sentence
    text = " ".join(_about(*told).sentence for told in rest[:NAMED])
    more = len(rest) - NAMED
    return f"{text} Of {more} more labels see the evidence." if more > 0 else text
