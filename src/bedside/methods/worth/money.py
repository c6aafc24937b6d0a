"""What a lever saves: the labels that would otherwise have to be bought, at their price."""

from __future__ import annotations

from dataclasses import dataclass

from bedside.methods.worth.verdict import Verdict

End = float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Money at a number of labels; an end that is not known is None, a loss is below 0."""

    labels: int
    value: End
    low: End
    high: End


def saved(verdict: Verdict, labels: int, price: float) -> Saving:
    """(k - 1) n labels at `price` each: what n labels with the lever do, k n would do without.

    >>> from bedside.methods.worth.interval import Factor
    >>> one = Verdict(kind="number", factor=Factor(value=1.5, low=1.2, high=2.0),
    ...               gain=(0.0, 0.0, 0.0), ceiling=8.0)
    >>> saved(one, 400, 25.0)
    Saving(labels=400, value=5000.0, low=2000.0, high=10000.0)
    """
    value, low, high = (
        None if end is None else round((end - 1.0) * labels * price, 2) for end in verdict.triple()
    )
    return Saving(labels=labels, value=value, low=low, high=high)
