"""Masks to make pictures under: those of training patients, moved as augmentation moves them.

So a mask is always possible: no label that was not there, no structure lost. It remains a moved
outline of a real patient, which is said wherever such data are handed on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.errors import DataError
from bedside.core.randomness import stream
from bedside.methods.cases import Cases
from bedside.modalities.images.augment import Affine, Chain, Elastic, Flip, Sample
from bedside.modalities.images.augment.op import Op
from bedside.modalities.images.settings import axes_of, frozen

Masks = NDArray[np.uint8]
KEPT = 0.5
"""Share of its elements that each structure keeps at least."""
TRIES = 50
_ROW = 0x3A5C
OPS: tuple[Op, ...] = (
    Affine(rotation=(-15, 15), scale=(0.87, 1.15), translation=(-0.06, 0.06)),
    Elastic(p=1.0, amount=(0.1, 0.3)),
)
"""How masks are moved, beside the mirrors that the study names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """n masks and the frames that they lie in."""

    masks: Masks
    """[n, H, W] 0 is background, k the k-th structure."""
    extents: NDArray[np.int32]
    """[n, 2]"""
    spacing: NDArray[np.float32]
    """[n, 2]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskSource:
    """The masks of N training cases."""

    masks: Masks
    extents: NDArray[np.int32]
    spacing: NDArray[np.float32]
    structures: tuple[str, ...]
    ops: tuple[Op, ...]
    axes: tuple[str, ...]

    def drawn(self, count: int, *, seed: int, holding: int | None = None) -> Drawn:
        """`count` moved masks, the i-th depending on the seed and i alone; each has the label
        `holding`, where that is given.

        DataError where no training mask has it, or where masks cannot be moved without loss.
        """
        rows = np.arange(len(self.masks))
        if holding is not None:
            rows = rows[(self.masks == holding).any(axis=(1, 2))]
        if not len(rows):
            raise DataError(
                "synthesis, target", expected="a structure that training masks have",
                found=f"'{self.structures[(holding or 1) - 1]}', which none has",
            )  # fmt: skip
        masks, chosen = np.zeros((count, *self.masks.shape[1:]), np.uint8), np.zeros(count, int)
        for at in range(count):
            chosen[at], made = self._one(rows, seed, at)
            masks[at][: made.shape[0], : made.shape[1]] = made
        return Drawn(masks=masks, extents=self.extents[chosen], spacing=self.spacing[chosen])

    def _one(self, rows: NDArray[np.int64], seed: int, at: int) -> tuple[int, Masks]:
        for attempt in range(TRIES):
            row = int(stream(seed, _ROW, at, attempt).choice(rows))
            high, wide = self.extents[row].tolist()
            before = np.ascontiguousarray(self.masks[row][:high, :wide])
            chain = Chain(ops=self.ops, shape=before.shape, axes=self.axes)
            params = chain.draw(seed=seed, epoch=attempt, sample=at)
            blank = np.zeros((1, *before.shape), np.uint8)
            after = chain.apply(Sample(image=blank, labels=before), params).labels
            if after is not None and _whole(before, after):
                return row, after
        raise DataError(
            "synthesis of images", expected="masks that can be moved a little",
            found=f"{TRIES} in a row that lost a structure by it",
            hint="are structures of one or two elements in the masks?",
        )  # fmt: skip


def drawable(cases: Cases, schema: Schema) -> MaskSource:
    """The masks of training cases, checked: uint8 `mask` [N, H, W] among their arrays.

    DataError where there are none, or a label that the schema does not name.
    """
    masks, structures = cases.arrays.get("mask"), schema.target.classes
    if masks is None or not len(masks):
        raise DataError(
            "synthesis of images", expected="masks of training cases", found="none",
            hint="a segmentation is learnt from masks",
        )  # fmt: skip
    labels = np.asarray(masks)
    if labels.max() > len(structures):
        raise DataError(
            "synthesis of images", expected=f"labels 0 to {len(structures)} in masks",
            found=f"one above, {int(labels.max())}",
        )  # fmt: skip
    settings = frozen(schema)
    names = axes_of(settings.kind)
    flip: tuple[Op, ...] = (Flip(axes=settings.mirrors),) if settings.mirrors else ()
    return MaskSource(
        masks=labels.astype(np.uint8), extents=np.asarray(cases.arrays["extent"], np.int32),
        spacing=np.asarray(cases.arrays["spacing"], np.float32), structures=structures,
        ops=(*flip, *OPS), axes=names,
    )  # fmt: skip


def labelled(masks: Masks, extents: NDArray[np.int32], structures: int) -> tuple[Masks, int]:
    """What a flow is told, uint8 [N, H, W], and how many marks that has: the structures, and what
    is padding where there is any."""
    inside = np.ones(masks.shape, np.bool_)
    for axis in (1, 2):
        place = np.arange(masks.shape[axis])
        line = place[None] < extents[:, axis - 1, None]
        inside &= np.expand_dims(line, 3 - axis)
    if inside.all():
        return masks, structures
    return np.where(inside, masks, structures + 1).astype(np.uint8), structures + 1


def _whole(before: Masks, after: Masks) -> bool:
    """Whether each structure keeps its share, and nothing is there that was not."""
    had, has = (np.bincount(mask.ravel(), minlength=256)[1:] for mask in (before, after))
    return bool((has[had > 0] >= KEPT * had[had > 0]).all() and not has[had == 0].any())
