"""Spatial ops: affine, flip, elastic, crop, resize. Each changes the frame; none resamples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from operator import mul
from typing import Any, ClassVar

from bedside.core.errors import DataError
from bedside.core.randomness import Draw
from bedside.core.spec import Plain, nearest
from bedside.modalities.images.augment.frame import Bend, Frame, Shape, resized, with_bend
from bedside.modalities.images.augment.linear import (
    inverse,
    rotation,
    shear,
    times,
    with_shift,
)
from bedside.modalities.images.augment.op import ABOUT_0, ABOUT_1, Params, Range

PLAIN = ("slice", "row", "column")
"""What an axis is called where the study gives it no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """Rotation, scale, shear and shift about the centre, with any spacing of the elements."""

    NAME: ClassVar[str] = "affine"

    p: float = 1.0
    rotation: Range = field(default=(-15.0, 15.0), metadata=ABOUT_0)
    """Degrees; a volume is turned about each of its three axes."""
    scale: Range = field(default=(0.85, 1.15), metadata=ABOUT_1)
    """Factor, the same along all axes; above 1 is larger."""
    shear: Range = field(default=(0.0, 0.0), metadata=ABOUT_0)
    """Degrees, for each pair of axes."""
    translation: Range = field(default=(0.0, 0.0), metadata=ABOUT_0)
    """Share of the size along each axis."""

    def draw(self, draw: Draw) -> list[Params]:
        """Angles of rotation and shear (three, for a picture one), scale, shift by axis."""
        if not draw.happens(self.p):
            return []
        turns = 1 if draw.axes == 2 else 3
        return [
            {
                "op": self.NAME,
                "rotation": [draw.between(self.rotation) for _ in range(turns)],
                "scale": draw.ratio(self.scale),
                "shear": [draw.between(self.shear) for _ in range(turns)],
                "translation": [draw.between(self.translation) for _ in range(draw.axes)],
            }
        ]

    @staticmethod
    def moved(frame: Frame, params: Mapping[str, Any]) -> Frame:
        """The frame with what it shows turned, scaled, sheared and shifted."""
        turned = rotation(params["rotation"])
        if any(params["shear"]):
            turned = times(turned, shear(params["shear"]))
        flat, scale, size = len(params["rotation"]) == 1, params["scale"], frame.spacing
        for i in range(int(flat), 3):
            turned[i] = [turned[i][j] * scale * size[j] / size[i] for j in range(3)]
        back = inverse(turned)
        shift = [0.0, *params["translation"]] if flat else params["translation"]
        middle = [(length - 1) / 2 for length in frame.shape]
        goal = [m + s * n for m, s, n in zip(middle, shift, frame.shape, strict=True)]
        start = [m - sum(map(mul, row, goal)) for m, row in zip(middle, back, strict=True)]
        return frame.after(with_shift(back, start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Mirror images along axes that the study names, each with probability `p` on its own.

    A body is not its mirror image, so no axis is flipped unless it is named.
    """

    NAME: ClassVar[str] = "flip"

    p: float = 0.5
    axes: tuple[str, ...] = ()
    """Names of axes: those of the study (`left-right`), or `slice`, `row`, `column`."""
    swaps: tuple[tuple[int, int], ...] = ()
    """Pairs of label values that change places under a `left-right` flip: left and right organ."""

    def __post_init__(self) -> None:
        """DataError where left and right change places and the axis does not say that it is so."""
        if self.swaps and "column" in self.axes:
            raise DataError(
                "[augment] flip", expected="the axis 'left-right' where labels have swaps",
                found="the axis 'column', under which no label changes places",
                hint="name the axis left-right, or leave out swaps",
            )  # fmt: skip

    def draw(self, draw: Draw) -> list[Params]:
        """The names of the axes to flip, and the labels that this swaps."""
        chosen = [name for name in self.axes if draw.happens(self.p)]
        if not chosen:
            return []
        swaps: list[Plain] = []
        if "left-right" in chosen:
            swaps = [[first, second] for first, second in self.swaps]
        return [{"op": self.NAME, "axes": [*chosen], "swaps": swaps}]

    @staticmethod
    def moved(frame: Frame, params: Mapping[str, Any]) -> Frame:
        """The frame seen in a mirror."""
        by, shift = [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
        for name in params["axes"]:
            axis = axis_of(name, frame.axes)
            by[axis], shift[axis] = -1.0, frame.shape[axis] - 1.0
        seen = frame.along(by, shift, frame.shape)
        swaps = tuple((int(a), int(b)) for a, b in params["swaps"])
        return replace(seen, swaps=(*frame.swaps, *swaps)) if swaps else seen


def axis_of(name: str, axes: tuple[str, ...]) -> int:
    """Which of the three array axes a name means; DataError where none."""
    given = (*PLAIN[: 3 - len(axes)], *axes)
    if name in axes:
        return given.index(name)
    if name in PLAIN[3 - len(axes) :]:
        return PLAIN.index(name)
    raise DataError(
        "[augment] flips",
        expected="the name of an axis of the images",
        found=f"'{name}'",
        hint=nearest(name, (*axes, *PLAIN[3 - len(axes) :])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Elastic:
    """A smooth bend that never folds: cubic B-splines over a coarse lattice (Rueckert, 1999).

    Whatever its position in the list, it is the last of the spatial ops.
    """

    NAME: ClassVar[str] = "elastic"

    p: float = 0.3
    amount: Range = field(default=(0.0, 0.25), metadata=ABOUT_0)
    """Largest displacement of a control point, in distances between control points; at most 0.4."""
    cells: int = 4
    """Intervals of the lattice along each axis."""

    def draw(self, draw: Draw) -> list[Params]:
        """The amount, the lattice, and the key of the displacements."""
        if not draw.happens(self.p):
            return []
        cells = [0 if draw.axes == 2 else self.cells, self.cells, self.cells]
        return [
            {
                "op": self.NAME,
                "amount": draw.between(self.amount),
                "key": draw.key(),
                "cells": [*cells],
            }
        ]

    @staticmethod
    def moved(frame: Frame, params: Mapping[str, Any]) -> Frame:
        """The frame with its bend."""
        z, y, x = params["cells"]
        bend = Bend(key=int(params["key"]), amount=params["amount"], cells=(z, y, x))
        return with_bend(frame, bend)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A part of the image at a random place; what a smaller image lacks is filled."""

    NAME: ClassVar[str] = "crop"

    p: float = 1.0
    share: Range | None = None
    """Share of the area or volume that is kept, then resized; None: a part of the output's shape,
    not resized."""

    def draw(self, draw: Draw) -> list[Params]:
        """The place as a share of the room along each axis, and the share that is kept."""
        if not draw.happens(self.p):
            return []
        share = None if self.share is None else draw.between(self.share)
        return [{"op": self.NAME, "at": [draw.number() for _ in range(draw.axes)], "share": share}]

    @staticmethod
    def moved(frame: Frame, params: Mapping[str, Any]) -> Frame:
        """The frame of the part."""
        at = [0.0] * (3 - len(params["at"])) + list(params["at"])
        shape = _kept(frame, params["share"], len(params["at"]))
        shift = []
        for axis in range(3):
            room = frame.shape[axis] - shape[axis]
            shift.append(float(math.floor(at[axis] * (room + 1)) if room > 0 else room // 2))
        return frame.along((1.0, 1.0, 1.0), shift, shape)


def _kept(frame: Frame, share: float | None, axes: int) -> Shape:
    if share is None:
        return frame.goal
    ratio = share ** (1 / axes)
    z, y, x = (max(1, round(size * ratio)) if size > 1 else 1 for size in frame.shape)
    return (z, y, x)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """The whole image on other elements, averaged where they are larger (no aliasing).

    A chain ends with this of itself where its shape is not reached; as an op it is for a resize
    in between, to `share` of the size.
    """

    NAME: ClassVar[str] = "resize"

    p: float = 1.0
    share: Range = field(default=(1.0, 1.0), metadata=ABOUT_1)
    """Share of the number of elements along each axis."""

    def draw(self, draw: Draw) -> list[Params]:
        """The share."""
        if not draw.happens(self.p):
            return []
        return [{"op": self.NAME, "share": draw.ratio(self.share)}]

    @staticmethod
    def moved(frame: Frame, params: Mapping[str, Any]) -> Frame:
        """The frame on other elements."""
        z, y, x = (max(1, round(size * params["share"])) if size > 1 else 1 for size in frame.shape)
        return resized(frame, (z, y, x))
