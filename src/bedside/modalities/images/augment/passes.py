"""The passes over some samples: the resampling one, and one more after each filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment import shrink
from bedside.modalities.images.augment.frame import Frame, Shape, knots, spans
from bedside.modalities.images.augment.kernel import Jobs, averaged, recolour, straight
from bedside.modalities.images.augment.kernel_steps import Steps
from bedside.modalities.images.augment.op import Filter, Op, Step, Tone
from bedside.modalities.images.augment.plan import Stretch

Array = NDArray[Any]
Labels = NDArray[np.uint8] | None
Form = tuple[Shape | None, Any]
"""What samples must have in common to be done in one call: the lattice of the bend, and what the
averaged source is kept in."""
_NO_LABELS = np.empty((0, 0, 0, 0), np.uint8)
_NO_SPAN = np.empty((0, 0), np.float64)


def resampled(
    source: tuple[Array, Labels], made: tuple[NDArray[np.float32], Labels],
    frames: Sequence[Frame], steps: Sequence[Sequence[Step]], fills: Sequence[float],
) -> None:  # fmt: skip
    """Images [B, C, D, H, W] and labels [B, D, H, W] of `source` into the arrays `made`, each by
    its frame, with its steps."""
    values, labels = source
    size = (values.shape[2], values.shape[3], values.shape[4])
    whole = (
        at_least_two(values), _NO_LABELS if labels is None else at_least_two(labels[:, None])[:, 0]
    )  # fmt: skip
    room = (made[0], _NO_LABELS if made[1] is None else made[1])
    matrices = np.array([frame.rows for frame in frames])
    blocks, (table, firsts) = shrink.factors(matrices), tabled(steps)
    outside = np.array(fills, np.float32)
    for (cells, kind), samples in _alike(frames, values.dtype, blocks).items():
        lattice, along = _bends([frames[at] for at in samples], cells)
        jobs = Jobs(
            samples=np.array(samples), size=size, shape=frames[0].shape, matrices=matrices,
            blocks=blocks, knots=lattice, spans=along, fills=outside, steps=table, firsts=firsts,
        )  # fmt: skip
        if kind is None:
            straight(whole, room, jobs)
        else:
            averaged(whole, room, jobs, np.empty(_most(values, blocks[samples]), kind))
    for at, frame in enumerate(frames):
        if frame.swaps and made[1] is not None:
            made[1][at] = _swapped(frame.swaps)[made[1][at]]


def tabled(many: Sequence[Sequence[Step]]) -> tuple[Steps, Array]:
    """The steps of one sample after another, and where those of each begin."""
    numbers: list[float] = []
    marks: list[tuple[int, int, int, int]] = []
    firsts = [0]
    for steps in many:
        for channels, key in steps:
            marks.append((len(numbers), len(channels[0]), key & 0xFFFFFFFF, key >> 32))
            for channel in channels:
                numbers += channel
        firsts.append(len(marks))
    table = Steps(np.array(numbers, np.float64), np.array(marks, np.int64).reshape(len(marks), 4))
    return table, np.array(firsts)


def _alike(
    frames: Sequence[Frame], kind: np.dtype[Any], blocks: NDArray[np.int64]
) -> dict[Form, list[int]]:
    """The samples of each form."""
    forms: dict[Form, list[int]] = {}
    for at, (frame, elements) in enumerate(zip(frames, blocks.prod(axis=1).tolist(), strict=True)):
        cells = None if frame.bend is None else frame.bend.cells
        forms.setdefault((cells, shrink.storage(kind, elements)), []).append(at)
    return forms


def _most(values: Array, blocks: NDArray[np.int64]) -> int:
    """Elements of the largest averaged source, for blocks [n, 3]."""
    size = np.array(values.shape[2:])
    sums = np.maximum(-(-size // blocks), (1, 2, 2)).prod(axis=1)
    return int(values.shape[1] * sums.max())


def at_least_two(values: Array) -> Array:
    """Images [B, C, D, H, W] with a row or column of their own beside a single one, since
    neighbours are read in pairs."""
    if 1 not in values.shape[3:]:
        return values
    short = [(0, 0)] * 3 + [(0, max(0, 2 - size)) for size in values.shape[3:]]
    return np.pad(values, short, mode="edge")


def _bends(
    frames: Sequence[Frame], cells: Shape | None
) -> tuple[NDArray[np.float32], tuple[Array, Array, Array]]:
    """Control points of the bends of some frames, all of one lattice, and their weights."""
    if cells is None:
        return np.empty((len(frames), 3, 0, 0, 0), np.float32), (_NO_SPAN, _NO_SPAN, _NO_SPAN)
    bends = [frame.bend for frame in frames if frame.bend is not None]
    z, y, x = spans(bends[0], frames[0].shape)
    lattice = np.stack([knots(bend, frames[0].shape) for bend in bends])
    return lattice, (z, y, np.ascontiguousarray(x.T))


def _swapped(pairs: tuple[tuple[int, int], ...]) -> NDArray[np.uint8]:
    table = np.arange(256, dtype=np.uint8)
    for a, b in pairs:
        table[[a, b]] = table[[b, a]]
    return table


def filtered(kind: type[Op], out: NDArray[np.float32], stretch: Stretch, tone: Tone) -> None:
    """A stretch's filter and its steps on `out` [C, D, H, W], in place."""
    if not issubclass(kind, Filter) or stretch.filter is None:
        return
    out[...] = kind.filtered(out, stretch.filter, tone)
    if stretch.steps:
        recolour(out.reshape(len(out), -1), out.shape[1:], tabled([stretch.steps])[0])
