"""Which part of an image a prediction rests on, by covering parts of it in turn.

Needs predictions only, so that a released graph can be asked (Zeiler and Fergus, ECCV 2014).
Windows of a quarter of each edge are covered everywhere, then halves of them where covering changed
most, then halves of those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from bedside.core.errors import DataError

Floats = NDArray[np.float32]
Score = Callable[[NDArray[np.generic]], NDArray[np.floating]]
"""From images [n, C, *spatial] to one number each [n], larger for the answer in question."""
Window = tuple[slice, ...]
PARTS = (4, 8, 16)
"""Windows along an edge, level by level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many predictions are asked for."""

    most: int = 300
    """In all, for one image."""
    batch: int = 64


def occlusion(score: Score, image: NDArray[np.generic], effort: Effort | None = None) -> Floats:
    """Map [*spatial] of one image [C, *spatial]: how far its score falls where it is covered.

    Above 0: what is there speaks for the answer; below 0: against it. Covered means replaced by the
    mean of the surroundings, twice as wide as the window. In each place the mean over the levels,
    each scaled to its largest change. All 0 where nothing changes.

    >>> square = np.zeros((1, 32, 32), np.float32)
    >>> square[:, 8:16, 16:24] = 1
    >>> found = occlusion(lambda images: images[:, 0, 8:16, 16:24].mean(axis=(1, 2)), square)
    >>> [int(place) // 8 for place in np.unravel_index(found.argmax(), found.shape)]
    [1, 2]
    """
    effort = effort or Effort()
    if image.ndim not in (3, 4) or effort.most < 1 or effort.batch < 1:
        raise DataError(
            "occlusion", expected="an image [C, H, W] or [C, D, H, W] and at least one prediction",
            found=f"shape {list(image.shape)} and {effort.most} predictions",
        )  # fmt: skip
    whole = float(score(image[None])[0])
    total = np.zeros(image.shape[1:])
    left = effort.most
    for level, parts in enumerate(PARTS):
        windows = list(_windows(image.shape[1:], parts))
        share = left // (len(PARTS) - level)
        if level == 0:
            chosen = windows[:: -(-len(windows) // max(left, 1))]
        else:
            chosen = _most_changed(windows, np.abs(total), share)
        falls = whole - _covered(score, image, chosen, effort.batch)
        total += _mean_by_place(falls, chosen, total.shape)
        left -= len(chosen)
    return (total / len(PARTS)).astype(np.float32)


def _windows(shape: tuple[int, ...], parts: int) -> Iterator[Window]:
    """Over the whole image; in a picture each overlaps half of the next."""
    edges = [max(1, -(-size // parts)) for size in shape]
    steps = [max(1, edge // 2) if len(shape) == 2 else edge for edge in edges]
    starts = [
        sorted({*range(0, size - edge + 1, step), size - edge})
        for size, edge, step in zip(shape, edges, steps, strict=True)
    ]
    for corner in product(*starts):
        yield tuple(slice(at, at + edge) for at, edge in zip(corner, edges, strict=True))


def _most_changed(
    windows: Sequence[Window], change: NDArray[np.float64], most: int
) -> list[Window]:
    """At most so many windows, those over the largest change so far."""
    means = np.array([change[window].mean() for window in windows])
    order = np.argsort(-means, kind="stable")[:most]
    return [windows[at] for at in order if means[at] > 0]


def _covered(
    score: Score, image: NDArray[np.generic], windows: Sequence[Window], batch: int
) -> NDArray[np.float64]:
    """[W] scores of the image with each window covered."""
    if not windows:
        return np.zeros(0)
    edges = [one.stop - one.start for one in windows[0]]
    size = (1, *[2 * edge + 1 for edge in edges])
    around = uniform_filter(image.astype(np.float32), size, mode="nearest")
    around = (np.rint(around) if image.dtype.kind in "iu" else around).astype(image.dtype)
    found = []
    for first in range(0, len(windows), batch):
        some = windows[first : first + batch]
        images = np.repeat(image[None], len(some), axis=0)
        for one, window in zip(images, some, strict=True):
            one[(slice(None), *window)] = around[(slice(None), *window)]
        found.append(np.asarray(score(images), np.float64))
    return np.concatenate(found)


def _mean_by_place(
    falls: NDArray[np.float64], windows: Sequence[Window], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """[*spatial] mean fall over the windows that cover a place, the largest being 1."""
    total, count = np.zeros(shape), np.zeros(shape)
    for fall, window in zip(falls, windows, strict=True):
        total[window] += fall
        count[window] += 1
    mean = total / np.maximum(count, 1)
    largest = np.abs(mean).max()
    return np.asarray(mean / largest if largest > 0 else mean, np.float64)


def without_strongest(
    images: NDArray[np.generic], maps: NDArray[np.floating], share: float = 0.1
) -> NDArray[np.generic]:
    """Images [N, C, *spatial] with that share of the places covered where their map is strongest.

    Strongest by size, whatever the sign; covered by the mean of the surroundings, half of each edge
    wide. The test of Samek et al. (IEEE Trans Neural Netw Learn Syst 2017;28:2660) in one step: a
    map that says where the answer comes from costs the answer more than another map does.
    """
    flat = np.abs(maps).reshape(len(maps), -1)
    count = max(1, round(share * flat.shape[1]))
    strongest = np.argpartition(-flat, count - 1, axis=1)[:, :count]
    places = np.zeros(flat.shape, np.bool_)
    np.put_along_axis(places, strongest, values=True, axis=1)
    places = places.reshape(maps.shape)[:, None]
    size = (1, 1, *[edge // 2 + 1 for edge in maps.shape[1:]])
    around = uniform_filter(images.astype(np.float32), size, mode="nearest")
    around = (np.rint(around) if images.dtype.kind in "iu" else around).astype(images.dtype)
    return np.where(places, around, images)


def log_odds(values: NDArray[np.generic], column: int = 0) -> NDArray[np.float64]:
    """[n] of one column of probabilities [n, K]: far from 0 and 1 alike, changes are seen."""
    p = np.clip(np.asarray(values, np.float64)[:, column], 1e-7, 1 - 1e-7)
    return np.asarray(np.log(p) - np.log1p(-p), np.float64)
