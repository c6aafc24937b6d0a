"""Rows with all that a table may hold: a grid, a spike, gaps that depend, a rare category."""

from __future__ import annotations

import numpy as np

from bedside.methods.synthesis.mixed import Column, Mixed


def made_up(rows: int = 600, seed: int = 0) -> Mixed:
    """age (whole years), dose (many zeros), marker (tenths; missing more often in the old), sex,
    ward (three, one of them rare), constant, empty."""
    rng = np.random.default_rng(seed)
    age = rng.normal(65, 10, rows).clip(40, 95).round()
    sex = 1.0 + (rng.random(rows) < 0.4)
    dose = np.where(rng.random(rows) < 0.5, 0.0, rng.gamma(2, 10, rows).round(1))
    marker = (0.05 * age + rng.normal(0, 0.5, rows) + sex).round(1)
    marker[rng.random(rows) < (age > 70) * 0.6] = np.nan
    ward = np.ones(rows) + (rng.random(rows) < 0.3)
    ward[0] = 3.0
    columns = (
        Column(name="age", low=40, high=110), Column(name="dose", low=0), Column(name="marker"),
        Column(name="sex", kind="category", names=("F", "M")),
        Column(name="ward", kind="category", names=("a", "b", "c")),
        Column(name="constant"), Column(name="empty"),
    )  # fmt: skip
    constant, empty = np.full(rows, 7.5), np.full(rows, np.nan)
    values = np.stack([age, dose, marker, sex, ward, constant, empty], axis=1)
    return Mixed(columns=columns, values=values)
