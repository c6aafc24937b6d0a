"""What made-up cases give away: nothing where they are others, most where they are copies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from bedside.methods.cases import Cases
from bedside.methods.synthesis.mixed import Column, Mixed
from bedside.methods.worth.leaked import Leak, leaked, over_repetitions


@dataclass(frozen=True)
class AsColumns:
    """The form of cases that are numbers alone."""

    def mixed(self, cases: Cases) -> Mixed:
        values = np.asarray(cases.arrays["numeric"], np.float64)
        return Mixed(columns=tuple(Column(name=name) for name in "abcd"), values=values)


def people(count: int, seed: int, first: int = 0) -> Cases:
    drawn = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)
    nothing = np.full(count, np.nan)
    return Cases(
        arrays={"numeric": drawn}, subjects=np.arange(first, first + count),
        target=np.zeros(count), duration=nothing, event=nothing,
    )  # fmt: skip


def of(made: Cases, members: Cases, others: int = 1200) -> Leak:
    form = AsColumns()
    return leaked(form, made, members=members, others=people(others, 9, 10_000), seed=3)  # type: ignore[arg-type]  # all that is asked of it


def test_other_people_give_nobody_away_and_copies_give_away_as_many_as_copies_do() -> None:
    members = people(600, 1)
    apart, same = of(people(600, 2), members), of(members, members)
    assert apart.caught < 0.04
    assert same.caught > 0.9
    assert 0.5 < apart.copy < same.caught  # a bootstrap misses about a third


def test_a_few_copies_among_others_are_seen() -> None:
    members, made = people(600, 1), people(600, 2)
    made.arrays["numeric"][:60] = members.arrays["numeric"][:60]
    assert of(made, members).caught > 0.08


def test_too_few_others_tell_nothing() -> None:
    assert math.isnan(of(people(50, 2), people(50, 1), others=120).caught)


def test_over_repetitions_each_budget_has_its_own() -> None:
    leaks = {
        (repetition, labels): Leak(caught=share + 0.001 * repetition, copy=0.4)
        for repetition in range(4)
        for labels, share in ((100, 0.05), (200, 0.02))
    }
    found = over_repetitions(leaks, level=0.95)
    assert [one.labels for one in found] == [100, 200]
    for one, share in zip(found, (0.05, 0.02), strict=True):
        value, low, high = one.caught
        assert value == pytest.approx(share + 0.0015)
        assert low < value < high
        assert one.copy == pytest.approx(0.4)


def test_fits_that_tell_nothing_are_left_out() -> None:
    none = Leak(caught=math.nan, copy=math.nan)
    assert over_repetitions({(0, 9): none, (1, 9): none}, level=0.95) == ()
