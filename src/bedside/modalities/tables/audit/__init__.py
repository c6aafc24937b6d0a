"""What the audit asks of a table: columns, fingerprints of rows, checks of single columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bedside.core.dataset import Dataset
from bedside.core.finding import Finding
from bedside.core.spec import Plain
from bedside.methods.audit.duplicates import Fingerprints, Hashes, mixed
from bedside.methods.audit.training import Column, Floats, Ints, Training
from bedside.modalities.tables.audit.columns import column_findings

MOST_TELLING = 3
"""Fields left out in turn to count near misses: those that differ most between rows."""
BLOCK = 100_000
MISSING = np.uint64(0xFFFFFFFFFFFF)


def columns(dataset: Dataset, rows: Ints) -> Iterator[Column]:
    """The fields of some rows, one after the other, numeric ones first."""
    numeric_PN = _gather(dataset, "numeric", rows)
    for at, field in enumerate(dataset.schema.numeric):
        yield Column(field=field, numeric=numeric_PN[at].astype(np.float32, copy=False))
    del numeric_PN
    codes_CN = _gather(dataset, "codes", rows)
    for at, field in enumerate(dataset.schema.category):
        yield Column(field=field, codes=codes_CN[at].astype(np.int64, copy=False))


def checks(
    dataset: Dataset,  # noqa: ARG001  # what the stage gives to every modality
    columns: Sequence[Column], training: Training, source: Plain,
) -> list[Finding]:  # fmt: skip
    """Constant, empty, identifying, free-text, many-valued columns and mixed units.

    `source` is prepare's columns.json.
    """
    return column_findings(columns, training, source)


def fingerprints(dataset: Dataset) -> Fingerprints:
    """Hashes of all rows; missing values are alike, and 0 is the same as -0."""
    arrays = (dataset.array("numeric"), dataset.array("codes"))
    total = sum(array.shape[1] for array in arrays)
    rows = len(arrays[0])
    whole, known = np.zeros(rows, np.uint64), np.zeros(rows, np.float32)
    telling = _telling(dataset)
    fields = {name: np.zeros(rows, np.uint64) for name in telling}
    names = [field.name for field in (*dataset.schema.numeric, *dataset.schema.category)]
    for start in range(0, rows, BLOCK):
        block = slice(start, start + BLOCK)
        for at, name in enumerate(names):
            values, salt = _words(arrays, at, block), at
            known[block] += values != MISSING
            hashed = mixed(values, salt)
            with np.errstate(over="ignore"):
                whole[block] += hashed
            if name in fields:
                fields[name][block] = hashed
    return Fingerprints(whole=whole, fields=fields, known=known / max(total, 1))


def _words(arrays: tuple[np.ndarray, ...], at: int, rows: slice) -> Hashes:
    """One field of some rows as 64-bit words."""
    numeric, codes = arrays
    if at < numeric.shape[1]:
        values = numeric[rows, at].astype(np.float32) + np.float32(0)
        words = values.view(np.uint32).astype(np.uint64)
        return np.where(np.isnan(values), MISSING, words)
    values = codes[rows, at - numeric.shape[1]]
    return np.where(values == 0, MISSING, values.astype(np.uint64))


def _telling(dataset: Dataset) -> list[str]:
    """Names of the fields in which two rows are least often equal."""
    rows = dataset.rows("train")[:20_000]
    agree = []
    for column in columns(dataset, rows):
        counts = np.unique(np.nan_to_num(column.values, nan=-1e30), return_counts=True)[1]
        agree.append((float(((counts / max(len(rows), 1)) ** 2).sum()), column.name))
    return [name for _, name in sorted(agree)[:MOST_TELLING]]


def _gather(dataset: Dataset, name: str, rows: Ints) -> Floats | Ints:
    """[fields, N] of some rows, a block at a time, so that the whole array is never in memory."""
    array = dataset.array(name)
    found = np.empty((array.shape[1], len(rows)), array.dtype)
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        found[:, start : start + BLOCK] = array[part].T
    return found
