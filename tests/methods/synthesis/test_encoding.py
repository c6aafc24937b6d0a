"""Points lead back to the rows."""

from __future__ import annotations

import numpy as np
from tests.methods.synthesis.made_up import made_up

from bedside.methods.synthesis.encoding import encoding_of


def test_rows_come_back_from_their_points() -> None:
    rows = made_up()
    encoding = encoding_of(rows)
    points = encoding.points(rows, np.random.default_rng(0))
    assert points.shape == (600, encoding.width) == (600, 1 + 1 + 2 + 1 + 3)
    back = encoding.values(points)
    for at in (3, 4, 5):
        np.testing.assert_array_equal(back[:, at], rows.values[:, at])
    np.testing.assert_array_equal(np.isnan(back), np.isnan(rows.values))
    near = np.abs(back[:, :3] - rows.values[:, :3])
    assert np.nanquantile(near, 0.98) <= 1.0
