from __future__ import annotations

from bedside.stages.train.entry import seed_of


def test_seeds_are_small_and_differ() -> None:
    seeds = {seed_of(seed, name) for seed in range(50) for name in ("tabm", "trees")}
    assert len(seeds) == 100
    assert all(0 <= seed < 2**31 for seed in seeds)
