"""Points lead back to the rows."""

from __future__ import annotations

import numpy as np
from tests.methods.synthesis.made_up import made_up

from bedside.methods.synthesis.encoding import encoding_of
from bedside.methods.synthesis.mixed import Column, Mixed


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
    assert np.nanquantile(near, 0.9) <= 1.0, "but for the smoother shares"
    assert np.nanquantile(near, 0.98) <= 3.0


def test_what_follows_from_others_has_no_coordinate_and_comes_back() -> None:
    rows = made_up()
    old = np.where(rows.values[:, 0] > 70, 1.0, 0.0)
    more = Mixed(columns=(*rows.columns, Column(name="old")),
                 values=np.column_stack([rows.values, old]))  # fmt: skip
    encoding = encoding_of(more)
    assert encoding.width == encoding_of(rows).width
    back = encoding.values(encoding.points(more, np.random.default_rng(0)))
    np.testing.assert_array_equal(back[:, 7], np.where(back[:, 0] > 70, 1.0, 0.0))


def test_blurred_points_are_read_in_the_shares_of_the_rows() -> None:
    rows, rng = made_up(2000), np.random.default_rng(1)
    encoding = encoding_of(rows)
    real = encoding.points(rows, rng)
    blurred = [
        (0.6 * real + 0.3 + rng.normal(0, 0.5, real.shape)).astype(np.float32) for _ in range(4)
    ]
    drawn = np.concatenate(blurred)
    apart = []
    for way in (encoding, encoding.calibrated(drawn, real)):
        back = way.values(drawn)
        gap = np.isnan(back[:, 2]).mean() - np.isnan(rows.values[:, 2]).mean()
        shares = [
            np.bincount(of[:, 4].astype(int), minlength=4) / len(of) for of in (back, rows.values)
        ]
        zero = (back[:, 1] == 0).mean() - (rows.values[:, 1] == 0).mean()
        apart.append(abs(gap) + np.abs(shares[0] - shares[1]).sum() + abs(zero))
    assert apart[1] < 0.03 < apart[0]
