"""The corruptions by name, their five levels, and how one is applied.

    spread = spread_of(training_images)
    noisy = corrupt(images, "noise", 3, spread=spread, keys=rows, seed=7)

A corrupted image follows from (seed, its key, corruption, severity) alone, whatever else is in the
batch. The draws are the same at all severities of a corruption: a curve over severities compares
like with like.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.errors import DataError
from bedside.methods.corruption import detail, intensity, place
from bedside.methods.corruption.intensity import Scene
from bedside.methods.corruption.spread import Floats, Spread

SEVERITIES = 5
Change = Callable[[Floats, float, Scene], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corruption:
    """One way in which images get worse."""

    name: str
    levels: tuple[float, float, float, float, float]
    means: str
    """What the level is, in words for the report."""
    change: Change | None = None
    move: place.Mover | None = None
    """Of one that moves things, and masks with them."""


LADDER = (
    Corruption(
        name="noise", levels=(0.03, 0.06, 0.1, 0.18, 0.3), change=intensity.noise,
        means="standard deviation of Gaussian noise, as a share of the images' spread",
    ),
    Corruption(
        name="Rician noise", levels=(0.03, 0.06, 0.1, 0.18, 0.3), change=intensity.rician,
        means="standard deviation in each part of the signal, as a share of the images' spread",
    ),
    Corruption(
        name="blur", levels=(0.015, 0.022, 0.032, 0.05, 0.075), change=detail.blur,
        means="standard deviation of the Gaussian, as a share of the edge",
    ),
    Corruption(
        name="motion", levels=(0.03, 0.06, 0.1, 0.16, 0.25), change=detail.motion,
        means="length of the movement, as a share of the edge",
    ),
    Corruption(
        name="ghosting", levels=(0.05, 0.1, 0.18, 0.28, 0.4), change=detail.ghosting,
        means="share of the signal that appears in the wrong place",
    ),
    Corruption(
        name="contrast down", levels=(0.8, 0.6, 0.45, 0.3, 0.15), change=intensity.contrast,
        means="contrast that is left",
    ),
    Corruption(
        name="contrast up", levels=(1.25, 1.6, 2.0, 3.0, 4.5), change=intensity.contrast,
        means="times the contrast, saturating",
    ),
    Corruption(
        name="brightness", levels=(0.05, 0.1, 0.18, 0.28, 0.4), change=intensity.brightness,
        means="shift up or down, as a share of the images' spread",
    ),
    Corruption(
        name="low resolution", levels=(0.7, 0.5, 0.35, 0.25, 0.15), change=detail.low_resolution,
        means="share of the elements that is left along each axis",
    ),
    Corruption(
        name="JPEG", levels=(60, 35, 20, 10, 4), change=intensity.jpeg,
        means="quality setting of JPEG",
    ),
    Corruption(
        name="bias field", levels=(1.15, 1.3, 1.6, 2.2, 3.2), change=intensity.bias_field,
        means="how many times brighter one end is, and darker the other",
    ),
    Corruption(
        name="occlusion", levels=(0.02, 0.05, 0.1, 0.2, 0.35), change=intensity.occlusion,
        means="share of the image that is covered",
    ),
    Corruption(
        name="polarity", levels=(0.1, 0.25, 0.5, 0.75, 1.0), change=intensity.polarity,
        means="share of the images in which dark and bright are exchanged",
    ),
    Corruption(
        name="rotation", levels=(5, 10, 20, 40, 90), move=place.rotation,
        means="degrees in the plane, either way",
    ),
    Corruption(
        name="zoom", levels=(1.1, 1.2, 1.35, 1.6, 2.0), move=place.zoom,
        means="times larger, and cropped",
    ),
)  # fmt: skip
CORRUPTIONS = {item.name: item for item in LADDER}


def corrupt(
    images: ArrayLike, name: str, severity: int, *, spread: Spread, keys: ArrayLike, seed: int
) -> NDArray[np.generic]:
    """Images [N, C, *spatial] after a corruption of severity 0 (none) to 5, in their own dtype.

    `keys` [N] are whole numbers that name the images, such as their rows in the data set. Whole
    numbers are rounded and kept within their type. DataError for an unknown corruption or severity,
    for another number of channels than `spread` has, and for keys that are not as many.
    """
    item = _known(name, severity)
    images_NCS, keys_N = np.asarray(images), np.asarray(keys, np.int64)
    _check(images_NCS, keys_N, channels=len(spread.low))
    if severity == 0 or not len(images_NCS):
        return images_NCS.copy()
    plain_NCS = np.asarray(images_NCS, np.float32)
    level = item.levels[severity - 1]
    random = _streams(name, keys_N, seed)
    if item.move is not None:
        moves = [item.move(plain_NCS.shape[2:], level, one) for one in random]
        return _as_before(place.moved(plain_NCS, moves), images_NCS.dtype)
    if item.change is None:
        return images_NCS.copy()
    changed = item.change(plain_NCS, level, Scene(spread=spread, random=random))
    return _as_before(changed, images_NCS.dtype)


def within(
    change: Callable[[NDArray[np.generic], NDArray[np.int64]], NDArray[np.generic]],
    arrays: NDArray[np.generic], extents: NDArray[np.generic], keys: NDArray[np.int64],
) -> NDArray[np.generic]:  # fmt: skip
    """`change(some, keys)` of arrays [N, ..., *spatial], each by itself within its own extent.

    `extents` [N, axes] says how much of each array is image; what lies beyond stays as it is.
    """
    changed = np.array(arrays)
    for at, extent in enumerate(np.asarray(extents)):
        one = changed[at : at + 1]
        for axis, length in enumerate(extent.tolist(), start=one.ndim - len(extent)):
            one = one[(slice(None),) * axis + (slice(0, length),)]
        one[:] = change(one.copy(), keys[at : at + 1])
    return changed


def corrupt_mask(
    masks: ArrayLike, name: str, severity: int, *, keys: ArrayLike, seed: int
) -> NDArray[np.generic]:
    """Masks [N, *spatial] as they lie after the corruption: moved where it moves, else the same."""
    item = _known(name, severity)
    masks_NS, keys_N = np.asarray(masks), np.asarray(keys, np.int64)
    if item.move is None or severity == 0 or not len(masks_NS):
        return masks_NS.copy()
    level = item.levels[severity - 1]
    moves = [item.move(masks_NS.shape[1:], level, one) for one in _streams(name, keys_N, seed)]
    return place.moved_mask(masks_NS, moves)


def _streams(name: str, keys_N: NDArray[np.int64], seed: int) -> Sequence[np.random.Generator]:
    """A stream of random numbers for each image."""
    purpose = np.array([seed, zlib.crc32(name.encode())], np.uint64)
    return [
        np.random.Generator(np.random.Philox(key=purpose, counter=[0, 0, 0, int(key)]))
        for key in keys_N
    ]


def _as_before(values: Floats, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    if not np.issubdtype(dtype, np.integer):
        return values.astype(dtype)
    ends = np.iinfo(dtype)  # type: ignore[type-var]  # an integer type, as was just seen
    return np.clip(np.rint(values), ends.min, ends.max).astype(dtype)


def _known(name: str, severity: int) -> Corruption:
    if name not in CORRUPTIONS:
        raise DataError("corruption", expected=f"one of {', '.join(CORRUPTIONS)}", found=repr(name))
    if not 0 <= severity <= SEVERITIES:
        raise DataError("severity", expected=f"0 to {SEVERITIES}", found=str(severity))
    return CORRUPTIONS[name]


def _check(images_NCS: NDArray[np.generic], keys_N: NDArray[np.int64], *, channels: int) -> None:
    if images_NCS.ndim not in (4, 5) or images_NCS.shape[1] != channels:
        raise DataError(
            "images", expected=f"an array [N, {channels}, H, W] or [N, {channels}, D, H, W]",
            found=f"shape {list(images_NCS.shape)}",
        )  # fmt: skip
    if keys_N.shape != images_NCS.shape[:1] or (len(keys_N) and keys_N.min() < 0):
        raise DataError(
            "keys", expected=f"[{len(images_NCS)}] whole numbers of at least 0",
            found=f"shape {list(keys_N.shape)}",
        )  # fmt: skip
