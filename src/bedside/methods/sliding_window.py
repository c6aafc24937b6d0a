"""A network that takes patches, applied to an image of any size, one window at a time.

Windows overlap, and where they do the answers are averaged with weights that fall off from a
window's middle like a Gaussian with an eighth of its width: a network knows least at the edge of
what it sees (Isensee et al., Nat Methods 2021;18:203). Windows lie as evenly as whole steps allow,
so that none needs padding; an image smaller than the patch is padded with its edge values. An image
that fits into one patch is one call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError

Floats = NDArray[np.float32]
Run = Callable[[Floats], NDArray[np.floating]]
"""From images [B, C, *patch] to probabilities [B, K + 1, *patch]."""

FALL = 0.125
"""Standard deviation of the weights over a window's width."""
LEAST = 1e-3
"""No voxel weighs less: one that only a corner covers is still told to the last digit."""
Box = tuple[slice, ...]


def predict_windows(
    run: Run, image: NDArray[np.generic], *, patch: Sequence[int], overlap: float = 0.5,
    batch: int = 4,
) -> Floats:  # fmt: skip
    """Probabilities [K + 1, *spatial] of an image [C, *spatial], float32.

    `overlap` is the least share of a window that it has in common with the next; `batch` windows go
    through `run` at once. Beyond the answer itself, memory holds one number a voxel and one batch.
    The same input gives the same output, to the bit; a `run` that looks at one voxel at a time
    gives what it would on the whole image. DataError for a patch, an overlap or an answer that does
    not fit.

    >>> image = np.arange(10, dtype=np.float32).reshape(1, 10, 1)
    >>> predict_windows(lambda x: 2 * x, image, patch=(4, 1))[0, :, 0].tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0]
    """
    size = tuple(int(n) for n in patch)
    _require(image, size, overlap, batch)
    spatial = image.shape[1:]
    short = [max(p - n, 0) for p, n in zip(size, spatial, strict=True)]
    before = [lack // 2 for lack in short]
    padding = [(b, lack - b) for b, lack in zip(before, short, strict=True)]
    whole = np.pad(image, [(0, 0), *padding], mode="edge") if any(short) else image
    answer = _average(run, whole, _windows(whole.shape[1:], size, overlap), batch)
    inner = tuple(slice(b, b + n) for b, n in zip(before, spatial, strict=True))
    cut: Floats = answer[(slice(None), *inner)]
    return cut


def _average(run: Run, image: NDArray[np.generic], windows: list[Box], batch: int) -> Floats:
    """The weighted mean of all windows' answers, brought up to date window by window.

    The running form (West, Commun ACM 1979;22:532) leaves a value that all windows agree on as it
    is, to the bit.
    """
    if len(windows) == 1:
        only: Floats = _answers(run, image, windows)[0]
        return only
    weights = window_weights([part.stop - part.start for part in windows[0]])
    total = np.zeros(image.shape[1:], np.float32)
    mean: Floats | None = None
    rest = iter(windows)
    while boxes := list(islice(rest, batch)):
        answers = _answers(run, image, boxes)
        if mean is None:
            mean = np.zeros((answers.shape[1], *image.shape[1:]), np.float32)
        for box, answer in zip(boxes, answers, strict=True):
            total[box] += weights
            here = mean[(slice(None), *box)]
            here += (answer - here) * (weights / total[box])
    return mean if mean is not None else total[None]


def _answers(run: Run, image: NDArray[np.generic], boxes: list[Box]) -> Floats:
    given = np.stack([image[(slice(None), *box)] for box in boxes]).astype(np.float32, copy=False)
    answers = np.asarray(run(given), np.float32)
    fits = answers.ndim == given.ndim and answers.shape[2:] == given.shape[2:]
    if not fits or len(answers) != len(given):
        raise DataError(
            "the network's answer", expected=f"[{len(given)}, K + 1, *{list(given.shape[2:])}]",
            found=f"shape {list(answers.shape)}",
            hint="a patch's sides may have to be multiples of what the network halves",
        )  # fmt: skip
    return answers


def window_weights(size: Sequence[int]) -> Floats:
    """Weights [*size] of a window's voxels: 1 in the middle, at least LEAST."""
    weights: NDArray[np.float64] = np.ones(())
    for length in size:
        away = (np.arange(length) - (length - 1) / 2) / (FALL * length)
        weights = np.multiply.outer(weights, np.exp(-0.5 * away**2))
    scaled: Floats = np.maximum(weights / weights.max(), LEAST).astype(np.float32)
    return scaled


def _windows(spatial: Sequence[int], size: tuple[int, ...], overlap: float) -> list[Box]:
    """All windows, in order; together they cover every voxel."""
    along = [list(_starts(n, p, overlap)) for n, p in zip(spatial, size, strict=True)]
    return [
        tuple(slice(start, start + p) for start, p in zip(place, size, strict=True))
        for place in product(*along)
    ]


def _starts(length: int, size: int, overlap: float) -> Iterator[int]:
    """Evenly from the first to the last place where a window fits."""
    step = max(1, math.floor(size * (1.0 - overlap) + 1e-9))
    steps = math.ceil((length - size) / step)
    yield 0
    for place in range(1, steps + 1):
        yield place * (length - size) // steps


def _require(
    image: NDArray[np.generic], patch: tuple[int, ...], overlap: float, batch: int
) -> None:
    if image.ndim != len(patch) + 1 or not image.size or min(patch, default=0) < 1:
        raise DataError(
            "patch", expected=f"a side of at least 1 for each of {max(image.ndim - 1, 0)} axes",
            found=f"{list(patch)} for an image of shape {list(image.shape)}",
            hint="an image is [channels, *spatial], with a channel axis also where there is one",
        )  # fmt: skip
    if not 0 <= overlap < 1 or batch < 1:
        raise DataError(
            "windows", expected="an overlap of at least 0 and below 1, a batch of at least 1",
            found=f"{overlap} and {batch}",
        )  # fmt: skip
