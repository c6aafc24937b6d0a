"""Resampling: against other implementations, exact where nothing moves, and there and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from tests.methods.masks.made_up import ball, blobs

from bedside.core.errors import DataError
from bedside.core.image import Grid, affine_of
from bedside.methods.resample import mask_on, resample, resize, to_spacing


def grid(shape, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), turn=None):
    """Slices along z, rows along y, columns along x, unless turned."""
    matrix = np.eye(4)
    matrix[:3, :3] = (np.eye(3)[::-1] if turn is None else turn) * np.asarray(spacing)
    matrix[:3, 3] = origin
    return Grid(shape=shape, affine=affine_of(matrix))


def rotation(degrees):
    a = np.deg2rad(degrees)
    turned = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    return np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]]) @ turned


def smooth(shape, seed=0, sigma=2.0):
    random = np.random.default_rng(seed).normal(size=shape)
    return ndimage.gaussian_filter(random, sigma).astype(np.float32)


def by_scipy(values, source, target, order):
    """The same place in the source for every target voxel, edges extended."""
    matrix = np.linalg.inv(source.matrix) @ target.matrix
    return ndimage.affine_transform(
        values, matrix[:3, :3], matrix[:3, 3], target.shape, order=order, mode="nearest"
    )


FINE = [
    grid((22, 30, 35), (0.5, 0.5, 0.4), (0.1, 0.3, 0.2)),
    grid((10, 12, 14), (1.0, 1.0, 1.0), (0.5, 0.25, 0.75)),
    grid((12, 12, 12), (0.9, 0.9, 0.9), (1, 1, 2), rotation(20)),
]


@pytest.mark.parametrize("target", FINE)
@pytest.mark.parametrize("order", ["linear", "nearest"])
def test_onto_a_grid_that_is_no_coarser_it_is_plain_interpolation(target, order):
    source, values = grid((12, 16, 15)), smooth((12, 16, 15))
    found = resample(values, source, target, order=order)
    expected = by_scipy(values, source, target, int(order == "linear"))
    inside = resample(np.ones_like(values), source, target, order="nearest") == 1
    assert inside.mean() > 0.8
    assert found[inside] == pytest.approx(expected[inside], abs=1e-5)
    assert (found[~inside] == 0).all()


def by_torch(values, size):
    """Images' own anti-aliased bilinear resize."""
    lead = torch.from_numpy(np.asarray(values, np.float64))[None, None]
    scaled = torch.nn.functional.interpolate(
        lead, size=size, mode="bilinear", antialias=True, align_corners=False
    )
    return scaled[0, 0].numpy()


@settings(max_examples=60, deadline=None)
@given(shape=st.tuples(st.integers(2, 30), st.integers(2, 30)),
       size=st.tuples(st.integers(2, 30), st.integers(2, 30)))  # fmt: skip
def test_resize_agrees_with_the_anti_aliased_resize_of_torch(shape, size):
    values = np.random.default_rng(1).normal(size=shape)
    assert resize(values, size) == pytest.approx(by_torch(values, size), abs=1e-5)


def test_an_axis_of_one_value_changes_nothing_else():
    values = np.random.default_rng(1).normal(size=(7, 1))
    wide = resize(np.repeat(values, 4, axis=1), (10, 2))
    assert resize(values, (10, 3)) == pytest.approx(np.repeat(wide[:, :1], 3, axis=1))
    assert resize(wide, (1, 2)) == pytest.approx(by_torch(wide, (1, 2)))


def test_a_volume_is_resized_axis_by_axis():
    values = np.random.default_rng(1).normal(size=(5, 24, 21))
    planes = np.stack([by_torch(plane, (11, 30)) for plane in values])
    expected = np.stack([by_torch(planes[:, i], (3, 30)) for i in range(11)], axis=1)
    assert resize(values, (3, 11, 30)) == pytest.approx(expected, abs=1e-5)


def test_colours_are_resized_alike_and_types_stay():
    picture = np.random.default_rng(0).integers(0, 256, (33, 41, 3)).astype(np.uint8)
    found = resize(picture, (16, 20))
    assert found.dtype == np.uint8
    for colour in range(3):
        expected = np.clip(np.floor(by_torch(picture[..., colour], (16, 20)) + 0.5), 0, 255)
        difference = np.abs(found[..., colour].astype(int) - expected)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.01


