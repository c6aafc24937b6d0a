"""Distances: nearest neighbours as a slow search finds them, gaps and categories apart."""

from __future__ import annotations

import numpy as np
import pytest
from tests.methods.privacy.cohort import drawn

from bedside.methods.privacy.space import nearest, space_of


@pytest.mark.parametrize("count", [1, 5])
def test_the_nearest_are_those_of_a_search_through_all(count: int) -> None:
    rng = np.random.default_rng(0)
    points, among = rng.random((300, 6)), rng.random((200, 6))
    distance, places = nearest(points, among, count)
    slow = np.linalg.norm(points[:, None] - among, axis=2)
    np.testing.assert_allclose(distance, np.sort(slow, axis=1)[:, count - 1])
    assert [set(row) for row in places] == [set(row[:count]) for row in slow.argsort(axis=1)]


def test_equal_rows_are_at_no_distance() -> None:
    rows = drawn(50, 0)
    points = space_of(drawn(80, 1)).points(rows)
    assert (nearest(points, points)[0] == 0).all()


def test_categories_are_one_apart_and_ranks_even() -> None:
    rows = drawn(400, 0)
    space = space_of(rows)
    sex = space.points(rows, [5])
    first, second = (sex[rows.values[:, 5] == code][0] for code in (1, 2))
    assert np.linalg.norm(first - second) == pytest.approx(1.0)
    ranks = space.points(rows, [0])[:, 0]
    assert abs(np.quantile(ranks, 0.25) - 0.25) < 0.01
    assert (space.points(rows, [4])[np.isnan(rows.values[:, 4])] == -0.5).all()


def test_nobody_has_no_nearest() -> None:
    assert nearest(np.zeros((0, 3)), np.zeros((5, 3)))[0].shape == (0,)
