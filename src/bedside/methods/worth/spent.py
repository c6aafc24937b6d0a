"""Whether both arms of a pair had the same: as many tries of settings, and time for each of them.

A lever that trains on more rows runs into a limit of time first. Then its arm had fewer tries or
fewer steps than the other, and k would be of that, not of labels. A few such pairs are told; more
than that, and there is no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EXCEPTION = 0.05
"""Share of unequal pairs up to which a number is still printed, with a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one fit had."""

    trials: int
    """Settings tried."""
    cut: bool
    """Whether its time was up before all tries, or all steps of them, were done."""
    start_cut: bool = False
    """Whether the time of its pretraining was up first: the lever as it is set, so no inequality,
    but its worth then depends on the machine."""


Spending = Mapping[tuple[int, int], Spent]
"""By repetition and budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """An arm held against the base, fit for fit."""

    pairs: int
    unequal: int
    """Pairs with a fit that was cut, or with other numbers of tries."""
    cut: int
    """Fits of the arm that were cut."""
    cut_without: int
    """Those of the base, at the same budgets."""
    start_cut: int
    """Fits of the arm whose pretraining was cut."""

    @property
    def small(self) -> bool:
        """Whether what is unequal is an exception that k can bear."""
        return self.unequal <= EXCEPTION * self.pairs

    def words(self) -> str:
        """How many pairs are unequal and why; empty: none are."""
        if not self.unequal:
            return ""
        told = f"in {self.unequal} of {self.pairs} pairs of fits the arms had unequal budgets"
        if self.cut or self.cut_without:
            told += (
                f" (time ran out in {self.cut} with it and {self.cut_without} without): "
                "raise seconds in [worth], or lower trials or shown"
            )
        return told

    def of_start(self) -> str:
        """In how many fits pretraining ran out of time; empty: in none."""
        if not self.start_cut:
            return ""
        return (
            f"the time of pretraining ran out before its epochs in {self.start_cut} of "
            f"{self.pairs} fits, so what it is worth depends on the machine: raise seconds in "
            "[pretrain], or pretraining_seconds in [worth]"
        )


def balance(base: Spending, arm: Spending) -> Balance:
    """Of an arm beside the base; each fit of the arm has one of the base.

    Both cut is unequal too: as many seconds are not as many steps.

    >>> whole, late = Spent(trials=4, cut=False), Spent(trials=2, cut=True)
    >>> balance({(0, 50): whole, (0, 100): whole}, {(0, 50): whole, (0, 100): late}).unequal
    1
    """
    pairs = [(base[key], mine) for key, mine in arm.items()]
    return Balance(
        pairs=len(pairs),
        unequal=sum(one.cut or two.cut or one.trials != two.trials for one, two in pairs),
        cut=sum(two.cut for _, two in pairs), cut_without=sum(one.cut for one, _ in pairs),
        start_cut=sum(two.start_cut for _, two in pairs),
    )  # fmt: skip
