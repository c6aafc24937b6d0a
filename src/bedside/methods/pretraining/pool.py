"""Whose inputs may be learnt from: training patients, labelled or not, and those of a pool that the
study names; nobody who is measured later.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import SPLITS, Dataset
from bedside.core.errors import DataError
from bedside.methods.labels import words_of

Rows = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Samples = Mapping[str, NDArray[np.generic]]
POOL = "[pretrain] pool"
_LEADING = re.compile(r"(?<!\d)0+(?=\d)")
_WHOLE = re.compile(r"(\d+)\.0+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Samples of patients without labels, from another source than the study's own."""

    arrays: Samples
    """Inputs of the fields that the study keeps, as its own samples have them."""
    subjects: tuple[str, ...]
    """The patient of each."""
    name: str = ""
    digest: str = ""
    """SHA-256 of the source."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What else there was in it: values outside a vocabulary, images that are no row's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Samples to learn from, and who was left out."""

    rows: Rows
    """Of the training split."""
    subjects: Rows
    """Patients as integer codes: of the rows, then of the samples that were added."""
    unlabelled: int
    """Rows of the training split without an observed outcome, or of several without any."""
    left_out: dict[str, int]
    """Patients of each other split."""
    added: Added | None = None

    @property
    def samples(self) -> int:
        """All that are learnt from."""
        return len(self.subjects)

    @property
    def patients(self) -> int:
        """All of them, once each."""
        return len(np.unique(self.subjects))

    @property
    def newcomers(self) -> int:
        """Patients that are in the added samples only."""
        ours = np.unique(self.subjects[: len(self.rows)])
        return int((~np.isin(np.unique(self.subjects[len(self.rows) :]), ours)).sum())


def joined(own: Samples, added: Samples) -> dict[str, NDArray[np.generic]]:
    """Own samples, and behind them others; images of several sizes are padded at their far ends,
    which `extent` says are no image.

    >>> joined({"image": np.ones((1, 2))}, {"image": np.ones((1, 3))})["image"].tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
    """
    found = {}
    for name, values in own.items():
        others = added[name]
        largest = np.maximum(values.shape[1:], others.shape[1:])
        count = len(values) + len(others)
        made = np.zeros((count, *largest), np.result_type(values, others))
        made[: len(values)][_corner(values)] = values
        made[len(values) :][_corner(others)] = others
        found[name] = made
    return found


def _corner(values: NDArray[np.generic]) -> tuple[slice, ...]:
    return (slice(None), *(slice(0, length) for length in values.shape[1:]))


def pool_of(dataset: Dataset, added: Added | None = None) -> Pool:
    """All rows of training patients, and the samples that were added.

    Raises DataError, with how many, where one of their patients is in another split too.
    """
    rows = dataset.rows("train")
    samples = dataset.samples
    names = samples["subject"][rows].to_list()
    left_out: dict[str, int] = {}
    for split in SPLITS[1:]:
        theirs = set(samples["subject"].filter(samples["split"] == split).to_list())
        require_apart(set(names), theirs, split)
        if theirs:
            left_out[split] = len(theirs)
    known = pl.any_horizontal(pl.col(dataset.schema.target.columns).is_not_null())
    unlabelled = len(rows) - samples[rows].select(known.sum()).item()
    every = np.array([*names, *(added.subjects if added else ())], dtype=object)
    return Pool(
        rows=rows, subjects=np.unique(every, return_inverse=True)[1].astype(np.int64),
        unlabelled=int(unlabelled), left_out=left_out, added=added,
    )  # fmt: skip


def require_apart(ours: set[str], theirs: set[str], split: str) -> None:
    """DataError where patients of a split are among those to learn from."""
    both = len(ours & theirs)
    if both:
        name = split.replace("_", "-")
        raise DataError(
            "unlabelled patients to pretrain on", expected=f"none of the {name} patients",
            found=f"{both:,} of {len(ours):,} are {name} patients",
            hint="what is learnt from their inputs is not unseen; check [data] subject",
        )  # fmt: skip


def subjects_in(frame: pl.DataFrame, subject: str) -> tuple[str, ...]:
    """The patient of each row of an unlabelled pool, as the study's own are named.

    Raises DataError where the column is not there, or a row has none.
    """
    if subject not in frame.columns:
        raise DataError(
            POOL, expected=f"the column '{subject}', which names the patient as in the source",
            found="none of that name",
            hint="add it to the pool: without it nobody can tell whether its patients are held out",
        )  # fmt: skip
    names = words_of(frame[subject])
    if names.null_count():
        raise DataError(
            f"{POOL}, column '{subject}'", expected="the patient in each row",
            found=f"{names.null_count():,} of {frame.height:,} rows without",
            hint="name them, or take those rows out of the pool",
        )  # fmt: skip
    return tuple(names.to_list())


def require_unseen(subjects: Collection[str], dataset: Dataset) -> None:
    """DataError, with how many, where patients of a pool are in tune, held-out or external data.

    Names that differ in case or in leading zeros are the same patient, unless the study's own
    source has two patients who differ in nothing else.
    """
    samples = dataset.samples
    known = samples["subject"].unique().to_list()
    exact = len({alike(name) for name in known}) < len(known)

    def form(name: str) -> str:
        return name if exact else alike(name)

    ours = {form(name) for name in subjects}
    found = []
    for split in SPLITS[1:]:
        theirs = samples["subject"].filter(samples["split"] == split).unique().to_list()
        both = len(ours & {form(name) for name in theirs})
        if both:
            found.append(f"{both:,} {split.replace('_', '-')} patients")
    if found:
        raise DataError(
            POOL, expected="no patient of the tune, held-out or external split",
            found=f"{' and '.join(found)} among its {len(ours):,} patients",
            hint="what is learnt from their inputs is not unseen; take them out of the pool",
        )  # fmt: skip


def alike(name: str) -> str:
    """A patient's name without what programs change when they write it.

    >>> alike(" P007"), alike("12.0"), alike("100")
    ('p7', '12', '100')
    """
    plain = _LEADING.sub("", name.strip().casefold())
    whole = _WHOLE.fullmatch(plain)
    return whole[1] if whole else plain


def require_no_copies(pool: Hashes, others: Mapping[str, Hashes], noun: str) -> None:
    """DataError where samples of other splits lie in a pool under another patient's name.

    A hash of 0 says nothing: of a sample that others are like by chance.
    """
    found = []
    for split, theirs in others.items():
        both = int((np.isin(pool, theirs) & (pool != 0)).sum())
        if both:
            found.append(f"{both:,} {noun}s of {split.replace('_', '-')} patients")
    if found:
        raise DataError(
            POOL, expected=f"no {noun} of the tune, held-out or external split",
            found=f"{' and '.join(found)} among its {len(pool):,}, under other names",
            hint=f"are patients named otherwise than in the source? take these {noun}s out",
        )  # fmt: skip
