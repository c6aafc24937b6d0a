"""Near copies: planted ones are found, samples that only look alike are not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from bedside.methods.audit.near_duplicates import Looks, limit_of, near_copies, near_finding


def _unit(values: np.ndarray) -> np.ndarray:
    values = values - values.mean(axis=1, keepdims=True)
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def _samples(seed: int, rows: int = 1200, spread: float = 1.0) -> np.ndarray:
    """Vectors on a surface of ten dimensions around one shape: they look alike."""
    generator = np.random.Generator(np.random.Philox(seed))
    shape = generator.normal(size=(1, 64)) * 5
    return shape + spread * generator.normal(size=(rows, 10)) @ generator.normal(size=(10, 64))


def _looks(values: np.ndarray, rows: np.ndarray) -> Looks:
    plain = _unit(values)
    return Looks(plain=plain, rows=rows, ways=(partial(np.asarray, plain[rows]),))


@pytest.mark.parametrize("spread", [0.05, 1.0])
def test_a_planted_copy_is_found_and_look_alikes_are_not(spread: float) -> None:
    values = _samples(1, spread=spread)
    generator = np.random.Generator(np.random.Philox(2))
    values[1000:1005] = values[:5] + 0.03 * spread * generator.normal(size=(5, 64))
    split = (np.arange(1200) >= 800).astype(np.int64)
    near = near_copies(_looks(values, np.arange(800, 1200)), split)
    assert near is not None
    assert sorted(near.pairs.tolist()) == [[at, 1000 + at] for at in range(5)]


def test_chance_finds_a_pair_in_less_than_one_of_ten_data_sets() -> None:
    split = (np.arange(600) >= 300).astype(np.int64)
    rows = np.arange(300, 600)
    found = [
        near_copies(_looks(_samples(seed, 600), rows), split).pairs  # type: ignore[union-attr]
        for seed in range(30)
    ]
    assert sum(len(pairs) > 0 for pairs in found) <= 3


def test_a_fifth_of_copies_does_not_hide_them() -> None:
    values = _samples(3)
    values[800:880] = values[:80] + 1e-3
    split = (np.arange(1200) >= 800).astype(np.int64)
    near = near_copies(_looks(values, np.arange(800, 1200)), split)
    assert near is not None
    assert len(near.pairs) == 80


def test_copies_within_a_split_are_not_asked_for_and_blanks_are_no_copies() -> None:
    values = _samples(4)
    values[900] = values[901]
    split = (np.arange(1200) >= 800).astype(np.int64)
    looks = _looks(values, np.arange(800, 1200))
    looks.plain[[0, 1000]] = 0
    near = near_copies(Looks(plain=looks.plain, rows=looks.rows,
                             ways=(lambda: looks.plain[looks.rows],)), split)  # fmt: skip
    assert near is not None
    assert near.pairs.tolist() == []


def test_a_pair_of_two_tested_splits_counts_once() -> None:
    values = _samples(5)
    values[1100] = values[900]
    split = np.repeat([0, 1, 2], [800, 200, 200]).astype(np.int64)
    near = near_copies(_looks(values, np.arange(800, 1200)), split)
    assert near is not None
    assert near.pairs.tolist() == [[900, 1100]]
    subject = np.arange(1200)
    found = near_finding(
        near, near.pairs, subject=subject, tested=near.rows, noun="image", data="all@0"
    )
    assert found.state == "found"
    assert found.sentence.startswith("1 pair of images in two splits is nearly the same")
    assert "900 and 1100" in found.look
    assert found.evidence[0].value == pytest.approx(2 / 400)


@pytest.mark.parametrize("rows", [0, 30])
def test_of_few_it_cannot_be_said(rows: int) -> None:
    values = _samples(6, 200)
    split = (np.arange(200) >= 200 - rows).astype(np.int64)
    tested = np.arange(200 - rows, 200)
    assert near_copies(_looks(values, tested), split) is None
    found = near_finding(
        None, np.zeros((0, 2), np.int64), subject=np.arange(200), tested=tested, noun="image",
        data="all",
    )  # fmt: skip
    assert found.state == "unknown"


def test_the_limit_is_the_quantile_of_an_exponential_tail() -> None:
    """-log ratio exponential with rate m: the limit is (expected / n) ** (1 / m)."""
    generator = np.random.Generator(np.random.Philox(7))
    ratio = np.exp(-generator.exponential(1 / 12, 200_000))
    exact = (0.05 / 200_000) ** (1 / 12)
    assert limit_of(ratio) == pytest.approx(exact, rel=0.05)
