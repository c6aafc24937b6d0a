"""Blurred coordinates come back in the shares that they had."""

from __future__ import annotations

import numpy as np

from bedside.methods.synthesis.calibration import curve_of, lifts_of

RNG = np.random.default_rng(0)


def test_a_curve_brings_blurred_points_to_their_shares_and_keeps_the_order() -> None:
    wanted = np.where(RNG.random(3000) < 0.05, 1.0, -1.0)
    drawn = np.where(RNG.random(8000) < 0.09, 1.0, -1.0) + RNG.normal(0, 0.3, 8000)
    curve = curve_of(drawn, wanted)
    assert curve is not None
    mapped = curve.mapped(drawn)
    assert abs((mapped > 0).mean() - (wanted > 0).mean()) < 0.001
    assert (np.diff(mapped[np.argsort(drawn)]) >= 0).all()


def test_scores_of_another_spread_become_those_of_the_rows() -> None:
    curve = curve_of(RNG.normal(0.2, 0.8, 8000), RNG.standard_normal(3000))
    assert curve is not None
    mapped = curve.mapped(RNG.normal(0.2, 0.8, 8000))
    assert abs(mapped.mean()) < 0.05
    assert abs(mapped.std() - 1) < 0.05


def test_nothing_to_compare_with_is_no_curve() -> None:
    assert curve_of(np.zeros(0), np.zeros(3)) is None
    assert curve_of(np.zeros(3), np.zeros(0)) is None


def test_categories_come_in_their_shares() -> None:
    places = RNG.choice(4, 3000, p=[0.6, 0.25, 0.13, 0.02])
    drawn = RNG.normal(0, 0.6, (8000, 4))
    drawn[np.arange(8000), RNG.choice(4, 8000, p=[0.5, 0.25, 0.15, 0.1])] += 1.5
    found = (drawn + lifts_of(drawn, places)).argmax(axis=1)
    apart = np.bincount(found, minlength=4) / 8000 - np.bincount(places, minlength=4) / 3000
    assert np.abs(apart).sum() < 0.02
