"""Pairs of fits are held against each other: tries and time, few exceptions, no more."""

from __future__ import annotations

import pytest

from bedside.methods.worth.spent import Spent, balance

WHOLE = Spent(trials=4, cut=False)


def fits(odd: int, what: Spent, of: int = 50) -> dict[tuple[int, int], Spent]:
    return {(at, 100): what if at < odd else WHOLE for at in range(of)}


@pytest.mark.parametrize(
    "what", [Spent(trials=3, cut=False), Spent(trials=4, cut=True), Spent(trials=2, cut=True)]
)
def test_fewer_tries_and_time_that_ran_out_are_unequal(what: Spent) -> None:
    for base, arm in ((fits(0, WHOLE), fits(7, what)), (fits(7, what), fits(0, WHOLE))):
        found = balance(base, arm)
        assert (found.pairs, found.unequal) == (50, 7)
        assert "7 of 50 pairs" in found.words()
        assert not found.small


def test_both_cut_is_no_equality() -> None:
    late = fits(50, Spent(trials=4, cut=True))
    found = balance(late, late)
    assert (found.unequal, found.cut, found.cut_without) == (50, 50, 50)
    assert "raise seconds in [worth]" in found.words()


def test_one_pair_in_twenty_is_an_exception_that_is_told() -> None:
    late = Spent(trials=4, cut=True)
    assert balance(fits(0, WHOLE), fits(2, late)).small
    assert balance(fits(0, WHOLE), fits(2, late)).words()
    assert not balance(fits(0, WHOLE), fits(3, late)).small
    assert balance(fits(0, WHOLE), fits(0, WHOLE)).words() == ""


def test_an_arm_with_fewer_budgets_is_held_against_those() -> None:
    base = {**fits(0, WHOLE), **{(at, 200): Spent(trials=1, cut=True) for at in range(50)}}
    assert balance(base, fits(0, WHOLE)).unequal == 0
