"""Prefixes nest, patients stay whole, and a budget that cannot be learnt from is left out."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.dataset import Target
from bedside.methods.cases import Cases
from bedside.methods.worth.budgets import Pool, parted, plan, pool_of

BINARY = Target(type="binary", outcome="death", classes=("no", "yes"))


def pool(patients: int = 800, share: float = 0.25, target: Target = BINARY) -> Pool:
    subjects = np.repeat(np.arange(patients) * 3 + 5, 2)  # two rows each, odd numbers
    event = (np.arange(patients) % round(1 / share) == 0).astype(float)
    return pool_of(
        Cases(
            arrays={"numeric": np.arange(2.0 * patients)[:, None]}, subjects=subjects,
            target=np.repeat(event, 2), duration=np.full(2 * patients, np.nan),
            event=np.full(2 * patients, np.nan),
        ),
        target,
    )  # fmt: skip


def test_budgets_are_halves_of_the_pool_downwards() -> None:
    found = plan(pool(), steps=5, fewest=5, seed=0, repetitions=3)
    assert found.budgets == (25, 50, 100, 200, 400)
    assert found.enough


def test_fewer_events_than_a_budget_needs() -> None:
    found = plan(pool(), steps=6, fewest=20, seed=0, repetitions=3)
    assert found.budgets == (100, 200, 400)
    assert dict(found.left_out)[50] == "12 expected with the rarest outcome, fewer than 20"
    rare = plan(pool(share=0.01), steps=5, fewest=10, seed=0, repetitions=3)
    assert not rare.enough


def test_one_class_in_a_prefix() -> None:
    found = plan(pool(share=0.05), (16, 200, 300, 400), steps=5, fewest=0, seed=0, repetitions=5)
    assert found.budgets == (200, 300, 400)
    assert "an outcome is missing" in dict(found.left_out)[16]


def test_a_budget_of_more_than_half_leaves_nobody_for_the_oracle() -> None:
    found = plan(pool(), (100, 200, 500), steps=5, fewest=5, seed=0, repetitions=3)
    assert found.budgets == (100, 200)
    assert "more than half" in dict(found.left_out)[500]


@pytest.mark.parametrize("repetition", range(3))
def test_prefixes_nest_in_both_parts_and_others_are_others(repetition: int) -> None:
    order = pool().order(4, repetition)
    small, large = parted(order[:100]), parted(order[:200])
    for few, many in zip(small, large, strict=True):
        assert few.tolist() == many[: len(few)].tolist()
    assert len(small[1]) == 25
    assert not np.intersect1d(order[:400], order[::-1][:400]).size
    assert pool().order(4, repetition).tolist() == order.tolist()
    assert pool().order(4, repetition + 1).tolist() != order.tolist()


def test_rows_of_a_patient_stay_together() -> None:
    held = pool()
    rows = held.rows(np.array([7, 3]))
    assert sorted(rows.subjects.tolist()) == [3, 3, 7, 7]
    assert sorted(rows.arrays["numeric"][:, 0].tolist()) == [6, 7, 14, 15]


def test_outcomes_are_counted_by_patient_and_a_number_has_none() -> None:
    held = pool()
    assert held.rarest(np.arange(800)) == 200
    number = Target(type="regression", outcome="pressure")
    assert pool(target=number).rarest(np.arange(10)) == 10


def test_a_patient_with_samples_of_both_outcomes_counts_for_each() -> None:
    """As patients with malaria, some of whose cells hold a parasite and some none."""
    target = np.array([0.0, 1.0, 0.0, 0.0, 1.0, np.nan, 0.0, 1.0])
    subjects = np.array([4, 4, 7, 7, 9, 9, 11, 11])
    empty = np.full(8, np.nan)
    cases = Cases(arrays={}, subjects=subjects, target=target, duration=empty, event=empty)
    held = pool_of(cases, BINARY)
    assert held.shows.tolist() == [[True, True], [True, False], [False, True], [True, True]]
    assert held.rarest(np.arange(4)) == 3
    assert held.rarest(np.array([1, 2])) == 1
