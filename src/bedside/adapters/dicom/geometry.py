"""Positions of slices to one straight, even grid; or what is wrong with them.

The distance between slices is measured between their positions along the normal of their plane,
never taken from their thickness. Slices are in order along that normal. A grid that is not
straight and even (a gap, uneven steps, a tilted gantry) is refused: no affine tells the truth of
it, or none that the steps after this expect.
Source: DICOM PS3.3, C.7.6.2.1.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.core.image import Grid, affine_of

EVEN = 0.05
"""A slice lies at most this part of a step off its even place."""
NOTED = 0.005
"""Above this part of a step, that is said."""
TILT = 0.5
"""Degrees between the line of the slices and the normal of their planes, at most."""
SIDEWAYS = 0.1
"""A slice lies at most this part of a pixel beside the line of all."""
SAME = 0.01
"""Two slices nearer than this part of a step (or this many millimetres) are at one position."""
AXES = 2e-3
"""Difference of two direction cosines that are still the same orientation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """How one slice lies."""

    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, float]

    @property
    def normal(self) -> NDArray[np.float64]:
        """Of the plane: along a row crossed with along a column."""
        return np.cross(self.orientation[:3], self.orientation[3:])


def heights(planes: Sequence[Plane]) -> NDArray[np.float64]:
    """Millimetres along the normal of the first plane, [N]."""
    return np.asarray([plane.position for plane in planes], np.float64) @ planes[0].normal


def same_frame(planes: Sequence[Plane], where: str) -> None:
    """DataError unless all planes are parallel and of one pixel spacing."""
    turned = np.asarray([plane.orientation for plane in planes])
    off = np.abs(turned - turned[0]).max(axis=1)
    if off.max() > AXES:
        unlike_first = int((off > AXES).sum())
        fewer = min(unlike_first, len(planes) - unlike_first)
        raise DataError(
            where, expected="slices of one orientation",
            found=f"{fewer} of {len(planes)} slices turned another way",
            hint="a localizer or several planes in one series: take them apart",
        )  # fmt: skip
    spaced = np.asarray([plane.spacing for plane in planes])
    if np.abs(spaced / spaced[0] - 1).max() > 1e-3:
        raise DataError(
            where, expected="one pixel spacing", found="several",
            hint="slices of several reconstructions in one series: take them apart",
        )  # fmt: skip


def order(planes: Sequence[Plane]) -> list[int]:
    """Places of the slices in order along the normal."""
    return [int(at) for at in np.argsort(heights(planes), kind="stable")]


def one_position(planes: Sequence[Plane]) -> list[tuple[int, int]]:
    """Pairs of neighbours (of slices in order) that are at one position."""
    steps = np.diff(heights(planes))
    return [(int(at), int(at) + 1) for at in np.flatnonzero(steps < _least(steps))]


def _least(steps: NDArray[np.float64]) -> float:
    apart = steps[steps > SAME]
    return SAME * float(np.median(apart)) if len(apart) else SAME


def grid(
    planes: Sequence[Plane], size: tuple[int, int], where: str
) -> tuple[Grid, tuple[str, ...]]:
    """Of two or more slices in order, none sharing a position: their grid, and notes.

    `size` is rows and columns. DataError: a gap, uneven steps, a tilt, a slice beside the line.
    """
    places = np.asarray([plane.position for plane in planes], np.float64)
    step = (places[-1] - places[0]) / (len(planes) - 1)
    along = heights(planes)
    notes = _even(along, where)
    _straight(places, step, planes[0], where)
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = np.asarray(planes[0].orientation[3:]) * planes[0].spacing[0]
    affine[:3, 2] = np.asarray(planes[0].orientation[:3]) * planes[0].spacing[1]
    affine[:3, 3] = places[0]
    return Grid(shape=(len(planes), *size), affine=affine_of(affine)), notes


def _even(along: NDArray[np.float64], where: str) -> tuple[str, ...]:
    steps = np.diff(along)
    usual = float(np.median(steps))
    parts = steps / usual
    wide = np.flatnonzero(parts > 1 + EVEN)
    if len(wide) and np.all(np.abs(parts[wide] - np.round(parts[wide])) <= EVEN):
        lost = int(np.round(parts[wide]).sum()) - len(wide)
        raise DataError(
            where, expected="a slice at every step",
            found=f"{len(along)} slices with {lost} missing, the first after slice {wide[0] + 1}",
            hint="copy the series again, whole",
        )  # fmt: skip
    even = np.linspace(along[0], along[-1], len(along))
    off = max(float(np.abs(along - even).max()) / usual, float(np.abs(parts - 1).max()))
    if off > EVEN:
        raise DataError(
            where, expected="slices at even steps",
            found=f"steps from {steps.min():.3g} to {steps.max():.3g} mm",
            hint="reconstruct the series at one step, or take its parts apart",
        )  # fmt: skip
    if off > NOTED:
        return (f"slices lie up to {off:.1%} of a step off their even places",)
    return ()


def _straight(
    places: NDArray[np.float64], step: NDArray[np.float64], plane: Plane, where: str
) -> None:
    cosine = abs(float(step @ plane.normal)) / float(np.linalg.norm(step))
    tilt = float(np.degrees(np.arccos(min(cosine, 1.0))))
    if tilt > TILT:
        raise DataError(
            where, expected="slices stacked at a right angle to their planes",
            found=f"a tilt of {tilt:.1f} degrees (a tilted gantry)",
            hint="resample it to straight axes where the scan was made, or leave it out",
        )  # fmt: skip
    line = places[0] + np.arange(len(places))[:, None] * step
    beside = places - line
    beside -= (beside @ plane.normal)[:, None] * plane.normal
    if np.abs(beside).max() > SIDEWAYS * min(plane.spacing):
        at = int(np.abs(beside).max(axis=1).argmax())
        raise DataError(
            where, expected="slices in one line", found=f"slice {at + 1} shifted sideways",
            hint="slices of several scans in one series: take them apart",
        )  # fmt: skip
