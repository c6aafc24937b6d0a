"""The bytes of an image file into the arrays of a model, strictly; and back, for the proof.

A row is `{"image": ...}`: the bytes of a DICOM, NIfTI, PNG, JPEG or TIFF file, in base64 where the
request is JSON. What does not fit the frozen schema is refused by row; nothing of the file is
repeated in the refusal.
"""

from __future__ import annotations

import base64
import binascii
import gzip
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.images import read_image
from bedside.adapters.nifti import nifti_bytes
from bedside.adapters.raster import write_png
from bedside.adapters.secondary_capture import write_secondary_capture
from bedside.core.dataset import Field, Schema
from bedside.core.errors import BedsideError, DataError
from bedside.core.image import Grid, affine_of
from bedside.core.spec import Plain
from bedside.modalities.images.decode import DTYPES, Placed
from bedside.modalities.images.decode import decode as place
from bedside.modalities.images.serve_explain import explain
from bedside.modalities.images.settings import Spec, frozen

__all__ = [
    "admitted", "decode", "explain", "made_up", "mask_file", "missing_share", "outlined", "placed",
    "rows", "stacked",
]  # fmt: skip

Arrays = Mapping[str, NDArray[np.generic]]
_MADE_UP = 48
"""Side of a made-up image where the schema leaves the size open."""


def decode(rows: Sequence[object], schema: Schema) -> Arrays:
    """`image` [N, C, *spatial] of N rows; DataError names the row.

    For a segmentation also `extent` and `spacing`, as in the head of the modality.
    """
    return stacked([placed(row, schema, index) for index, row in enumerate(rows)], schema)


def placed(row: object, schema: Schema, index: int) -> Placed:
    """One row's image as the model sees it, with the way back to its own geometry."""
    settings = frozen(schema)
    content = _content(row, index)
    try:
        found = place(read_image(content, expected=settings.expected), settings)
    except BedsideError as error:
        raise DataError(f"row {index}, {error.where}", expected=error.expected, found=error.found,
                        hint=error.hint) from error  # fmt: skip
    admitted(found, schema.fields[0], index)
    return found


def stacked(found: Sequence[Placed], schema: Schema) -> Arrays:
    """The arrays of several images; those of different sizes are padded at their far ends."""
    field = schema.fields[0]
    shapes = [item.array.shape for item in found]
    largest = tuple(max(shape[at] for shape in shapes) for at in range(len(shapes[0])))
    image = np.zeros((len(found), *largest), field.dtype)
    for row, item in enumerate(found):
        image[row] = item.array.min()
        image[row][tuple(slice(0, n) for n in item.array.shape)] = item.array
    if schema.target.type != "segmentation":
        return {"image": image}
    return {
        "image": image,
        "extent": np.array([shape[1:] for shape in shapes], np.int32),
        "spacing": np.array([item.spacing for item in found], np.float32),
    }


def rows(arrays: Arrays, schema: Schema) -> list[dict[str, Plain]]:
    """The JSON rows that `decode` turns into these arrays, bit for bit.

    Raises DataError for what no file can say: values that are not finite.
    """
    images = arrays["image"]
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise DataError("image", expected="values that a file can say", found="infinity or NaN")
    extents = arrays.get("extent")
    spacings = arrays.get("spacing")
    found: list[dict[str, Plain]] = []
    for row, image in enumerate(images):
        held = image
        if extents is not None:
            held = image[(slice(None), *(slice(0, int(n)) for n in extents[row]))]
        steps = None if spacings is None else tuple(float(step) for step in spacings[row])
        found.append({"image": _text(_file(held, frozen(schema), steps))})
    return found


def outlined(row: object, mask: NDArray[np.uint8], schema: Schema) -> Plain:
    """The mask [*spatial] of one row in the geometry of its own file, in base64.

    A volume's is NIfTI, a picture's PNG; values are 0 for background, k for the k-th structure.
    """
    suffix, content = mask_file(placed(row, schema, 0), mask)
    return {"format": suffix, "data": _text(content), "structures": [*schema.target.classes]}


def mask_file(found: Placed, mask: NDArray[np.uint8]) -> tuple[str, bytes]:
    """Suffix and content of a file that holds a mask of `found.array` on the image's own grid."""
    inside = tuple(slice(0, n) for n in found.array.shape[1:])
    own = found.restored(mask[inside])
    if own.ndim == 2:
        return ".png", write_png(own)
    grid = found.source
    if grid is None:
        shape = (int(own.shape[0]), int(own.shape[1]), int(own.shape[2]))
        grid = Grid(shape=shape, affine=affine_of(np.eye(4)[[2, 1, 0, 3]]))
    return ".nii.gz", gzip.compress(nifti_bytes(own, grid), mtime=0)


