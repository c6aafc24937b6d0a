"""The bytes of a file into the arrays of a model, strictly; and back, bit for bit."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping

import numpy as np
import pytest
from tests.modalities.images.made_sources import (
    CANARY,
    colour,
    grey,
    grid,
    matrix,
    png,
    schema_of,
    volume,
)

from bedside.adapters.images import read_image
from bedside.adapters.nifti import nifti_bytes
from bedside.adapters.raster import read_raster, write_png
from bedside.adapters.secondary_capture import write_secondary_capture
from bedside.core.dataset import Schema
from bedside.core.errors import DataError
from bedside.core.image import Grid, affine_of
from bedside.modalities.images import serve

GREY = schema_of((1, 12, 12), "uint8")


def text(content: bytes) -> dict[str, str]:
    return {"image": base64.b64encode(content).decode()}


def noise(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    rng = np.random.default_rng(3)
    if dtype == "float32":
        return rng.normal(size=shape).astype(np.float32)
    low, high = (0, 256) if dtype == "uint8" else (-3000, 3000)
    return rng.integers(low, high, shape).astype(dtype)


ROUND = {
    "grey of 8 bits": ((1, 9, 12), "uint8", {}),
    "colour": ((3, 9, 12), "uint8", {"colour": True}),
    "grey of 16 bits": ((1, 9, 12), "int16", {}),
    "grey of floats": ((1, 9, 12), "float32", {}),
    "a volume of 8 bits": ((1, 4, 9, 6), "uint8", {}),
    "a volume of 16 bits": ((1, 4, 9, 6), "int16", {}),
    "a volume of floats": ((1, 4, 9, 6), "float32", {}),
    "a volume with a spacing": ((1, 4, 9, 6), "int16", {"spacing": (2.5, 0.7, 0.7)}),
    "a volume of a size": ((1, 4, 9, 6), "int16", {"size": (4, 9, 6)}),
    "a picture of a size": ((1, 9, 12), "uint8", {"size": (9, 12)}),
    "everything as floats": ((1, 9, 12), "float32", {"decimals": "float32"}),
}


@pytest.mark.parametrize("name", ROUND)
def test_rows_come_back_bit_for_bit(name: str) -> None:
    shape, dtype, settings = ROUND[name]
    schema = schema_of(shape, dtype, **settings)
    images = np.stack([noise(shape, dtype), noise(shape, dtype)[..., ::-1]])
    found = serve.decode(serve.rows({"image": images}, schema), schema)
    assert set(found) == {"image"}
    assert found["image"].dtype == dtype
    assert found["image"].tobytes() == images.tobytes()


def test_colour_as_floats_comes_back_where_a_file_can_say_it() -> None:
    schema = schema_of((3, 12, 12), "float32", colour=True, decimals="float32")
    images = np.moveaxis(colour(1), -1, 0)[None].astype(np.float32)
    found = serve.decode(serve.rows({"image": images}, schema), schema)["image"]
    assert found.tobytes() == images.tobytes()
    for held in (images / 3, images - 256):
        with pytest.raises(DataError, match="a file can say"):
            serve.rows({"image": held}, schema)


def test_no_file_says_what_is_not_finite() -> None:
    schema = schema_of((1, 4, 4, 4), "float32")
    images = np.zeros((1, 1, 4, 4, 4), np.float32)
    images[0, 0, 1, 1, 1] = np.nan
    with pytest.raises(DataError, match="a file can say"):
        serve.rows({"image": images}, schema)


@pytest.mark.parametrize("shape", [(1, 0, 0, 0), (1, 0, 0)])
def test_rows_of_a_segmentation_keep_extent_and_spacing(shape: tuple[int, ...]) -> None:
    schema = schema_of(shape, "int16", task="segmentation")
    axes = len(shape) - 1
    whole = (5, 8, 7)[-axes:]
    images = np.zeros((2, 1, *whole), np.int16)
    extents = np.array([whole, [n - 1 for n in whole]], np.int32)
    for image, extent in zip(images, extents, strict=True):
        inside = (0, *(slice(0, int(n)) for n in extent))
        image[:] = -50
        image[inside] = noise(tuple(extent), "int16") // 100 + 30
    images[1][images[1] == -50] = images[1][0][tuple(slice(0, int(n)) for n in extents[1])].min()
    spacing = np.array([[2.0, 0.7, 0.65][-axes:], [1.0, 1.0, 1.0][-axes:]], np.float32)
    arrays = {"image": images, "extent": extents, "spacing": spacing}
    found = serve.decode(serve.rows(arrays, schema), schema)
    for name, values in arrays.items():
        assert found[name].tobytes() == values.tobytes(), name


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_dicom_and_png_give_the_same_arrays(dtype: str) -> None:
    values = np.abs(grey(4, dtype=dtype))
    schema = schema_of((1, 12, 12), dtype)
    other = write_png(values.astype(np.uint16) if dtype == "int16" else values)
    found = serve.decode(
        [text(write_secondary_capture(values)), text(other), {"image": other}], schema
    )["image"]
    assert found.dtype == dtype
    for one in found:
        np.testing.assert_array_equal(one[0], values)


def test_8_bits_are_admitted_where_16_were_learnt() -> None:
    found = serve.decode([text(png(1))], schema_of((1, 12, 12), "int16"))["image"]
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found[0, 0], grey(1))


def deep() -> bytes:
    return write_png(grey(1).astype(np.uint16) * 3)


REFUSED: Mapping[str, tuple[object, str]] = {
    "no object": ([CANARY], "an object"),
    "another key": ({CANARY: "x"}, "key 'image'"),
    "two keys": ({"image": "", CANARY: 1}, "key 'image'"),
    "no text": ({"image": [CANARY]}, "base64"),
    "null": ({"image": None}, "base64"),
    "not base64": ({"image": f"{CANARY}!"}, "base64"),
    "not ASCII": ({"image": "ü"}, "base64"),
    "empty": ({"image": ""}, "zero bytes"),
    "text": (text(CANARY.encode() * 9), "text"),
    "half a PNG": (text(png(1)[:-40]), "cannot"),
    "half a DICOM file": (text(write_secondary_capture(grey(1))[:-40]), "row 0"),
    "another size": (text(png(1, side=13)), "12 x 12"),
    "16 bits": (text(deep()), "number of bits"),
    "floats": (text(nifti_bytes(np.ones((1, 12, 12), np.float32), grid((1, 12, 12)))), "bits"),
    "a volume": (text(volume(1)), "a volume"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_by_row_and_not_repeated(name: str) -> None:
    row, expected = REFUSED[name]
    with pytest.raises(DataError, match=expected) as told:
        serve.decode([row], GREY)
    assert told.value.where.startswith("row 0, ")
    assert CANARY not in str(told.value)
    with pytest.raises(DataError, match="row 1, "):
        serve.decode([text(png(1)), row], GREY)


def test_colour_is_made_grey_where_grey_was_learnt() -> None:
    found = serve.decode([text(write_png(colour(1)))], GREY)["image"]
    assert found.shape == (1, 1, 12, 12)


def test_another_modality_is_refused() -> None:
    schema = schema_of((1, 12, 12), "uint8", expected="CR")
    with pytest.raises(DataError, match="modality CR"):
        serve.decode([text(write_secondary_capture(grey(1)))], schema)


FORMS = [
    ((1, 12, 12), "uint8", {}), ((3, 12, 12), "uint8", {"colour": True}),
    ((1, 12, 12), "int16", {"expected": "CR"}), ((1, 12, 12), "float32", {}),
    ((3, 12, 12), "float32", {"colour": True}), ((1, 6, 8, 7), "int16", {}),
    ((3, 6, 8, 7), "float32", {"colour": True}), ((1, 12, 12), "int16", {"window": (-50.0, 50.0)}),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "dtype", "settings"), FORMS)
def test_made_up_images_are_admitted(
    shape: tuple[int, ...], dtype: str, settings: dict[str, object]
) -> None:
    schema = schema_of(shape, dtype, **settings)
    cases = serve.made_up(schema)
    found = serve.decode(list(cases.values()), schema)["image"]
    assert found.shape == (len(cases), *shape)
    assert found.dtype == dtype
    assert len(np.unique(found[1])) > 1  # a ramp
    dicom = "a disc, as DICOM" in cases
    assert dicom == (len(shape) == 3 and dtype != "float32" and "expected" not in settings
                     and not settings.get("colour"))  # fmt: skip
    if dicom:
        disc = list(cases).index("a disc")
        np.testing.assert_array_equal(found[disc], found[-1])


def test_made_up_images_of_an_open_size() -> None:
    schema = schema_of((1, 0, 0, 0), "int16", task="segmentation")
    found = serve.decode(list(serve.made_up(schema).values()), schema)
    assert found["image"].shape[1:] == (1, 48, 48, 48)
    assert (found["extent"] == 48).all()


def test_a_mask_comes_back_in_its_own_volume() -> None:
    held = matrix((2.0, 1.0, 1.0))[:, [2, 0, 1, 3]].copy()
    held[:, 1] *= -1
    own = Grid(shape=(4, 5, 6), affine=affine_of(held))
    content = nifti_bytes(noise((4, 5, 6), "int16"), own)
    schema = schema_of((1, 0, 0, 0), "int16", task="segmentation", spacing=(1.0, 1.0, 1.0))
    placed = serve.placed(text(content), schema, 0)
    mask = np.zeros(tuple(n + 3 for n in placed.array.shape[1:]), np.uint8)  # padded, as in a batch
    inside = tuple(slice(0, n) for n in placed.array.shape[1:])
    mask[inside] = np.random.default_rng(1).integers(0, 3, placed.array.shape[1:])
    answer = serve.outlined(text(content), mask, schema)
    assert isinstance(answer, dict)
    assert answer["format"] == ".nii.gz"
    assert answer["structures"] == ["front", "back"]
    found = read_image(base64.b64decode(str(answer["data"])))
    assert found.grid is not None
    np.testing.assert_allclose(found.grid.matrix, own.matrix, atol=1e-5)
    np.testing.assert_array_equal(found.values, placed.restored(mask[inside]))


def test_a_mask_of_a_picture_is_a_png_of_its_size() -> None:
    schema = schema_of((1, 0, 0), "uint8", task="segmentation", size=(6, 6))
    mask = np.kron(np.eye(3, dtype=np.uint8), np.ones((2, 2), np.uint8))
    suffix, content = serve.mask_file(serve.placed(text(png(1)), schema, 0), mask)
    assert suffix == ".png"
    doubled = np.kron(mask, np.ones((2, 2), np.uint8))
    np.testing.assert_array_equal(read_raster(content).values, doubled)


def test_a_mask_of_a_volume_without_a_place_is_written_all_the_same() -> None:
    from bedside.core.image import Image
    from bedside.modalities.images.decode import decode
    from bedside.modalities.images.settings import Spec

    placed = decode(Image(values=np.zeros((3, 4, 5), np.int16)), Spec(kind="volume"))
    mask = np.random.default_rng(1).integers(0, 2, (3, 4, 5)).astype(np.uint8)
    _, content = serve.mask_file(placed, mask)
    np.testing.assert_array_equal(read_image(gzip.decompress(content)).values, mask)


def covered(schema: Schema, place: tuple[slice, ...]) -> tuple[dict[str, object], np.ndarray]:
    """The explanation by a model that looks at one place of a noisy image."""
    image = noise((1, 1, *schema.fields[0].shape[1:]), "uint8")
    image[(0, 0, *place)] = 250

    def compute(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        seen = np.asarray(arrays["image"], float)[(slice(None), 0, *place)]
        bright = seen.reshape(len(seen), -1).mean(axis=1, keepdims=True)
        return 1 / (1 + np.exp(-(bright - 170) / 30)), np.zeros(len(seen), np.float32)

    found = serve.explain({"image": image}, schema, compute)
    assert isinstance(found, dict)
    content = base64.b64decode(str(found["png"]))
    return found, read_raster(content).values.astype(float)


def test_an_explanation_is_bright_where_the_answer_comes_from() -> None:
    schema = schema_of((1, 24, 24), "uint8")
    place = (slice(4, 10), slice(12, 18))
    found, shown = covered(schema, place)
    assert found["method"] == "occlusion"
    assert found["slice"] is None
    assert shown.shape == tuple(found["shape"]) == (24, 24)  # type: ignore[arg-type]  # a list
    away = shown[16:, :6]
    assert shown[place].mean() > away.mean() + 20
    assert np.abs(away - 128).max() <= 3


def test_an_explanation_of_a_volume_is_its_slice_that_matters() -> None:
    found, shown = covered(
        schema_of((1, 12, 12, 12), "uint8"), (slice(8, 11), slice(2, 6), slice(2, 6))
    )
    assert 7 <= int(str(found["slice"])) <= 11
    assert shown.shape == (12, 12)


def test_a_mask_needs_no_explanation() -> None:
    schema = schema_of((1, 0, 0), "uint8", task="segmentation")
    assert serve.explain({"image": np.zeros((1, 1, 8, 8))}, schema, lambda _: (_, _)) is None
