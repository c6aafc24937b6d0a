"""A made-up study of scans with simulated lesions: for a first run, for teaching and for tests.

What is simulated, and what it can and cannot show, is told in docs/lesions.md. Every number is a
function of the seed (counter-based draws), and pictures are rounded to whole grey values, so that
the files hold the same pixels on every machine.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from bedside.core.errors import DataError

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]

SIZE = 64
"""Rows and columns."""
SPACING = 0.8
"""Millimetres between neighbours."""
CONTRAST = (20.0, 40.0)
"""Grey values of a lesion over its surroundings, before the scanner."""
RADIUS = (3.0, 6.2)
"""In elements."""
VISIBLE = 0.9
"""Chance that a scan of a patient with lesions shows them."""
COLUMNS = ("file", "mask", "patient", "site", "age", "sex", "scanner", "lesion", "diameter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """How a site's scanner draws what is there."""

    site: str
    name: str
    blur: float
    """Standard deviation in elements."""
    noise: float
    """Standard deviation in grey values."""
    gain: float
    prevalence: float
    """Share of the site's patients with lesions: referral differs."""


SCANNERS = (
    Scanner(site="north", name="A1", blur=0.7, noise=7.0, gain=1.0, prevalence=0.42),
    Scanner(site="south", name="B2", blur=1.0, noise=9.0, gain=1.15, prevalence=0.50),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One simulated patient: what all scans of theirs share."""

    number: int
    scanner: Scanner
    age: int
    sex: str
    scans: int
    lesions: int
    tissue: float
    """How coarse the organ's texture is, 0 to 1."""
    vessels: int
    axes: tuple[float, float]
    """Half height and half width of the organ, in elements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One simulated picture."""

    pixels: NDArray[np.uint8]
    """[SIZE, SIZE]"""
    mask: Mask
    """[SIZE, SIZE] 1 where a lesion is."""

    @property
    def diameter(self) -> float:
        """Largest extent of any lesion in millimetres; 0 without one."""
        return diameter(self.mask) * SPACING


def write_made_up(folder: Path, *, subjects: int = 240, seed: int = 0) -> Path:
    """Write `labels.csv`, `images/` and `masks/` into a folder; the path of the table.

    One row a scan, one to four scans a patient: `file` and `mask` relative to the folder, `lesion`
    yes or no, `diameter` of the largest lesion in millimetres (0 without one), `age` in years.
    """
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows: list[Sequence[object]] = []
    for number in range(subjects):
        who = patient(number, seed=seed)
        for visit in range(who.scans):
            found = scan(who, visit, seed=seed)
            name = f"p{number + 1:04d}_{visit + 1}.png"
            Picture.fromarray(found.pixels).save(folder / "images" / name)
            Picture.fromarray(found.mask).save(folder / "masks" / name)
            rows.append((
                f"images/{name}", f"masks/{name}", f"P{number + 1:04d}", who.scanner.site, who.age,
                who.sex, who.scanner.name, "yes" if found.mask.any() else "no",
                f"{found.diameter:.1f}",
            ))  # fmt: skip
    table = folder / "labels.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    return table


def patient(number: int, *, seed: int) -> Patient:
    """Draw one patient."""
    rng = draws(seed, number, 0)
    scanner = SCANNERS[int(rng.random() < 0.4)]
    ill = rng.random() < scanner.prevalence
    share = rng.random()
    return Patient(
        number=number, scanner=scanner, sex="female" if rng.random() < 0.5 else "male",
        age=int(np.clip(np.round(58 + 4 * ill + 12 * normal(rng, 1)[0]), 18, 95)),
        scans=int(rng.integers(1, 5)),
        lesions=(1 if share < 0.7 else 2 if share < 0.9 else 3) if ill else 0,
        tissue=float(rng.random()), vessels=int(rng.integers(1, 5)),
        axes=(float(rng.uniform(25, 30)), float(rng.uniform(23, 30))),
    )  # fmt: skip


def scan(who: Patient, visit: int, *, seed: int) -> Scan:
    """Draw one picture of a patient."""
    rng = draws(seed, who.number, visit + 1)
    places = np.indices((SIZE, SIZE)).astype(np.float64)
    inside = _organ(who, places, rng)
    image = 22 + inside * (70 + _tissue(who, rng))
    for _ in range(who.vessels):
        image += inside * _vessel(rng)
    for _ in range(int(rng.integers(0, 4))):
        image += inside * _speck(places, rng)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    visible = rng.random() < VISIBLE
    for _ in range(who.lesions if visible else 0):
        added, covered = lesion(who, places, rng)
        image += added
        mask |= covered
    image = smoothed(image, who.scanner.blur) * who.scanner.gain
    image += who.scanner.noise * normal(rng, SIZE, SIZE)
    return Scan(pixels=np.clip(np.round(image), 0, 255).astype(np.uint8), mask=mask)


def diameter(mask: Mask) -> float:
    """Largest distance between the outer sides of two elements of a mask, in elements."""
    places = np.argwhere(mask)
    if not len(places):
        return 0.0
    apart = places[:, None] - places[None]
    return float(np.sqrt((apart**2).sum(axis=-1).max())) + 1


def smoothed(values: Floats, width: float) -> Floats:
    """Gaussian blur along every axis, edges repeated; `width` in elements."""
    reach = int(np.ceil(3 * width))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    weights /= weights.sum()
    for axis in range(values.ndim):
        sides = [(reach, reach) if other == axis else (0, 0) for other in range(values.ndim)]
        wide, size = np.pad(values, sides, mode="edge"), values.shape[axis]
        values = np.zeros_like(values)
        for k, weight in enumerate(weights):
            part = [
                slice(k, k + size) if other == axis else slice(None) for other in range(wide.ndim)
            ]
            values += weight * wide[tuple(part)]
    return values


def normal(rng: np.random.Generator, *shape: int) -> Floats:
    """Nearly normal draws, by sums of six uniform ones: the same on every machine."""
    return np.asarray((rng.random((6, *shape)).sum(axis=0) - 3) * np.sqrt(2), np.float64)


def draws(seed: int, number: int, part: int) -> np.random.Generator:
    """Draws of one part (0 the patient, 1 and on their scans) of patient `number`."""
    if seed < 0:
        raise DataError("seed", expected="a whole number, 0 or more", found=str(seed))
    return np.random.Generator(
        np.random.Philox(key=np.array([seed, number * 64 + part], np.uint64))
    )


def _organ(who: Patient, places: Floats, rng: np.random.Generator) -> Floats:
    """1 within the organ, 0 outside, with a soft uneven border."""
    centre = SIZE / 2 + rng.uniform(-2, 2, 2)
    radius = np.sqrt(sum(((places[k] - centre[k]) / who.axes[k]) ** 2 for k in (0, 1)))
    border = radius + 0.035 * _field(rng, 4.0)
    return np.asarray(np.clip((1.0 - border) * 12 + 0.5, 0, 1), np.float64)


def _tissue(who: Patient, rng: np.random.Generator) -> Floats:
    coarse, middle = _field(rng, 7.0), _field(rng, 2.2)
    return (5 + 6 * who.tissue) * coarse + (2 + 4 * who.tissue) * middle


def _vessel(rng: np.random.Generator) -> Floats:
    """A bright curved line from side to side."""
    ends = rng.uniform(4, SIZE - 4, (3, 2))
    steps = np.linspace(0, 1, 40)[:, None]
    curve = (1 - steps) ** 2 * ends[0] + 2 * steps * (1 - steps) * ends[1] + steps**2 * ends[2]
    width, height = rng.uniform(0.7, 1.6), rng.uniform(10, 28)
    line = np.arange(SIZE, dtype=np.float64)
    down, across = (line - curve[:, 0, None]) ** 2, (line - curve[:, 1, None]) ** 2
    apart = (down[:, :, None] + across[:, None, :]).min(axis=0)
    return np.asarray(height * np.clip(1 - apart / (2 * width) ** 2, 0, 1), np.float64)


def _speck(places: Floats, rng: np.random.Generator) -> Floats:
    """A bright point of one element or two: chalk, not a lesion."""
    centre, height = rng.uniform(8, SIZE - 8, 2), rng.uniform(40, 110)
    apart = ((places - centre[:, None, None]) ** 2).sum(axis=0)
    return np.asarray(height * np.clip(1 - apart / rng.uniform(0.8, 2.5), 0, 1), np.float64)


def lesion(who: Patient, places: Floats, rng: np.random.Generator) -> tuple[Floats, Mask]:
    """A blob with a soft uneven edge, and where it is."""
    radius, contrast = rng.uniform(*RADIUS), rng.uniform(*CONTRAST)
    reach = 0.7 * np.array(who.axes)
    while True:
        place = rng.uniform(-1, 1, 2)
        if (place**2).sum() <= 1:
            break
    centre = SIZE / 2 + place * reach
    apart = np.sqrt(((places - centre[:, None, None]) ** 2).sum(axis=0))
    within = radius - apart + 0.18 * radius * _field(rng, 2.0)
    near = apart < 2 * radius  # the uneven edge makes no islands far away
    profile = np.clip(within / 2.0 + 0.5, 0, 1) * near
    return contrast * profile, (profile >= 0.5).astype(np.uint8)


def _field(rng: np.random.Generator, width: float) -> Floats:
    """[SIZE, SIZE] smooth noise with mean 0 and deviation 1."""
    values = smoothed(normal(rng, SIZE, SIZE), width)
    return np.asarray((values - values.mean()) / values.std(), np.float64)
