"""The split that came with the data: does it keep patients, or identical samples, apart?

bedside draws its own split by patient. A published split that leaks explains why published
results look better, and warns whoever would like to compare with them.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.evidence import Evidence
from bedside.core.finding import Finding
from bedside.methods.audit.duplicates import Fingerprints
from bedside.methods.audit.separation import Ints, share
from bedside.methods.words import count, interval, patients

COLUMN = "given_split"
WHY = (
    "What was seen in training is no test: results on that split look better than they are, and "
    "are no yardstick for a split by patient."
)
LOOK = "Nothing needs mending: bedside splits by patient, and never uses the split that was given."


def given_split_findings(
    samples: pl.DataFrame, prints: Fingerprints, *, named: bool, data: str
) -> list[Finding]:
    """By patient where the study names one (`named`), and by identical samples.

    `samples` may hold a text column `given_split`, null where a sample is in no part of it.
    """
    if COLUMN not in samples.columns or samples[COLUMN].n_unique() - _nulls(samples) < 2:
        return []
    rows = np.flatnonzero(samples[COLUMN].is_not_null().to_numpy())
    part = (samples[COLUMN][rows].rank("dense").cast(pl.Int64) - 1).to_numpy()
    parts = int(part.max()) + 1
    found = []
    if named:
        subject = (samples["subject"][rows].rank("dense").cast(pl.Int64) - 1).to_numpy()
        found.append(_by_patient(subject, part, parts, data))
    shown = prints.known[rows] >= 0.5
    found.append(_by_sample(prints.whole[rows][shown], part[shown], prints.noun, data))
    return found


def _nulls(samples: pl.DataFrame) -> int:
    return int(samples[COLUMN].null_count() > 0)


def crossing(unit: Ints, part: Ints) -> NDArray[np.int64]:
    """The units that have rows in more than one part."""
    pairs = np.unique(np.stack([unit, part], axis=1), axis=0)[:, 0]
    units, parts = np.unique(pairs, return_counts=True)
    return np.asarray(units[parts > 1], np.int64)


def _by_patient(subject: Ints, part: Ints, parts: int, data: str) -> Finding:
    size, found = int(subject.max()) + 1, len(crossing(subject, part))
    low, high = share(found, size)
    evidence = Evidence(
        measure="audit.given_split", value=found / size, low=low, high=high, subjects=size,
        unit="share", slice="patients", stage="audit", data=data,
    )  # fmt: skip
    words = interval(found / size, low, high, "share")
    if found:
        text = (
            f"The split that came with the data (in {count(parts)} parts) has {count(found)} of "
            f"{patients(size)} in more than one part ({words}): it does not keep patients apart."
        )
    else:
        text = f"The split that came with the data keeps all {patients(size)} apart."
    return Finding(
        kind="given_split", state="found" if found else "clear", sentence=text, why=WHY,
        look=LOOK if found else "", severity=found / size, evidence=(evidence,),
        short=f"the given split has {count(found)} of {patients(size)} in two parts",
    )  # fmt: skip


def _by_sample(whole: NDArray[np.uint64], part: Ints, noun: str, data: str) -> Finding:
    """Samples of one content in two parts; each content counts once."""
    content = np.unique(whole, return_inverse=True)[1].astype(np.int64)
    size = int(content.max(initial=-1)) + 1
    found = len(crossing(content, part))
    low, high = share(found, size)
    evidence = Evidence(
        measure="audit.given_split", value=found / max(size, 1), low=low, high=high, subjects=size,
        unit="share", slice=f"identical {noun}s", stage="audit", data=data,
    )  # fmt: skip
    if found:
        text = (
            f"{count(found)} {noun}{'s are' if found > 1 else ' is'} in more than one part of the "
            f"split that came with the data, identical in every value (of {count(size)} different "
            f"{noun}s)."
        )
    else:
        text = f"No {noun} is in two parts of the split that came with the data."
    return Finding(
        kind="given_split", state="found" if found else "clear", sentence=text, why=WHY,
        look=f"{LOOK} Identical {noun}s may be one patient." if found else "",
        short=f"{count(found)} identical {noun}s cross the given split", evidence=(evidence,),
        severity=found / max(size, 1),
    )  # fmt: skip
