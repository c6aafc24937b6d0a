"""How two columns go together, on the page: the pairs that are least like first."""

from __future__ import annotations

from bedside.methods.evaluation.record import clean
from bedside.methods.intervals import Interval
from bedside.methods.words import count, interval
from bedside.stages.synthesize.judged import Found

MOST_PAIRS = 8
"""Shown at once; the others are folded away."""
UNLIKE = 0.02
"""A column or a pair whose likeness is surely below the floor's, and by so much, is told."""


def unlike(value: Interval, floor: Interval) -> bool:
    """Whether a likeness, to its upper end, is below that of other real patients."""
    return value[0] < floor[0] - UNLIKE and value[2] < floor[0]


def pairs_title(found: Found) -> str:
    """The answer: which pairs go together less than in other real patients."""
    behind = {pair: _behind(found, pair) for pair in found.synthetic.pairs}
    told = [pair for pair in behind if unlike(found.synthetic.pairs[pair], found.real.pairs[pair])]
    if not behind:
        return "There are no pairs of columns"
    if not told:
        return "No pair of columns surely goes together less than in other real patients"
    first, second = max(told, key=lambda pair: behind[pair])
    return (
        f"{count(len(told))} of {count(len(behind))} pairs of columns go together less closely "
        f"than in other real patients, most of all {first} with {second}"
    )


def pair_rows(found: Found) -> list[dict[str, str]]:
    """Each pair with the table's likeness and the floor's, those farthest behind it first."""
    order = sorted(found.synthetic.pairs, key=lambda pair: -_behind(found, pair))
    return [
        {"first": pair[0], "second": pair[1], "synthetic": _told(found.synthetic.pairs[pair]),
         "real": _told(found.real.pairs[pair])}
        for pair in order
    ]  # fmt: skip


def _behind(found: Found, pair: tuple[str, str]) -> float:
    return found.real.pairs[pair][0] - found.synthetic.pairs[pair][0]


def _told(value: Interval) -> str:
    point, low, high = (clean(end) for end in value)
    return interval(point, low, high)
