"""An image as it was read: values, where they lie in the patient, and what is known of them.

One contract, whatever the file was:

- larger is brighter (or denser, as a viewer shows it): MONOCHROME1 was turned round when read;
- values carry the unit that the file's rescale gives (`HU` for CT), else none;
- arrays are [slice, row, column] for volumes, [row, column] for pictures, with a last axis of three
  for colour (red, green, blue);
- places are millimetres in the patient's LPS axes (x to the left, y to the back, z to the head), as
  DICOM has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Affine = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where the elements of a volume lie in the patient.

    >>> Grid(shape=(20, 512, 512), affine=((0.0, 0.0, 0.7, 0.0), (0.0, 0.7, 0.0, 0.0),
    ...      (5.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))).spacing
    (5.0, 0.7, 0.7)
    """

    shape: tuple[int, int, int]
    """Slices, rows, columns."""
    affine: Affine
    """4 x 4: from (slice, row, column, 1) to (x, y, z, 1) in millimetres, LPS."""

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The affine as an array [4, 4]."""
        return np.asarray(self.affine, np.float64)

    @property
    def spacing(self) -> tuple[float, ...]:
        """Millimetres between neighbours along slices, rows and columns."""
        steps = np.sqrt((self.matrix[:3, :3] ** 2).sum(axis=0))
        return tuple(round(float(step), 6) for step in steps)


def affine_of(matrix: NDArray[np.floating]) -> Affine:
    """A 4 x 4 array as the plain tuple that `Grid` holds."""
    rows = np.asarray(matrix, np.float64).tolist()
    return tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image and what came with it."""

    values: NDArray[np.generic]
    """[D, H, W], [H, W], or either with a last axis of 3 for colour; see the head of this file."""
    grid: Grid | None = None
    """None: a picture that says nothing of its place or size."""
    colour: bool = False
    """Whether the last axis is red, green, blue."""
    unit: str = ""
    """Of the values: `HU`, or empty where they are arbitrary."""
    spacing: tuple[float, ...] = ()
    """Of a picture: millimetres between rows and between columns, where the file says so."""
    notes: tuple[str, ...] = ()
    """What was repaired, or is doubtful, in words; never a patient's value."""
    facts: Mapping[str, str | float] = field(default_factory=dict)
    """How it was acquired (modality, manufacturer, bits, ...): what the audit's probes look at.
    Never who the patient is."""
    made_up: bool = False
    """Whether the file says that `bedside synthesize` made it up."""
