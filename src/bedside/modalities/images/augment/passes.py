"""The passes over one sample: the resampling one, and one more after each filter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment import shrink
from bedside.modalities.images.augment.frame import Frame, knots, spans
from bedside.modalities.images.augment.kernel import Pass, recolour, resample
from bedside.modalities.images.augment.op import Filter, Op, Tone
from bedside.modalities.images.augment.plan import Stretch

Array = NDArray[Any]
Labels = NDArray[np.uint8] | None
_NO_LABELS = np.empty((0, 0, 0), np.uint8)
_NONE = np.empty(0, np.uint8)
_STRAIGHT = np.empty((3, 0, 0, 0), np.float32)
_NO_SPAN = np.empty((0, 0), np.float64)


def resampled(
    source: tuple[Array, Labels], made: tuple[NDArray[np.float32], Labels], frame: Frame,
    first: Stretch, fill: float,
) -> None:  # fmt: skip
    """Image [C, D, H, W] and labels [D, H, W] of `source` into the arrays `made`, by the frame,
    with the steps of the first stretch."""
    values, labels = source
    out, out_labels = made
    blocks = shrink.factors(frame.matrix)
    whole = blocks[0] * blocks[1] * blocks[2]
    seen = values if whole == 1 else shrink.summed(values, blocks)
    seen, size = at_least_two(seen), values.shape[1:]
    extent = [n / k for n, k in zip(size, blocks, strict=True)]
    lies = np.array([*extent, *seen.shape[1:]])
    labelled = _NO_LABELS if labels is None else at_least_two(labels[None])[0]
    plan = Pass(
        shape=np.array(frame.shape),
        source=lies,
        matrix=shrink.through(frame.matrix, blocks),
        label_source=lies if labels is None else np.array([*size, *labelled.shape], np.float64),
        label_matrix=frame.matrix[:3],
        apart=whole > 1,
        knots=_STRAIGHT if frame.bend is None else knots(frame.bend, frame.shape),
        spans=_spans(frame),
        steps=first.steps,
        keys=first.keys,
        ends=(np.float32(1 / whole), np.float32(fill)),
    )
    flat = (_NONE, _NONE)
    if labels is not None and out_labels is not None:
        flat = (labelled.reshape(-1), out_labels.reshape(-1))
    resample(seen.reshape(-1), flat[0], out.reshape(len(out), -1), flat[1], plan)
    if frame.swaps and out_labels is not None:
        out_labels[...] = _swapped(frame.swaps)[out_labels]


def at_least_two(values: Array) -> Array:
    """The image with a row or column of its own beside a single one, since neighbours are read in
    pairs."""
    short = [(0, 0), (0, 0), *((0, max(0, 2 - size)) for size in values.shape[2:])]
    return np.pad(values, short, mode="edge") if 1 in values.shape[2:] else values


def _spans(frame: Frame) -> tuple[Array, Array, Array]:
    if frame.bend is None:
        return _NO_SPAN, _NO_SPAN, _NO_SPAN
    z, y, x = spans(frame.bend, frame.shape)
    return z, y, np.ascontiguousarray(x.T)


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
    if stretch.steps.shape[1]:
        recolour(out.reshape(len(out), -1), np.asarray(out.shape[1:]), stretch.steps, stretch.keys)
