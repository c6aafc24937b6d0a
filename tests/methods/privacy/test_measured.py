"""Intervals of attacks: by patient they cover as they say, by row they would not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from tests.methods.privacy.cohort import drawn, people

from bedside.methods.intervals import Interval
from bedside.methods.privacy.attacks import among_rarest
from bedside.methods.privacy.copies import near_copies
from bedside.methods.privacy.measured import caught, excess, shares
from bedside.methods.privacy.membership import by_distance
from bedside.methods.privacy.people import Found, People
from bedside.methods.privacy.singling_out import singling_out
from bedside.methods.synthesis.mixed import Mixed

PATIENTS, ROWS, RATE = 60, 12, 0.05
SPREAD = np.sqrt(1.25)
MEMBERS_ARE_HIGHER = 1.0


def _found(rng: np.random.Generator, kind: str) -> Found:
    """Rows of a patient are alike: four fifths of the variance is the patient's."""
    sides = [
        np.repeat(rng.normal(shift, 1, PATIENTS), ROWS) + rng.normal(0, 0.5, PATIENTS * ROWS)
        for shift in (MEMBERS_ARE_HIGHER, 0.0)
    ]
    if kind == "successes":
        sides = [(side > 1).astype(float) for side in sides]
    own = np.repeat(np.arange(PATIENTS), ROWS)
    return Found(
        name="x", kind="scores" if kind == "caught" else "successes", members=sides[0],
        others=sides[1], patients=(own, own), chance=RATE if kind == "near" else None,
    )  # fmt: skip


def _truth(kind: str) -> float:
    limit = 1.0 if kind == "successes" else norm.ppf(1 - RATE) * SPREAD
    members, others = norm.sf((limit - MEMBERS_ARE_HIGHER) / SPREAD), norm.sf(limit / SPREAD)
    return float(members if kind == "caught" else members - others)


def _measured(found: Found, kind: str, seed: int) -> Interval:
    if kind == "caught":
        return caught(found, RATE, seed=seed, replicates=200)
    return excess(found, seed=seed, replicates=200)


@pytest.mark.parametrize("kind", ["caught", "successes", "near"])
def test_with_many_rows_a_patient_the_interval_covers_and_that_of_rows_does_not(kind: str) -> None:
    rng, truth = np.random.default_rng(1), _truth(kind)
    held, width = np.zeros((80, 2)), np.zeros((80, 2))
    for seed in range(80):
        found = _found(rng, kind)
        rows = np.arange(PATIENTS * ROWS)
        for at, one in enumerate((found, replace(found, patients=(rows, rows)))):
            _, low, high = _measured(one, kind, seed)
            held[seed, at], width[seed, at] = low <= truth <= high, high - low
    assert held[:, 0].mean() > 0.88
    assert held[:, 1].mean() < 0.75
    assert width[:, 0].mean() > 2 * width[:, 1].mean()


def test_rows_that_are_repeated_add_nothing() -> None:
    who = people(100, 100)
    found = by_distance(who, who.members)
    again = Found(
        name="x", kind="scores", members=np.repeat(found.members, 5),
        others=np.repeat(found.others, 5),
        patients=(np.repeat(found.patients[0], 5), np.repeat(found.patients[1], 5)),
    )  # fmt: skip
    for one, other in zip(caught(found, 0.05, seed=2), caught(again, 0.05, seed=2), strict=True):
        assert one == pytest.approx(other, abs=0.02)


@pytest.mark.parametrize("copied", [0.0, 0.3])
def test_the_interval_of_singling_out_covers(copied: float) -> None:
    """What it gains is the mean over many populations; uniqueness depends on everybody."""
    found = []
    for seed in range(0, 240, 3):
        roles = [_three_columns(120, seed + at) for at in range(1000, 1004)]
        who = People(members=roles[0], others=roles[1], reference=roles[2])
        some = np.random.default_rng(seed).random(120) < copied
        roles[3].values[some] = who.members.values[some]
        found.append(excess(singling_out(who, roles[3], seed=seed), seed=seed, replicates=200))
    values, low, high = np.array(found).T
    truth = values.mean()
    assert (truth > 0.05) == bool(copied)
    assert ((low <= truth) & (truth <= high)).mean() >= 0.9
    assert (high - low).mean() < 2 * 3.92 * values.std()


def _three_columns(rows: int, seed: int) -> Mixed:
    """So few that chance fits exactly one now and then."""
    whole = drawn(rows, seed)
    return replace(whole, columns=whole.columns[:3], values=whole.values[:, :3])


def test_the_share_singled_out_is_of_the_attempts_and_the_spread_of_the_patients() -> None:
    who = people(50, 50)
    found = singling_out(who, who.members, seed=0)
    assert len(found.members) == len(found.others) == 50
    assert 0 < shares(found)[0] * 1000 == pytest.approx(round(shares(found)[0] * 1000))
    assert found.members.std() > 0


def test_rows_of_one_patient_are_singled_out_together() -> None:
    """Twice the same patient is still one patient; by rows nobody would be alone."""
    who = people(50, 50)
    own = np.arange(100) // 2

    def twice(mixed: Mixed) -> Mixed:
        return replace(mixed, values=np.repeat(mixed.values, 2, axis=0), subjects=own)

    doubled = replace(who, members=twice(who.members), others=twice(who.others))
    assert shares(singling_out(doubled, who.members, seed=0))[0] > 0.1


def test_copies_of_one_member_are_drawn_together() -> None:
    who = people(200, 200)
    values = np.concatenate([drawn(160, 9).values, np.tile(who.members.values[:1], (40, 1))])
    released = Mixed(columns=who.members.columns, values=values)
    found = near_copies(who, released)
    assert (found.patients[0][160:] == 0).all()
    rows = np.arange(200)
    by_row = excess(replace(found, patients=(rows, found.patients[1])), seed=0)
    by_patient = excess(found, seed=0)
    assert by_patient[0] == by_row[0]
    assert by_patient[2] - by_patient[1] > 1.5 * (by_row[2] - by_row[1])


def test_nobody_found_still_leaves_room_for_doubt() -> None:
    nobody = Found(
        name="x", kind="scores", members=np.zeros(100), others=np.ones(100),
        patients=(np.arange(100), np.arange(100)),
    )  # fmt: skip
    value, low, high = caught(nobody, 0.01, seed=0)
    assert (value, low) == (0.0, 0.0)
    assert 0.03 < high < 0.05
    fewer = replace(nobody, patients=(np.arange(100) // 10, np.arange(100) // 10))
    assert caught(fewer, 0.01, seed=0)[2] > 0.2


def test_the_rarest_keep_their_patients() -> None:
    who: People = people(100, 100)
    found = among_rarest(by_distance(who, who.members), who)
    assert len(found.members) == len(found.patients[0])
    assert len(found.others) == len(found.patients[1]) < 20
