"""Windows of one size cut from images of any: as the released model sees them, and at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.generic]
Patch = tuple[int, ...]


def middles(images: Values, extents: Values, patch: Patch) -> Values:
    """[N, C, *patch] the middle of each image [N, C, *spatial] within its extent."""
    return np.stack([
        window(image, extent, patch) for image, extent in zip(images, extents, strict=True)
    ])  # fmt: skip


def window(image: Values, extent: Values, patch: Patch, place: Values | None = None) -> Values:
    """[C, *patch] of one image [C, *spatial]; a smaller one is padded as `predict_windows` does.

    `place` [axes] in [0, 1] is where the window lies among its possible places; None: the middle.
    """
    inside = image[(slice(None), *(slice(0, int(n)) for n in extent))]
    for axis, want in enumerate(patch):
        have = inside.shape[axis + 1]
        if have > want:
            share = 0.5 if place is None else float(place[axis])
            start = min(int(share * (have - want + 1)), have - want)
            inside = np.take(inside, np.arange(start, start + want), axis=axis + 1)
    widths = [(0, 0)]
    for axis, want in enumerate(patch):
        lack = want - inside.shape[axis + 1]
        widths.append((lack // 2, lack - lack // 2))
    return np.pad(inside, widths, mode="edge")


def drawn_place(row: int, patch: Patch, *, seed: int, epoch: int) -> Values:
    """[axes] in [0, 1): where a window of this row lies in an epoch of learning."""
    random = np.random.Generator(np.random.Philox(key=[seed, epoch], counter=row))
    return random.random(len(patch))