def test_shrinking_keeps_the_mean_and_does_not_fold_stripes_over():
    stripes = np.tile(np.array([0, 200], np.uint8), (64, 32))
    found = resize(stripes, (16, 16))
    assert (np.abs(found[:, 1:-1].astype(int) - 100) <= 1).all()
    source = grid((4, 64, 64))
    target = to_spacing(source, (1.0, 4.0, 4.0))
    moved = resample(np.stack([stripes] * 4), source, target, order="linear")
    assert (np.abs(moved[..., 1:-1].astype(int) - 100) <= 1).all()


def test_stripes_do_not_fold_over_on_oblique_grids_either():
    source = grid((40, 40, 40))
    stripes = np.indices(source.shape)[2] % 2 * 200.0
    coarse = grid((6, 6, 6), (4.0, 4.0, 4.0), (10.0, 10.0, 10.0), rotation(10))
    found = resample(stripes, source, coarse, order="linear")
    plain = by_scipy(stripes, source, coarse, 1)
    inside = resample(np.ones_like(stripes), source, coarse, order="nearest") == 1
    assert np.abs(found[inside] - 100).max() < 25
    assert np.abs(plain[inside] - 100).max() > 60


TURNS = [
    grid((5, 6, 7), (2.0, 0.7, 0.3), (-3.0, 2.0, 100.0)),
    grid((5, 6, 7), (1.0, 1.0, 1.0), (0, 0, 0), rotation(33)),
]


@pytest.mark.parametrize("source", TURNS)
@pytest.mark.parametrize("order", ["linear", "nearest"])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16, np.uint8, np.bool_])
def test_equal_grids_give_back_the_values_themselves(source, order, kind):
    values = np.random.default_rng(0).integers(0, 2, source.shape).astype(kind)
    assert resample(values, source, source, order=order) is values
    stored = Grid(shape=source.shape, affine=affine_of(source.matrix.astype(np.float32)))
    assert resample(values, source, stored, order=order) is values


