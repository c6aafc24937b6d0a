"""From an image to the array that models see, and a mask back to the image's own geometry."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.modalities.images.made_sources import colour, grey, grid, matrix

from bedside.adapters.images import read_image
from bedside.adapters.nifti import nifti_bytes
from bedside.adapters.raster import write_png
from bedside.adapters.secondary_capture import write_secondary_capture
from bedside.core.errors import DataError
from bedside.core.image import Grid, Image, affine_of
from bedside.modalities.images.decode import LARGEST, decode, placed_mask, target_grid
from bedside.modalities.images.settings import Spec

VOLUME = Spec(kind="volume")


def picture(values: np.ndarray, **more: object) -> Image:
    return Image(values=values, colour=values.ndim == 3 and values.shape[-1] == 3, **more)  # type: ignore[arg-type]  # fields of Image


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_a_picture_of_the_right_form_stays_as_it_is(dtype: str) -> None:
    values = grey(1, dtype=dtype)
    found = decode(picture(values), Spec())
    assert found.array.dtype == dtype
    np.testing.assert_array_equal(found.array, values[None])
    assert np.isnan(found.spacing).all()


@pytest.mark.parametrize(
    ("given", "becomes"),
    [("bool", "uint8"), ("int8", "int16"), ("uint16", "float32"), ("int32", "float32"),
     ("float16", "float32"), ("float64", "float32")],
)  # fmt: skip
def test_other_numbers_take_the_form_of_their_type(given: str, becomes: str) -> None:
    values = np.array([[0, 1], [1, 1]]).astype(given)
    found = decode(picture(values), Spec()).array
    assert found.dtype == becomes
    np.testing.assert_array_equal(found[0], values)
    assert decode(picture(values), Spec(decimals="float32")).array.dtype == np.float32


def test_colour_becomes_grey_and_grey_becomes_colour_as_asked() -> None:
    values = colour(2)
    found = decode(picture(values), Spec(colour=True)).array
    np.testing.assert_array_equal(found, np.moveaxis(values, -1, 0))
    luma = decode(picture(values), Spec()).array
    exact = values.astype(float) @ [0.299, 0.587, 0.114]
    assert luma.dtype == np.uint8
    assert np.abs(luma[0] - exact).max() <= 0.5 + 1e-9
    thrice = decode(picture(grey(3)), Spec(colour=True)).array
    assert thrice.shape == (3, 12, 12)
    assert (thrice == thrice[:1]).all()


def test_a_window_is_a_clip_in_the_units_of_the_image() -> None:
    values = np.array([[-2000, -100], [50, 3000]], np.int16)
    found = decode(picture(values), Spec(window=(-100.0, 300.0))).array
    assert found.dtype == np.int16
    assert found[0].tolist() == [[-100, -100], [50, 300]]
    fine = decode(picture(values), Spec(window=(-0.5, 0.25))).array
    assert fine.dtype == np.float32
    assert fine[0].tolist() == [[-0.5, -0.5], [0.25, 0.25]]
    dark = decode(picture(grey(1)), Spec(window=(-100.0, 300.0))).array
    np.testing.assert_array_equal(dark[0], grey(1))


def test_a_resized_picture_keeps_its_millimetres() -> None:
    image = picture(np.full((10, 20), 7, np.uint8), spacing=(0.5, 0.25))
    found = decode(image, Spec(size=(5, 5)))
    assert found.array.tolist() == np.full((1, 5, 5), 7).tolist()
    assert found.spacing == (1.0, 1.0)
    assert decode(image, Spec()).spacing == (0.5, 0.25)


def test_one_slice_of_a_file_is_a_picture_and_knows_its_spacing() -> None:
    values = grey(4, dtype="int16")[None]
    content = nifti_bytes(values, grid((1, 12, 12), (5.0, 0.5, 0.25)))
    found = decode(read_image(content), Spec())
    np.testing.assert_array_equal(found.array, values)
    assert found.spacing == (0.5, 0.25)


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_a_picture_is_the_same_as_dicom_and_as_a_file_of_pixels(dtype: str) -> None:
    values = np.abs(grey(5, dtype=dtype))
    other = write_png(values.astype(np.uint16) if dtype == "int16" else values)
    one = decode(read_image(write_secondary_capture(values)), Spec())
    two = decode(read_image(other), Spec())
    assert one.array.dtype == two.array.dtype == dtype
    np.testing.assert_array_equal(one.array, two.array)
    np.testing.assert_array_equal(one.array[0], values)


TURNS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


def turned(order: tuple[int, ...], signs: tuple[int, ...]) -> tuple[np.ndarray, Grid]:
    """The same volume, laid along other axes and the other way round, and where it then lies."""
    values, own = body(), matrix((3.0, 1.0, 2.0))
    shape = np.array(values.shape)
    kept = own[:, [*order, 3]].copy()
    laid = values.transpose(order)
    for axis, sign in enumerate(signs):
        if sign < 0:
            kept[:, 3] += kept[:, axis] * (shape[order[axis]] - 1)
            kept[:, axis] *= -1
    laid = np.flip(laid, [axis for axis, sign in enumerate(signs) if sign < 0])
    depth, rows, columns = laid.shape
    return np.ascontiguousarray(laid), Grid(shape=(depth, rows, columns), affine=affine_of(kept))


def body() -> np.ndarray:
    return np.random.default_rng(6).integers(-500, 500, (3, 4, 5)).astype(np.int16)


@pytest.mark.parametrize(("order", "signs"), TURNS)
def test_a_volume_lies_as_the_patient_does_however_its_file_lies(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    values, where = turned(order, signs)
    found = decode(Image(values=values, grid=where), VOLUME)
    np.testing.assert_array_equal(found.array, body()[None])
    assert found.spacing == (3.0, 1.0, 2.0)
    assert found.seen is not None
    np.testing.assert_allclose(found.seen.matrix, matrix((3.0, 1.0, 2.0)), atol=1e-9)
    mask = np.random.default_rng(7).integers(0, 3, values.shape).astype(np.uint8)
    placed = placed_mask(mask, found)
    assert placed.shape == body().shape
    np.testing.assert_array_equal(found.restored(placed), mask)


def test_a_mask_comes_back_from_another_spacing_and_size() -> None:
    values, where = turned((2, 0, 1), (1, -1, 1))
    found = decode(
        Image(values=values, grid=where),
        Spec(kind="volume", spacing=(1.0, 0.5, 1.0), size=(12, 12, 12)),
    )
    assert found.array.shape == (1, 12, 12, 12)
    assert found.spacing == (1.0, 0.5, 1.0)
    mask = np.random.default_rng(8).integers(0, 3, values.shape).astype(np.uint8)
    back = found.restored(placed_mask(mask, found))  # finer and larger: nothing is lost
    assert back.shape == mask.shape
    np.testing.assert_array_equal(back, mask)


def test_a_mask_of_a_cropped_volume_is_background_beyond_the_crop() -> None:
    values = np.ones((6, 6, 6), np.int16)
    found = decode(Image(values=values, grid=grid((6, 6, 6))), Spec(kind="volume", size=(2, 4, 6)))
    assert found.array.shape == (1, 2, 4, 6)
    back = found.restored(np.ones((2, 4, 6), np.uint8))
    assert back.sum() == 2 * 4 * 6
    assert back[2:4, 1:5].all()


def test_without_a_place_the_middle_is_taken_and_given_back() -> None:
    values = np.arange(6 * 5 * 4, dtype=np.int16).reshape(6, 5, 4)
    found = decode(Image(values=values), Spec(kind="volume", size=(4, 5, 6)))
    assert (found.array[0, :, :, 1:5] == values[1:5]).all()
    assert (found.array[0, :, :, [0, 5]] == 0).all()
    mask = np.zeros((6, 5, 4), np.uint8)
    mask[1:5] = 2
    np.testing.assert_array_equal(found.restored(placed_mask(mask, found)), mask)


def test_a_mask_of_a_picture_is_resized_both_ways_by_nearest() -> None:
    mask = np.repeat(np.repeat(np.eye(3, dtype=np.uint8) * 2, 2, 0), 2, 1)
    found = decode(picture(grey(9, side=6)), Spec(size=(12, 12)))
    np.testing.assert_array_equal(found.restored(placed_mask(mask, found)), mask)


@pytest.mark.parametrize(
    ("values", "settings", "expected"),
    [
        (np.zeros((4, 4, 4), np.int16), Spec(), "a picture"),
        (np.zeros((4, 4), np.int16), VOLUME, "a volume"),
        (np.zeros((2, 4, 4, 4), np.int16), VOLUME, "a volume"),
        (np.zeros((0, 4), np.uint8), Spec(), "at least one pixel"),
        (np.array([[0.0, np.nan]]), Spec(), "finite"),
        (np.array([[0.0, -np.inf]], np.float32), Spec(), "finite"),
        (np.array([[0.0, 1e300]]), Spec(), "range of float32"),
        (np.array([["KANARIENVOGEL"]]), Spec(), "numbers"),
        (np.array([[1j]]), Spec(), "numbers"),
        (np.array([[0]], "datetime64[s]"), Spec(), "numbers"),
        (np.zeros((4, 4, 4)), Spec(kind="volume", spacing=(1.0, 1.0, 1.0)), "size of its voxels"),
        (np.zeros((4, 4)), Spec(size=(4, 4, 4)), "2 lengths"),
        (np.zeros((4, 4)), Spec(size=(0, 4)), "2 lengths"),
        (np.zeros((4, 4, 4)), Spec(kind="volume", size=(4, 4)), "3 lengths"),
    ],
)
def test_what_cannot_be_had_in_that_form_is_refused(
    values: np.ndarray, settings: Spec, expected: str
) -> None:
    with pytest.raises(DataError, match=expected) as told:
        decode(Image(values=values), settings)
    assert "KANARIENVOGEL" not in str(told.value)


def test_a_broken_spacing_does_not_fill_the_memory() -> None:
    huge = grid((40, 40, 40), (1000.0, 1000.0, 1000.0))
    assert LARGEST < 40_000**3
    with pytest.raises(DataError, match="at most"):
        decode(
            Image(values=np.zeros((40, 40, 40), np.uint8), grid=huge),
            Spec(kind="volume", spacing=(1.0, 1.0, 1.0)),
        )


def test_the_middle_stays_the_middle_on_another_grid() -> None:
    own = grid((7, 9, 11), (3.0, 1.0, 1.0))
    there = target_grid(own, Spec(kind="volume", spacing=(1.5, 2.0, 1.0), size=(15, 5, 10)))
    assert there.shape == (15, 5, 10)
    middles = [(item.matrix @ [*((n - 1) / 2 for n in item.shape), 1])[:3] for item in (own, there)]
    np.testing.assert_allclose(middles[0], middles[1], atol=1.0)  # half a voxel of each axis
