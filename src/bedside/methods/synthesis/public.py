"""What is public of a column, as a study's codebook states it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """`[synthesize.codebook.NAME]`: what is public of one column."""

    edges: tuple[float, ...] = ()
    """Ends of the bins of a number, rising; none: `bins` of equal width over its stated range."""
    bins: int = 16
    decimals: int | None = None
    """Of the numbers that are made up; none: as many as the outer edges have."""
    fill: float | None = None
    """A constant that stands for a missing number; none: missing is a bin of its own."""
