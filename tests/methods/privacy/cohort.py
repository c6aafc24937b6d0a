"""Members, others and independent people of one population, and tables that may be released."""

from __future__ import annotations

import numpy as np

from bedside.methods.privacy.people import People
from bedside.methods.synthesis.mixed import Column, Mixed

COLUMNS = (
    *(Column(name=name) for name in "abcde"),
    Column(name="sex", kind="category", names=("F", "M")),
    Column(name="ward", kind="category", names=("x", "y", "z")),
)


def drawn(rows: int, seed: int) -> Mixed:
    """Independent people of the one population."""
    rng = np.random.default_rng(seed)
    base = rng.normal(0, 1, rows)
    numbers = [(base + rng.normal(0, 1, rows)).round(2) for _ in range(5)]
    numbers[4][rng.random(rows) < 0.2] = np.nan
    codes = [rng.integers(1, 3, rows), 1 + (rng.random(rows) * 3).astype(int)]
    return Mixed(columns=COLUMNS, values=np.stack([*numbers, *codes], axis=1).astype(float))


def people(members: int = 400, others: int = 400, seed: int = 0) -> People:
    """Nobody in two roles."""
    return People(
        members=drawn(members, seed), others=drawn(others, seed + 1),
        reference=drawn(others, seed + 2),
    )  # fmt: skip
