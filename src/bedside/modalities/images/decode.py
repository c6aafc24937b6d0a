"""From an image to the array that models see: the one function that prepare, serve and score share.

A volume that knows its place is moved once, onto a grid in the patient's axes, of the spacing and
size that the settings ask for; where only axes change, values move untouched. A picture is resized.
Then colour, the window and the form of the numbers. What was done is kept as `Placed`, so that a
mask comes back in the image's own geometry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.core.image import Grid, Image, affine_of
from bedside.methods.resample import resample, resize, to_spacing
from bedside.modalities.images.settings import Spec

Values = NDArray[np.generic]
DTYPES = ("uint8", "int16", "float32")
LARGEST = 1 << 30
"""Voxels of a volume on the grid that is asked for; more is taken for a broken spacing."""
GREY = np.array([0.299, 0.587, 0.114])
"""Luma of red, green and blue (ITU-R BT.601)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An image as models see it, and the way back to its own geometry."""

    array: Values
    """[C, *spatial] in one of DTYPES."""
    spacing: tuple[float, ...]
    """mm along the spatial axes of `array`; NaN where unknown."""
    native: tuple[int, ...]
    """Spatial shape of the image as it came."""
    source: Grid | None
    """Of a volume as it came; None where it does not say."""
    seen: Grid | None
    """Of `array`."""
    made_up: bool = False
    """Whether its file says that `bedside synthesize` made it."""

    def restored(self, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A mask of `array`'s spatial shape on the image's own grid, by nearest value."""
        if self.source is not None and self.seen is not None:
            return resample(mask, self.seen, self.source, order="nearest")
        if len(self.native) == 3:
            return np.asarray(_fitted(mask, self.native, 0), np.uint8)
        return resize(mask, self.native, order="nearest")


def decode(image: Image, settings: Spec) -> Placed:
    """The image as the settings ask for it; DataError where it cannot be had in that form."""
    rank = 3 if settings.kind == "volume" else 2
    flat = _flat(image, rank)
    _check_numbers(flat)
    values = _channels(flat, settings, rank)
    source = image.grid if rank == 3 else None
    seen = None if source is None else target_grid(source, settings)
    if source is not None and seen is not None:
        low = float(values.min())
        moved: Values = resample(values, source, seen, order="linear", outside=low)
    elif settings.spacing:
        raise DataError("image", expected="a file that says the size of its voxels", found="none",
                        hint="leave out spacing in [images]")  # fmt: skip
    else:
        moved = _sized(values, settings)
    if settings.window is not None:
        moved = _clipped(moved, settings.window)
    return Placed(
        array=np.ascontiguousarray(_formed(moved, settings)), source=source, seen=seen,
        native=values.shape[1:], spacing=_steps(image, seen, moved.shape[1:]),
        made_up=image.made_up,
    )  # fmt: skip


def placed_mask(mask: NDArray[np.uint8], placed: Placed) -> NDArray[np.uint8]:
    """A mask of the image's own shape, in the shape of `placed.array`, by nearest value."""
    if placed.source is not None and placed.seen is not None:
        return resample(mask, placed.source, placed.seen, order="nearest")
    shape = placed.array.shape[1:]
    if len(shape) == 3:
        return np.asarray(_fitted(mask, shape, 0), np.uint8)
    return resize(mask, shape, order="nearest")


def _check_numbers(values: Values) -> None:
    if values.dtype.kind not in "biuf":
        raise DataError("image", expected="numbers", found="values of another kind")
    if values.dtype.kind == "f" and not (np.abs(values) <= np.finfo(np.float32).max).all():
        raise DataError("image", expected="finite values, within the range of float32",
                        found="NaN, infinity or larger ones in some voxels")  # fmt: skip