def missing_share(arrays: Arrays) -> NDArray[np.float64]:
    """[N] of zeros: an image is there, or the request is refused."""
    return np.zeros(len(arrays["image"]), np.float64)


def made_up(schema: Schema) -> dict[str, dict[str, Plain]]:
    """Images of no patient, by name: what golden answers are recorded for."""
    settings, field = frozen(schema), schema.fields[0]
    shape = (field.shape[0], *(n or _MADE_UP for n in field.shape[1:]))
    # What any file can say: colour has 8 bits, and no volume is in colour.
    low, high = (0, 255) if field.dtype == "uint8" or settings.colour else (-1000, 1000)
    ramp = np.linspace(low, high, shape[-1]) * np.ones(shape)
    noise = np.random.Generator(np.random.Philox(key=5)).uniform(low, high, shape)
    middle = np.full(shape, (low + high) / 2)
    ring = sum(np.ogrid[tuple(slice(-1, 1, n * 1j) for n in shape[1:])][at] ** 2
               for at in range(len(shape) - 1))  # fmt: skip
    disc = np.where(np.broadcast_to(ring, shape) < 0.25, high, low)
    if settings.kind == "volume":
        noise[:] = noise[0]
    forms = {"one grey": middle, "a ramp": ramp, "noise": noise, "a disc": disc}
    cases: dict[str, dict[str, Plain]] = {
        name: {"image": _text(_file(np.rint(values).astype(field.dtype), settings, None))}
        for name, values in forms.items()
    }
    shown = settings.kind == "picture" and settings.expected in ("", "OT")
    if shown and shape[0] == 1 and field.dtype in ("uint8", "int16"):
        content = write_secondary_capture(np.rint(disc[0]).astype(field.dtype))
        cases["a disc, as DICOM"] = {"image": _text(content)}
    return cases


def _content(row: object, index: int) -> bytes:
    if not isinstance(row, dict):
        raise _refused(index, "an object with the key 'image'", "something else")
    if set(row) != {"image"}:
        raise _refused(index, "the key 'image' only", "another, or none")
    held = row["image"]
    if isinstance(held, bytes):
        return held
    if not isinstance(held, str):
        raise _refused(index, "the bytes of a file, in base64", "something else")
    try:
        return base64.b64decode(held, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused(index, "the bytes of a file, in base64", "another text") from error


def admitted(found: Placed, field: Field, index: int) -> None:
    """DataError where an image is not of the frozen shape and form of numbers."""
    shape = found.array.shape
    if any(want not in (0, have) for want, have in zip(field.shape, shape, strict=True)):
        lengths = " x ".join("any" if n == 0 else str(n) for n in field.shape[1:])
        raise _refused(index, f"an image of {lengths}", " x ".join(str(n) for n in shape[1:]),
                       "the model learnt from images of that size only")  # fmt: skip
    if DTYPES.index(found.array.dtype.name) > DTYPES.index(field.dtype):
        raise _refused(index, f"values of the form {field.dtype}", found.array.dtype.name,
                       "was it exported with another number of bits?")  # fmt: skip


def _file(image: NDArray[np.generic], settings: Spec, spacing: tuple[float, ...] | None) -> bytes:
    """A file that holds an image [C, *spatial] exactly."""
    known = spacing is not None and bool(np.isfinite(spacing).all())
    if settings.kind == "picture" and len(image) == 3 and (image != image[:1]).any():
        return _in_colour(image)
    if settings.kind == "picture" and image.dtype == np.uint8 and not known:
        return write_png(image[0])
    if (image != image[:1]).any():
        raise DataError("image", expected="values that a file can say", found="a volume in colour")
    volume = image[0] if settings.kind == "volume" else image[0][None]
    steps = spacing or settings.spacing or (1.0,) * 3
    steps = tuple(step if np.isfinite(step) else 1.0 for step in steps)
    matrix = np.zeros((4, 4))
    for at, world in enumerate((2, 1, 0)):
        matrix[world, at] = (1.0, *steps)[-3:][at]
    matrix[3, 3] = 1.0
    shape = (int(volume.shape[0]), int(volume.shape[1]), int(volume.shape[2]))
    return nifti_bytes(volume, Grid(shape=shape, affine=affine_of(matrix)))


def _in_colour(image: NDArray[np.generic]) -> bytes:
    whole = np.clip(image, 0, 255).astype(np.uint8)
    if (whole != image).any():
        raise DataError(
            "image", expected="values that a file can say", found="colour of over 8 bits"
        )
    return write_png(np.moveaxis(whole, 0, -1))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _refused(index: int, expected: str, found: str, hint: str = "") -> DataError:
    return DataError(f"row {index}, image", expected=expected, found=found, hint=hint)
