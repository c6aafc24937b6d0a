"""Surface in a cell: closed forms, and the area of shapes whose area is known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.methods.masks.made_up import ball

from bedside.methods.masks.pair import pair
from bedside.methods.masks.surface import surfaces
from bedside.methods.masks.surfel import corners, surfel_sizes


def code(*inside):
    return sum(1 << corners(len(inside[0])).index(place) for place in inside)


SIDE = np.hypot(0.5, 0.5)


@pytest.mark.parametrize(
    ("inside", "area"),
    [
        ([(0, 0, 0)], np.sqrt(3) / 4 * SIDE**2),
        ([(0, 0, 0), (1, 1, 1)], np.sqrt(3) / 2 * SIDE**2),
        ([(0, 0, 0), (0, 1, 1)], np.sqrt(3) / 2 * SIDE**2),
        ([(0, 0, 0), (0, 0, 1)], SIDE),
        ([(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)], 1.0),
        ([(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)], 6 * np.sqrt(3) / 4 * SIDE**2),
    ],
)
def test_areas_of_plain_cells(inside, area):
    assert surfel_sizes((1.0, 1.0, 1.0))[code(*inside)] == pytest.approx(area)


def test_areas_scale_with_the_spacing():
    flat = code((0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1))
    assert surfel_sizes((9.0, 2.0, 0.5))[flat] == pytest.approx(1.0)
    assert surfel_sizes((2.0, 2.0, 2.0)) == pytest.approx(4 * surfel_sizes((1.0, 1.0, 1.0)))
    corner = 0.5 * np.linalg.norm(np.cross([-1.5, 0.5, 0], [-1.5, 0, 0.25]))
    assert surfel_sizes((3.0, 1.0, 0.5))[code((0, 0, 0))] == pytest.approx(corner)


def test_lengths_in_pictures():
    sizes = surfel_sizes((3.0, 1.0))
    assert sizes[code((0, 0))] == pytest.approx(np.hypot(1.5, 0.5))
    assert sizes[code((0, 0), (0, 1))] == pytest.approx(1.0)
    assert sizes[code((0, 0), (1, 1))] == pytest.approx(2 * np.hypot(1.5, 0.5))
    assert sizes[[0, -1]].tolist() == [0.0, 0.0]


def test_cells_turned_round_have_the_same_area():
    sizes = surfel_sizes((1.0, 1.0, 1.0))
    places = corners(3)
    for one in range(256):
        inside = [place for bit, place in enumerate(places) if one >> bit & 1]
        if inside:
            turned = [(place[1], 1 - place[0], place[2]) for place in inside]
            mirrored = [(place[0], place[1], 1 - place[2]) for place in inside]
            assert sizes[code(*turned)] == pytest.approx(sizes[one])
            assert sizes[code(*mirrored)] == pytest.approx(sizes[one])


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 0.5)])
def test_the_area_of_a_ball_is_right_but_for_its_steps(spacing):
    shape = tuple(int(50 / step) for step in spacing)
    mask = ball(shape, [n / 2 for n in shape], 20, spacing)
    found = surfaces(next(pair(mask, mask, spacing, 1).structures(1)))
    assert found.truth.sum() == pytest.approx(4 * np.pi * 400, rel=0.17)