def target_grid(source: Grid, settings: Spec) -> Grid:
    """Where the array of a volume lies: the patient's axes, the spacing and the size asked for."""
    grid = _in_patient_axes(source)
    if settings.spacing:
        grid = to_spacing(grid, settings.spacing)
    if not settings.size:
        if math.prod(grid.shape) > LARGEST:
            raise DataError("image", expected=f"at most {LARGEST} voxels of the spacing asked for",
                            found="more", hint="is the file's own spacing right?")  # fmt: skip
        return grid
    _check_size(settings, 3)
    matrix = grid.matrix
    shift = [(have - want) // 2 for have, want in zip(grid.shape, settings.size, strict=True)]
    matrix[:3, 3] += matrix[:3, :3] @ np.asarray(shift, np.float64)
    depth, height, width = settings.size
    return Grid(shape=(depth, height, width), affine=affine_of(matrix))


def _in_patient_axes(grid: Grid) -> Grid:
    """The grid with its axes along z, y and x, each rising, as near as they come."""
    matrix = grid.matrix
    steps = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    rest, order = [0, 1, 2], []
    for world in (2, 1, 0):
        axis = max(rest, key=lambda at: abs(float(steps[world, at])))  # used at once
        rest.remove(axis)
        order.append(axis)
    shape = [grid.shape[axis] for axis in order]
    turned = matrix[:, [*order, 3]]
    for at, world in enumerate((2, 1, 0)):
        if turned[world, at] < 0:
            turned[:, 3] += turned[:, at] * (shape[at] - 1)
            turned[:, at] *= -1
    return Grid(shape=(shape[0], shape[1], shape[2]), affine=affine_of(turned))


def _flat(image: Image, rank: int) -> Values:
    """Values of the rank asked for, colour last."""
    values = image.values
    own = values.ndim - int(image.colour)
    if own == 3 and rank == 2 and values.shape[0] == 1:
        first: Values = values[0]
        return first
    if own != rank:
        words = {2: "a picture", 3: "a volume"}
        raise DataError(
            "image", expected=words[rank], found=words.get(own, f"{own} axes"),
            hint='say kind = "volume" in [images]' if own == 3 else "is it one slice of a series?",
        )  # fmt: skip
    if 0 in values.shape:
        raise DataError("image", expected="at least one pixel", found="none")
    return values


def _channels(values: Values, settings: Spec, rank: int) -> Values:
    """[C, *spatial], C = 1 or 3."""
    colour = values.ndim > rank
    if settings.colour:
        return np.stack([*np.moveaxis(values, -1, 0)] if colour else [values] * 3)
    if not colour:
        return np.stack([values])
    grey = np.asarray(values, np.float64) @ GREY
    whole = values.dtype.kind in "iu"
    return np.stack([np.rint(grey).astype(values.dtype) if whole else grey.astype(np.float32)])


def _sized(channels: Values, settings: Spec) -> Values:
    """Without a grid: pictures are resized, the middle of volumes is cropped or padded."""
    if not settings.size:
        return channels
    rank = channels.ndim - 1
    _check_size(settings, rank)
    if rank == 3:
        low = channels.min()
        return np.stack([_fitted(part, settings.size, low) for part in channels])
    return np.stack([resize(part, settings.size) for part in channels])


def _check_size(settings: Spec, rank: int) -> None:
    if len(settings.size) != rank or min(settings.size) < 1:
        raise DataError("[images] size", expected=f"{rank} lengths of 1 or more",
                        found=str(list(settings.size)))  # fmt: skip


def _fitted(values: NDArray[np.generic], size: tuple[int, ...], fill: object) -> Values:
    """The middle, cropped or padded to `size`."""
    found = np.full(size, fill, values.dtype)
    into, taken = [], []
    for have, want in zip(values.shape, size, strict=True):
        shift = (have - want) // 2
        taken.append(slice(max(shift, 0), max(shift, 0) + min(have, want)))
        into.append(slice(max(-shift, 0), max(-shift, 0) + min(have, want)))
    found[tuple(into)] = values[tuple(taken)]
    return found


def _clipped(channels: Values, window: tuple[float, float]) -> Values:
    if channels.dtype.kind in "iu" and all(float(end).is_integer() for end in window):
        held = np.iinfo(channels.dtype.name)
        low, high = max(int(window[0]), held.min), min(int(window[1]), held.max)
        return np.clip(channels, low, max(low, high))
    return np.clip(channels.astype(np.float32), *window)


def _formed(channels: Values, settings: Spec) -> Values:
    """In one of DTYPES, by the type alone: the same for every image of a kind."""
    if settings.decimals == "float32":
        return channels.astype(np.float32)
    if channels.dtype.name in DTYPES:
        return channels
    narrow = {"bool": np.uint8, "int8": np.int16}
    return channels.astype(narrow.get(channels.dtype.name, np.float32))


def _steps(image: Image, seen: Grid | None, shape: tuple[int, ...]) -> tuple[float, ...]:
    if seen is not None:
        return seen.spacing
    own = image.spacing or (() if image.grid is None else image.grid.spacing)
    if len(shape) == 3 or len(own) < 2:
        return (float("nan"),) * len(shape)
    native = image.values.shape[: image.values.ndim - int(image.colour)][-2:]
    return tuple(step * have / want
                 for step, have, want in zip(own[-2:], native, shape, strict=True))  # fmt: skip
