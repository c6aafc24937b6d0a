"""Outlines of masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bedside.modalities.images.pictures_contours import draw_paths, outlines


def enclosed(path: np.ndarray) -> float:
    """Signed area by the shoelace formula."""
    after = np.roll(path, -1, axis=0)
    return float((path[:, 1] * after[:, 0] - after[:, 1] * path[:, 0]).sum() / 2)


def test_a_square_is_enclosed_but_for_its_corners() -> None:
    mask = np.zeros((12, 12), bool)
    mask[3:8, 2:9] = True
    (path,) = outlines(mask)
    assert enclosed(path) == pytest.approx(5 * 7 - 4 / 8)
    assert path.min(axis=0).tolist() == [3, 2]
    assert path.max(axis=0).tolist() == [8, 9]


def test_a_hole_has_an_outline_the_other_way_round() -> None:
    mask = np.ones((9, 9), bool)
    mask[3:6, 3:6] = False
    areas = sorted(enclosed(path) for path in outlines(mask))
    assert areas == pytest.approx([-(9 - 0.5), 81 - 0.5])


def test_nothing_has_no_outline() -> None:
    assert outlines(np.zeros((4, 4), bool)) == []


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_every_edge_is_walked_once(mask: np.ndarray) -> None:
    padded = np.pad(mask, 1).astype(int)
    edges = np.abs(np.diff(padded, axis=0)).sum() + np.abs(np.diff(padded, axis=1)).sum()
    paths = outlines(mask)
    assert sum(len(path) for path in paths) == edges
    points = {tuple(point) for path in paths for point in path.tolist()}
    assert len(points) == edges


def test_dashes_leave_gaps_and_lines_have_a_dark_edge() -> None:
    grey = np.full((80, 80, 3), 128, np.uint8)
    mask = np.zeros((80, 80), bool)
    mask[20:60, 20:60] = True
    paths = outlines(mask)
    solid = draw_paths(grey, paths, (255, 200, 0), dash=False)
    dashes = draw_paths(grey, paths, (255, 200, 0), dash=True)
    touched = [(picture != 128).any(axis=-1).sum() for picture in (solid, dashes)]
    assert 0.4 * touched[0] < touched[1] < 0.85 * touched[0]
    assert (solid.max(axis=-1) < 90).any()
    assert (solid[40, 17:24, 0] > 220).any()
    np.testing.assert_array_equal(grey, 128)
