"""The unlabelled pool of `[pretrain] pool`: found, read by the study's frozen fields, and searched
for anybody who is measured later, before anything is learnt.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bedside.core.context import Context
from bedside.core.dataset import SPLITS
from bedside.core.errors import DataError, StudyError
from bedside.core.study import Study
from bedside.methods.pretraining.pool import (
    POOL,
    Added,
    require_no_copies,
    require_unseen,
    subjects_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from bedside.core.dataset import Dataset, Schema
    from bedside.methods.entrant import Arrays

_CHUNK = 1_000


class PoolCell(Protocol):
    """Of the modality's cell for pretrain, what a pool is read with."""

    def arrays(self, dataset: Dataset, schema: Schema, rows: NDArray[np.int64]) -> Arrays:
        """Inputs of some rows, of the fields that `schema` keeps."""

    def read_pool(self, path: Path, study: Study, schema: Schema) -> pl.DataFrame:
        """One row a sample; DataError where a field of the study is not in it."""

    def pool_arrays(
        self, frame: pl.DataFrame, study: Study, schema: Schema
    ) -> tuple[Arrays, Mapping[str, int]]:
        """Inputs of all rows by the frozen schema, and counts of what is odd in them."""

    def known_by(self, arrays: Arrays) -> NDArray[np.uint64]:
        """A hash of each sample that only its copies share; 0 where samples are alike by chance."""


def pool_path(pool: str, study: Study, data_folder: Path | None) -> Path:
    """Where the pool lies.

    Raises StudyError where the study does not name patients, DataError where there is no pool.
    """
    from bedside.adapters.source import find_source

    if not study.data.subject:
        raise StudyError(
            f"{study.file.name} {POOL}", expected="subject in [data], which names the patients",
            found="none",
            hint="name them in the source and in the pool: else nobody can tell whether patients "
            "of the pool are held out",
        )  # fmt: skip
    return find_source(study, [pool], data_folder, key=POOL)


def unlabelled(path: Path, context: Context, schema: Schema, *, digest: str) -> Added:
    """The pool's samples, `digest` being the source's; DataError where anybody of it is measured
    later."""
    from bedside.adapters.parquet import made_up_rows

    study, cell = context.study, _cell(context)
    frame = cell.read_pool(path, study, schema)
    made_up = made_up_rows(frame, [path])
    if made_up:
        raise DataError(
            POOL, expected="patients", found=f"{made_up:,} rows that `bedside synthesize` made up",
            hint="leave their rows out",
        )  # fmt: skip
    subjects = subjects_in(frame, study.data.subject)
    dataset = context.dataset()
    require_unseen(subjects, dataset)
    arrays, counts = cell.pool_arrays(frame, study, schema)
    others = {split: _known(cell, dataset, schema, split) for split in SPLITS[1:]}
    require_no_copies(cell.known_by(arrays), others, study.about.modality.removesuffix("s"))
    return Added(
        arrays=arrays, subjects=subjects, name=path.name, digest=digest,
        counts=counts,
    )  # fmt: skip


def _cell(context: Context) -> PoolCell:
    cell: PoolCell = context.cell
    return cell


def _known(cell: PoolCell, dataset: Dataset, schema: Schema, split: str) -> NDArray[np.uint64]:
    """Hashes of the samples of a split, a part of them in memory at a time."""
    import numpy as np

    rows = np.flatnonzero((dataset.samples["split"] == split).to_numpy()).astype(np.int64)
    parts = [
        cell.known_by(cell.arrays(dataset, schema, rows[at : at + _CHUNK]))
        for at in range(0, len(rows), _CHUNK)
    ]
    return np.concatenate([np.zeros(0, np.uint64), *parts])
