"""The grid of a volume: steps between neighbours follow from its affine."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.image import Grid, affine_of


def _turned(degrees: float, spacing: tuple[float, float, float]) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[0, s, c], [0, c, -s], [1, 0, 0]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(spacing)
    matrix[:3, 3] = (-120.0, 40.0, 7.5)
    return matrix


@pytest.mark.parametrize("degrees", [0, 17, 90])
def test_spacing_is_that_of_the_affine_however_it_is_turned(degrees: float) -> None:
    spacing = (5.0, 0.7, 0.6)
    grid = Grid(shape=(4, 5, 6), affine=affine_of(_turned(degrees, spacing)))
    assert grid.spacing == pytest.approx(spacing, abs=1e-6)
    assert np.allclose(grid.matrix[:3, 3], (-120.0, 40.0, 7.5))
