"""A made-up study of scans with two findings, for a first run with several labels and for tests.

The scans are those of `made_up.py`, whose bright lesions are one finding; the other is a dark cyst,
drawn independently of it. In some scans nobody looked for one of the two: the cell is empty.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from bedside.modalities.images.made_up import (
    SIZE,
    Patient,
    Scan,
    draws,
    lesion,
    patient,
    scan,
    smoothed,
)

COLUMNS = ("file", "patient", "site", "age", "sex", "scanner", "lesion", "cyst")
CYSTS = 0.4
"""Share of patients with cysts, at every site."""
UNSEEN = {"lesion": 0.05, "cyst": 0.2}
"""Share of scans in which nobody looked for a finding."""
_OF_PATIENT, _OF_SCAN = 31, 32
"""Parts of a patient's draws that `made_up.py` does not use."""


def write_findings(folder: Path, *, subjects: int = 240, seed: int = 0) -> Path:
    """Write `labels.csv` and `images/` into a folder; the path of the table.

    One row a scan: `file` relative to the folder, `lesion` and `cyst` yes, no or empty.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows: list[Sequence[object]] = []
    for number in range(subjects):
        who = patient(number, seed=seed)
        cysts = draws(seed, number, _OF_PATIENT).random() < CYSTS
        for visit in range(who.scans):
            name = f"images/p{number + 1:04d}_{visit + 1}.png"
            found, told = finding_scan(who, visit, cysts=cysts, seed=seed)
            Picture.fromarray(found.pixels).save(folder / name)
            rows.append((
                name, f"P{number + 1:04d}", who.scanner.site, who.age, who.sex, who.scanner.name,
                *told,
            ))  # fmt: skip
    table = folder / "labels.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    return table


def finding_scan(
    who: Patient, visit: int, *, cysts: bool, seed: int
) -> tuple[Scan, tuple[str, str]]:
    """One picture of a patient, and what the table says of lesion and cyst in it."""
    plain = scan(who, visit, seed=seed)
    rng = draws(seed, who.number, _OF_SCAN + visit)
    image = plain.pixels.astype(np.float64)
    if cysts:
        added, _ = lesion(who, np.indices((SIZE, SIZE)).astype(np.float64), rng)
        image -= smoothed(added, who.scanner.blur) * who.scanner.gain
    present = (("lesion", bool(plain.mask.any())), ("cyst", cysts))
    told = [
        "" if rng.random() < UNSEEN[name] else "yes" if there else "no" for name, there in present
    ]
    pixels = np.clip(np.round(image), 0, 255).astype(np.uint8)
    return Scan(pixels=pixels, mask=plain.mask), (told[0], told[1])
