"""Made-up volumes with two structures to outline: an organ, and a core that lies in it.

NIfTI files as hospitals have them: sizes, spacings, orientation and number types differ from file
to file, and the affine says so. See made_up.py.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.made_up import Floats, Mask, draws, normal, smoothed

LARGEST = (32, 40, 32)
"""Elements from right to left, back to front and feet to head at most; some volumes have fewer."""
SPACINGS = ((1.0, 1.0, 1.0), (0.9, 0.9, 1.6), (1.2, 0.8, 2.0))
"""Millimetres along the same axes."""
COLUMNS = ("file", "mask", "patient", "site", "age", "sex", "organ", "core")


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One simulated volume, axes to the right, front and head, as NIfTI has them."""

    values: NDArray[np.generic]
    """[X, Y, Z] int16 or float32."""
    mask: Mask
    """[X, Y, Z] 1 organ, 2 core."""
    affine: Floats
    """[4, 4] from elements to millimetres, RAS."""

    def millilitres(self, structure: int) -> float:
        """Size of a structure in millilitres; the core is part of the organ."""
        return float((self.mask >= structure).sum() * abs(np.linalg.det(self.affine[:3, :3])) / 1e3)


def write_made_up_volumes(folder: Path, *, subjects: int = 60, seed: int = 0) -> Path:
    """Write `labels.csv`, `images/` and `masks/`, one volume a patient; the path of the table.

    `organ` and `core` are volumes in millilitres.
    """
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows: list[Sequence[object]] = []
    for number in range(subjects):
        rng = draws(seed, number, 63)
        made = volume(rng)
        name = f"v{number + 1:04d}.nii.gz"
        for kind, values in (("images", made.values), ("masks", made.mask)):
            file = nibabel.Nifti1Image(values, made.affine)  # type: ignore[no-untyped-call]  # theirs
            nibabel.save(file, folder / kind / name)
        site = "north" if made.values.dtype == np.int16 else "south"
        rows.append((
            f"images/{name}", f"masks/{name}", f"V{number + 1:04d}", site,
            int(rng.integers(30, 85)), "female" if rng.random() < 0.5 else "male",
            f"{made.millilitres(1):.2f}", f"{made.millilitres(2):.2f}",
        ))  # fmt: skip
    table = folder / "labels.csv"
    with table.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    return table


def volume(rng: np.random.Generator) -> Volume:
    """Draw one volume."""
    size = tuple(int(most - 4 * rng.integers(0, 3)) for most in LARGEST)
    spacing = np.array(SPACINGS[int(rng.integers(0, len(SPACINGS)))])
    places = np.indices(size).astype(np.float64)
    half = np.array(size) / 2
    organ = _blob(places, half + rng.uniform(-2, 2, 3), half * rng.uniform(0.55, 0.75, 3), rng)
    inner = half + rng.uniform(-0.2, 0.2, 3) * half
    core = np.minimum(_blob(places, inner, half * rng.uniform(0.2, 0.35, 3), rng), organ)
    image = 40 + 60 * organ + rng.uniform(25, 50) * core + 8 * _field(size, rng) * organ
    image = smoothed(image, 0.7) + rng.uniform(6, 12) * normal(rng, *size)
    mask = ((organ >= 0.5).astype(np.uint8) + ((core >= 0.5) & (organ >= 0.5))).astype(np.uint8)
    if rng.random() < 0.5:
        values: NDArray[np.generic] = np.round(8 * image).astype(np.int16)
    else:
        values = image.astype(np.float32)
    return _laid(Volume(values=values, mask=mask, affine=np.diag([*spacing, 1.0])), rng)


def _laid(made: Volume, rng: np.random.Generator) -> Volume:
    """The same volume stored with some axes the other way round, its origin off the corner."""
    affine = made.affine.copy()
    affine[:3, 3] = np.round(rng.uniform(-80, 80, 3), 1)
    turned = tuple(axis for axis in range(3) if rng.random() < 0.5)
    values, mask = made.values, made.mask
    for axis in turned:
        affine[:3, 3] += affine[:3, axis] * (values.shape[axis] - 1)
        affine[:3, axis] *= -1
    return Volume(values=np.flip(values, turned), mask=np.flip(mask, turned), affine=affine)


def _blob(places: Floats, centre: Floats, half: Floats, rng: np.random.Generator) -> Floats:
    """Soft uneven ellipsoid, 1 within and 0 outside."""
    apart = np.sqrt(sum(((places[k] - centre[k]) / half[k]) ** 2 for k in range(3)))
    uneven = apart + 0.1 * _field(places.shape[1:], rng)
    return np.asarray(np.clip((1 - uneven) * 5 + 0.5, 0, 1), np.float64)


def _field(size: Sequence[int], rng: np.random.Generator) -> Floats:
    values = smoothed(normal(rng, *size), 3.0)
    return np.asarray((values - values.mean()) / values.std(), np.float64)
