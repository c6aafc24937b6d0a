"""Whose inputs may be learnt from: training patients, labelled or not, and nobody else's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import SPLITS, Dataset
from bedside.core.errors import DataError

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Unlabelled rows, and who was left out."""

    rows: Rows
    subjects: Rows
    """[N] patients of the rows as integer codes."""
    unlabelled: int
    """Rows without an observed outcome."""
    left_out: dict[str, int]
    """Patients of each other split."""

    @property
    def patients(self) -> int:
        """In it."""
        return len(np.unique(self.subjects))


def pool_of(dataset: Dataset) -> Pool:
    """All rows of training patients.

    Raises DataError, with how many, where one of their patients is in another split too.
    """
    rows = dataset.rows("train")
    samples = dataset.samples
    ours = set(samples["subject"][rows].to_list())
    left_out: dict[str, int] = {}
    for split in SPLITS[1:]:
        theirs = set(samples["subject"].filter(samples["split"] == split).to_list())
        require_apart(ours, theirs, split)
        if theirs:
            left_out[split] = len(theirs)
    unlabelled = samples["target"][rows].is_null().sum()
    return Pool(
        rows=rows, subjects=dataset.subjects(rows), unlabelled=int(unlabelled), left_out=left_out
    )


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
