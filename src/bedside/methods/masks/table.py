"""Every measure of every structure in every image, as a table from which all else is summed up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.methods.masks.lesions import LesionRule, lesions
from bedside.methods.masks.overlap import overlap
from bedside.methods.masks.pair import Structure, pair
from bedside.methods.masks.surface import surfaces

Floats = NDArray[np.float64]
Masks = tuple[NDArray[np.generic], NDArray[np.generic], Sequence[float]]
"""Predicted mask, true mask, spacing in mm."""

MEASURES = (
    "dice", "jaccard", "nsd", "hd95", "assd", "volume_error", "volume_error_relative",
)  # fmt: skip
TOLERANCE = 1.0
"""mm: of NSD, where a study does not say how far two experts differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskTable:
    """N images, K structures."""

    structures: tuple[str, ...]
    axes: int
    """3 of volumes, 2 of pictures."""
    values: Mapping[str, Floats]
    """[N, K] of each of MEASURES; NaN where one is undefined."""
    present: Floats
    """[N, K] 1 where the structure is in the true mask."""
    rule: LesionRule | None = None
    lesions: Floats | None = None
    """[N, K, Z] true lesions in each stratum of size; None where lesions were not asked for."""
    found: Floats | None = None
    """[N, K, Z] of them found."""
    spurious: Floats | None = None
    """[N, K] predicted lesions that match none."""

    def __len__(self) -> int:
        return len(self.present)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is measured."""

    structures: tuple[str, ...]
    """Names of the values 1 to K of a mask."""
    tolerance: float | tuple[float, ...] = TOLERANCE
    """mm of NSD; for all structures, or one for each."""
    lesions: LesionRule | None = None
    """None: components are not counted."""

    def __post_init__(self) -> None:
        if not self.structures:
            raise DataError("structures", expected="at least one name", found="none")
        if len(self.tolerances) != len(self.structures) or min(self.tolerances) < 0:
            raise DataError(
                "tolerance", expected="millimetres of at least 0, one for all structures or each",
                found=str(self.tolerance),
            )  # fmt: skip

    @property
    def tolerances(self) -> tuple[float, ...]:
        """One for each structure."""
        if isinstance(self.tolerance, tuple):
            return self.tolerance
        return (float(self.tolerance),) * len(self.structures)


def measure_masks(masks: Iterable[Masks], asked: Asked) -> MaskTable:
    """Measure images one at a time, so that a generator may load them one at a time.

    DataError names the image by its place and what is wrong with it.
    """
    rows = [_row(place, one, asked) for place, one in enumerate(masks)]
    if not rows:
        raise DataError("masks", expected="at least one image", found="none")
    axes = {row[0].axes for row in rows}
    if len(axes) > 1:
        raise DataError("masks", expected="volumes or pictures", found="both")
    values = np.array([[cell.values for cell in row] for row in rows])
    counted = asked.lesions is not None
    return MaskTable(
        structures=asked.structures, axes=axes.pop(),
        values={name: values[..., place] for place, name in enumerate(MEASURES)},
        present=np.array([[float(cell.present) for cell in row] for row in rows]),
        rule=asked.lesions,
        lesions=np.array([[cell.lesions for cell in row] for row in rows]) if counted else None,
        found=np.array([[cell.found for cell in row] for row in rows]) if counted else None,
        spurious=np.array([[cell.spurious for cell in row] for row in rows]) if counted else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """One structure in one image."""

    axes: int
    values: tuple[float, ...]
    present: bool
    lesions: Floats
    """[Z]"""
    found: Floats
    spurious: float


def _row(place: int, masks: Masks, asked: Asked) -> list[_Cell]:
    try:
        checked = pair(masks[0], masks[1], masks[2], len(asked.structures))
    except DataError as error:
        raise DataError(
            f"image {place}, {error.where}", expected=error.expected, found=error.found,
            hint=error.hint,
        ) from error  # fmt: skip
    structures = checked.structures(len(asked.structures))
    return [
        _cell(one, tolerance, asked.lesions)
        for one, tolerance in zip(structures, asked.tolerances, strict=True)
    ]


def _cell(structure: Structure, tolerance: float, rule: LesionRule | None) -> _Cell:
    common, apart = overlap(structure), surfaces(structure)
    values = {
        "dice": common.dice, "jaccard": common.jaccard, "nsd": apart.nsd(tolerance),
        "hd95": apart.hausdorff(), "assd": apart.assd(), "volume_error": common.volume_error,
        "volume_error_relative": common.volume_error_relative,
    }  # fmt: skip
    there, found, spurious = _counted(structure, rule) if rule else (np.zeros(1), np.zeros(1), 0.0)
    return _Cell(
        axes=structure.truth.ndim, values=tuple(values[name] for name in MEASURES),
        present=common.truth > 0, lesions=there, found=found, spurious=spurious,
    )  # fmt: skip


def _counted(structure: Structure, rule: LesionRule) -> tuple[Floats, Floats, float]:
    """True lesions and found ones [Z] in each stratum of size; those predicted in vain."""
    counted = lesions(structure, rule)
    stratum = np.searchsorted(rule.sizes, counted.sizes, side="right")
    there, found = np.zeros(rule.strata), np.zeros(rule.strata)
    np.add.at(there, stratum, 1.0)
    np.add.at(found, stratum, counted.found)
    return there, found, float(counted.spurious)
