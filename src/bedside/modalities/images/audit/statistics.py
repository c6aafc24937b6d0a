"""Numbers that describe parts of an image, for probes: border, corners, light, sharpness, layout.

None is a field: a run cannot go on without the border of an image. Volumes are described slice by
slice, and averaged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Field
from bedside.methods.audit.separation import Ints
from bedside.methods.audit.training import Column
from bedside.modalities.images.audit.looks import CELLS, Array, Floats, blocks, thumbnails

BORDER, CORNER = 0.04, 0.125
"""Shares of the shorter side: how wide the border is, and how long a corner."""
LAYOUT = 4
"""Cells of a thumbnail along each axis that are one of the layout."""
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NAMES = {
    "border": "the outermost 4 % of the image alone", "corners": "the four corners alone",
    "light": "overall brightness and contrast", "sharpness": "sharpness and noise",
}  # fmt: skip
"""Parts that probes look at, in words."""
HARMLESS = ("light", "sharpness")
TINY = 1e-6
Named = dict[str, NDArray[np.float32]]


def columns_of(images: Array, rows: Ints) -> list[Column]:
    """Each statistic of some rows as a column with its part."""
    parts: dict[str, list[Named]] = {}
    for _, block in blocks(images, rows):
        for part, named in _described(block).items():
            parts.setdefault(part, []).append(named)
    found = [
        Column(
            field=Field(name=f"{part}: {name}", modality="images"), part=part,
            numeric=np.concatenate([block[name] for block in pieces]),
        )
        for part, pieces in parts.items() for name in pieces[0]
    ]  # fmt: skip
    return found + _layout(images, rows)


def _described(block: Floats) -> dict[str, Named]:
    """`block` [B, H, W] or [B, D, H, W]."""
    slices = block if block.ndim == 4 else block[:, None]
    return {
        "border": _border(slices), "corners": _corners(slices),
        "light": _light(block), "sharpness": _sharpness(slices),
    }  # fmt: skip


def _border(slices: Floats) -> Named:
    """[B, D, H, W]: the ring, and each of its sides."""
    height, width = slices.shape[2:]
    thick = max(1, round(BORDER * min(height, width)))
    ring = np.ones((height, width), bool)
    ring[thick:-thick, thick:-thick] = False
    values = slices[:, :, ring].reshape(len(slices), -1)
    low = slices.reshape(len(slices), -1).min(axis=1)
    return {
        **_spread(values), "floor": (values <= low[:, None]).mean(axis=1, dtype=np.float32),
        "top": slices[:, :, :thick].mean(axis=(1, 2, 3)),
        "bottom": slices[:, :, -thick:].mean(axis=(1, 2, 3)),
        "left": slices[..., :thick].mean(axis=(1, 2, 3)),
        "right": slices[..., -thick:].mean(axis=(1, 2, 3)),
    }  # fmt: skip


def _spread(values: Floats) -> Named:
    return {
        "mean": values.mean(axis=1), "deviation": values.std(axis=1),
        "least": values.min(axis=1), "most": values.max(axis=1),
    }  # fmt: skip


def _corners(slices: Floats) -> Named:
    side = max(2, round(CORNER * min(slices.shape[2:])))
    found: Named = {}
    for vertical, rows in (("top", slice(None, side)), ("bottom", slice(-side, None))):
        for level, columns in (("left", slice(None, side)), ("right", slice(-side, None))):
            values = slices[:, :, rows, columns].reshape(len(slices), -1)
            found[f"{vertical} {level} mean"] = values.mean(axis=1)
            found[f"{vertical} {level} deviation"] = values.std(axis=1)
    return found


def _light(block: Floats) -> Named:
    values = block.reshape(len(block), -1)
    values = values[:, :: max(1, values.shape[1] // 4_000)]
    quantiles = np.quantile(values, QUANTILES, axis=1).astype(np.float32)
    named = {f"quantile {q:g}": row for q, row in zip(QUANTILES, quantiles, strict=True)}
    return {"mean": values.mean(axis=1), "deviation": values.std(axis=1), **named}


def _sharpness(slices: Floats) -> Named:
    """Steps between neighbours in units of the image's own deviation, and the share of none."""
    size = len(slices)
    unit = slices.reshape(size, -1).std(axis=1) + TINY
    down = np.abs(np.diff(slices, axis=2)).reshape(size, -1)
    along = np.abs(np.diff(slices, axis=3)).reshape(size, -1)
    bend = np.abs(np.diff(slices, n=2, axis=3)).reshape(size, -1)
    return {
        "steps down": down.mean(axis=1) / unit, "steps along": along.mean(axis=1) / unit,
        "bends": bend.mean(axis=1) / unit, "least bends": np.median(bend, axis=1) / unit,
        "flat": (along == 0).mean(axis=1, dtype=np.float32),
    }  # fmt: skip


def _layout(images: Array, rows: Ints) -> list[Column]:
    """A coarser thumbnail: what labels are judged by, and no probe."""
    cells = CELLS[images.ndim - 2]
    small = thumbnails(images, rows).reshape(len(rows), *cells)
    for axis in range(1, small.ndim):
        small = np.add.reduceat(small, np.arange(0, cells[axis - 1], LAYOUT), axis=axis)
    return [
        Column(field=Field(name=f"layout: {at + 1}", modality="images"), part="layout",
               numeric=values)
        for at, values in enumerate(small.reshape(len(rows), -1).T)
    ]  # fmt: skip
