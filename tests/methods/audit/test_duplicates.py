"""Copies across splits: counted as brute force counts them, and weighed against chance."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from bedside.methods.audit.duplicates import (
    Fingerprints,
    copies,
    mixed,
    subjects_in_two_splits,
)


def _prints(table: np.ndarray) -> Fingerprints:
    hashes = [mixed(column.astype(np.uint64), at) for at, column in enumerate(table.T)]
    with np.errstate(over="ignore"):
        whole = np.sum(hashes, axis=0, dtype=np.uint64)
    fields = {str(at): one for at, one in enumerate(hashes)}
    return Fingerprints(whole=whole, fields=fields, known=np.ones(len(table)))


def test_pairs_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(0, 3, (60, 3))
    split, subject = rng.integers(0, 3, 60), rng.integers(0, 40, 60)
    expected = sum(
        bool((table[a] == table[b]).all() and split[a] != split[b] and subject[a] != subject[b])
        for a, b in combinations(range(60), 2)
    )
    assert expected > 5
    assert copies(_prints(table), split, subject).pairs == expected


@pytest.mark.parametrize("planted", [3, 40])
def test_planted_copies_are_found(planted: int) -> None:
    rng = np.random.default_rng(1)
    table = rng.integers(0, 1000, (2000, 8))
    split = (np.arange(2000) >= 1500).astype(np.int64)
    table[1500 : 1500 + planted] = table[:planted]
    found = copies(_prints(table), split, np.arange(2000))
    assert found.pairs == planted
    assert found.found
    assert sorted(found.rows) == list(range(1500, 1500 + planted))


def test_law_chance_in_coarse_tables_is_no_finding() -> None:
    """Few and coarse fields, dependent on each other: equal rows abound and mean nothing."""
    rng = np.random.default_rng(2)
    false = 0
    for _ in range(40):
        base = rng.normal(size=1200)
        table = np.stack([(base + rng.normal(size=1200) * s).round() + 9 for s in (1, 2, 1.5)], 1)
        table = np.column_stack([table, rng.integers(0, 30, 1200)])
        split = (np.arange(1200) >= 900).astype(np.int64)
        found = copies(_prints(table), split, np.arange(1200))
        assert found.pairs > 0
        false += found.found
    assert false == 0


def test_patients_in_two_splits() -> None:
    subject, split = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 0, 2, 1])
    assert subjects_in_two_splits(subject, split) == 1


def test_mostly_empty_rows_are_not_compared() -> None:
    table = np.zeros((10, 4), np.int64)
    prints = _prints(table)
    prints = Fingerprints(whole=prints.whole, fields=prints.fields, known=np.full(10, 0.25))
    assert copies(prints, np.arange(10) % 2, np.arange(10)).pairs == 0