@pytest.mark.parametrize("source", TURNS)
@pytest.mark.parametrize("order", ["linear", "nearest"])
def test_right_angles_flips_and_whole_shifts_move_values_untouched(source, order):
    values = np.random.default_rng(0).normal(size=source.shape).astype(np.float32)
    change = np.array([[0, 0, -1.0, 4.0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    # Target axes: rows, columns, slices from the last to the first.
    target = Grid(shape=(6, 7, 5), affine=affine_of(source.matrix @ change))
    found = resample(values, source, target, order=order)
    assert (found == values[::-1].transpose(1, 2, 0)).all()
    assert (resample(found, target, source, order=order) == values).all()
    change = np.eye(4)
    change[:3, 3] = (1, -2, 0)
    shifted = Grid(shape=(5, 6, 7), affine=affine_of(source.matrix @ change))
    found = resample(values, source, shifted, order=order, outside=-5.0)
    assert (found[:-1, 2:] == values[1:, :-2]).all()
    assert (found[-1] == -5).all()
    assert (found[:, :2] == -5).all()


SPACINGS = st.tuples(*[st.floats(0.3, 4.0)] * 3)


@settings(max_examples=60, deadline=None)
@given(spacing=SPACINGS, wanted=SPACINGS, shape=st.tuples(*[st.integers(1, 20)] * 3))
def test_another_spacing_covers_the_same_place_and_hardly_more(spacing, wanted, shape):
    old = grid(shape, spacing, (5.0, -7.0, 2.0), rotation(12))
    new = to_spacing(old, wanted)
    assert new.spacing == pytest.approx(wanted, abs=2e-3)
    middles = [one.matrix @ [*(np.array(one.shape) - 1) / 2, 1] for one in (old, new)]
    assert middles[0] == pytest.approx(middles[1], abs=1e-9)
    more = np.array(new.shape) * new.spacing - np.array(old.shape) * old.spacing
    assert (more > -0.01).all()
    assert (more < np.array(wanted) + 1e-6).all()
    # No voxel of either grid is outside of the other.
    for first, second in ((old, new), (new, old)):
        moved = resample(np.ones(first.shape, np.uint8), first, second, order="nearest")
        assert moved.min() == 1


def test_the_same_spacing_is_the_same_grid():
    old = grid((10, 20, 30), (3.0, 0.7, 0.7), (1, 2, 3), rotation(5))
    assert to_spacing(old, (3.0, 0.7, 0.7)) is old
    assert to_spacing(old, (None, None, None)) is old
    assert to_spacing(old, (None, 1.4, 0.7)).shape == (10, 10, 30)


@pytest.mark.parametrize("wanted", [(1.0, 1.0, 1.0), (2.0, 0.6, 0.8), (0.5, 1.9, 1.1)])
@pytest.mark.parametrize("turn", [None, rotation(15)])
def test_a_mask_comes_back_within_half_a_voxel(wanted, turn):
    """There and back: what changes lies within half of the coarser step of the border."""
    source = grid((14, 40, 40), (1.5, 0.7, 0.7), (4, 5, 6), turn)
    mask = ball(source.shape, (7, 20, 19), 8.0, source.spacing)
    target = to_spacing(source, wanted)
    there = resample(mask, source, target, order="nearest")
    back = resample(there, target, source, order="nearest")
    changed = back != mask
    away = [ndimage.distance_transform_edt(m, sampling=source.spacing) for m in (mask, 1 - mask)]
    farthest = np.maximum(*away)[changed].max() if changed.any() else 0.0
    assert farthest <= np.linalg.norm(np.maximum(wanted, source.spacing))
    assert 2 * (back & mask).sum() / (back.sum() + mask.sum()) > 0.9
    middles = [ndimage.center_of_mass(m) for m in (mask, back)]
    assert np.abs(np.subtract(*middles)).max() < 0.5


def test_masks_hold_no_value_that_they_did_not():
    source = grid((14, 20, 20), (1.5, 0.7, 0.7))
    mask = blobs(source.shape, phase=0.3) * 7
    found = resample(mask, source, to_spacing(source, (0.9, 0.9, 0.9)), order="nearest")
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 7}


def test_probabilities_come_back_as_the_likeliest_structure():
    source = grid((21, 24, 24), (1.0, 1.0, 1.0), (2, 3, 4))
    inside = ball(source.shape, (10, 12, 11), 9).astype(np.float32)
    coarse = to_spacing(source, (2.0, 2.0, 2.0))
    probabilities = resample(np.stack([1 - inside, inside]), source, coarse, order="linear")
    back = mask_on(probabilities, coarse, source)
    assert back.dtype == np.uint8
    assert 2 * (back * inside).sum() / (back.sum() + inside.sum()) > 0.95
    same = mask_on(np.stack([1 - inside, inside]), source, source)
    assert (same == inside).all()
    far = grid((3, 3, 3), (1.0, 1.0, 1.0), (500, 0, 0))
    assert (mask_on(probabilities, coarse, far) == 0).all()


def test_channels_are_resampled_alike_and_whole_numbers_are_rounded():
    source, target = grid((6, 7, 8)), grid((5, 6, 7), (1.0, 1.0, 1.0), (0.5, 0.5, 0.5))
    values = np.random.default_rng(0).integers(-1000, 1000, (2, 6, 7, 8)).astype(np.int16)
    found = resample(values, source, target, order="linear")
    assert found.dtype == np.int16
    for one, channel in zip(found, values, strict=True):
        exact = by_scipy(channel.astype(np.float64), source, target, 1)
        assert (one == np.floor(exact + 0.5)).all()


def test_a_broken_voxel_spreads_no_further_than_its_neighbours():
    values = np.ones((1, 9))
    values[0, 4] = np.nan
    assert np.isnan(resize(values, (1, 18))).sum() <= 4


CUBE = np.zeros((3, 4, 5), np.uint8)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: resample(CUBE, grid((3, 4, 6)), grid((3, 4, 5)), order="linear"), "values"),
        (lambda: resample(CUBE[0], grid((3, 4, 5)), grid((3, 4, 5)), order="linear"), "values"),
        (
            lambda: resample(CUBE, grid((3, 4, 5), (1, 0, 1)), grid((3, 4, 5)), order="nearest"),
            "three independent axes",
        ),
        (
            lambda: resample(
                CUBE, grid((3, 4, 5)), grid((3, 4, 5), (1, np.nan, 1)), order="nearest"
            ),
            "three independent axes",
        ),
        (lambda: to_spacing(grid((3, 4, 5)), (1.0, 0.0, 1.0)), "spacing"),
        (lambda: to_spacing(grid((3, 4, 5)), (1.0, 1.0)), "spacing"),
        (lambda: to_spacing(grid((3, 4, 5)), (1.0, 1.0, float("inf"))), "spacing"),
        (lambda: resize(CUBE, (0, 4)), "size"),
        (lambda: resize(CUBE, (1, 2, 3, 4)), "size"),
        (lambda: resize(CUBE[:0], (1, 2)), "size"),
        (lambda: resize(CUBE, ()), "size"),
    ],
)
def test_what_cannot_be_resampled_is_said(act, says):
    with pytest.raises(DataError, match=says):
        act()
