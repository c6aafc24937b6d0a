"""Every attack sees a planted copy, and is at chance on an independent sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.methods.privacy.cohort import drawn, people

from bedside.methods.privacy.copies import CHANCE_FEW, closest_share, near_copies
from bedside.methods.privacy.inference import attribute_inference
from bedside.methods.privacy.linkability import linkability
from bedside.methods.privacy.measured import caught, excess, told_apart
from bedside.methods.privacy.membership import by_density, by_distance
from bedside.methods.privacy.people import Found, People, rarest
from bedside.methods.privacy.singling_out import singling_out
from bedside.methods.synthesis.mixed import Mixed

Attack = Callable[[People, Mixed], Found]
SCORES: dict[str, Attack] = {"distance": by_distance, "density": by_density}
SUCCESSES: dict[str, Attack] = {
    "near_copies": near_copies,
    "few_copies": lambda who, released: near_copies(who, released, CHANCE_FEW),
    "attribute_inference": attribute_inference,
    "linkability": lambda who, released: linkability(who, released, seed=3),
    "singling_out": lambda who, released: singling_out(who, released, seed=3),
}


@pytest.fixture(scope="module")
def who() -> People:
    """The people of all tests."""
    return people()


@pytest.mark.parametrize("name", SCORES)
def test_membership_in_a_copy_is_seen(name: str, who: People) -> None:
    found = SCORES[name](who, who.members)
    assert told_apart(found) > 0.95
    value, low, high = caught(found, 0.01, seed=1)
    assert low > 0.5
    assert low <= value <= high


@pytest.mark.parametrize("name", SCORES)
def test_membership_in_an_independent_sample_is_chance(name: str, who: People) -> None:
    found = SCORES[name](who, drawn(400, 9))
    assert abs(told_apart(found) - 0.5) < 0.06
    _, low, high = caught(found, 0.01, seed=1)
    assert low <= 0.01 + 1e-9
    assert high < 0.08


@pytest.mark.parametrize("name", SCORES)
def test_one_planted_copy_in_ten_is_seen(name: str, who: People) -> None:
    values = np.concatenate([drawn(360, 9).values, who.members.values[:40]])
    found = SCORES[name](who, Mixed(columns=who.members.columns, values=values))
    assert caught(found, 0.01, seed=1)[1] > 0.03
    assert found.members[:40].mean() > found.members[40:].mean()


@pytest.mark.parametrize("name", SUCCESSES)
def test_a_copy_is_seen(name: str, who: People) -> None:
    found = SUCCESSES[name](who, who.members)
    value, low, high = excess(found, seed=1)
    assert low > 0.1
    assert low <= value <= high


@pytest.mark.parametrize("name", SUCCESSES)
def test_an_independent_sample_is_chance(name: str, who: People) -> None:
    _, low, high = excess(SUCCESSES[name](who, drawn(400, 9)), seed=1)
    assert low < 0.01
    assert high < 0.09


def test_the_interval_of_chance_covers_it() -> None:
    """Over many populations the interval of nothing holds 0 about as often as it says."""
    held = []
    for seed in range(0, 300, 3):
        who = people(150, 150, seed + 1000)
        _, low, high = excess(linkability(who, drawn(150, seed + 5000), seed=seed), seed=seed)
        held.append(low <= 0 <= high)
    assert 0.88 <= np.mean(held) <= 1.0


def test_the_closest_share_tells_a_copy_but_is_near_a_half_otherwise(who: People) -> None:
    assert closest_share(who, who.members, seed=0)[0] > 0.95
    value, low, high = closest_share(who, drawn(400, 9), seed=0)
    assert abs(value - 0.5) < 0.08
    assert low < 0.5 < high
    assert 0.08 < high - low < 0.2


def test_the_rarest_are_those_like_whom_there_is_nobody() -> None:
    who = people(seed=4)
    who.members.values[:20, :4] = [3.0, -3.0, 3.0, -3.0]
    members, others = rarest(who)
    assert 0.08 < others.mean() < 0.12
    assert members[:20].all()
    assert members[20:].mean() < 0.25


def test_nobody_to_compare_with_is_undefined() -> None:
    few = Found(
        name="x", kind="scores", members=np.ones(5), others=np.zeros(20),
        patients=(np.arange(5), np.arange(20)),
    )  # fmt: skip
    assert np.isnan(caught(few, 0.01, seed=0)).all()
    none = replace(few, kind="successes", others=np.zeros(0), patients=(np.arange(5), np.arange(0)))
    assert np.isnan(excess(none, seed=0)).all()
