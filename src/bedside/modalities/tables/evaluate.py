"""What evaluate asks of tables: the graph's inputs, which fields mattered, table 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Schema
from bedside.core.spec import Plain
from bedside.methods.evaluation.importance import Probe, importance, told
from bedside.methods.evaluation.looking import Looking
from bedside.modalities.tables.serve import missing_share

__all__ = ["arrays", "look", "missing_share", "permuted", "summaries"]

Arrays = Mapping[str, NDArray[np.generic]]
Rows = NDArray[np.int64]


def arrays(dataset: Dataset, schema: Schema, rows: Rows) -> Arrays:
    """`numeric` float32 [N, P] and `codes` int64 [N, C] of the fields that `schema` keeps."""
    return {
        "numeric": _columns(dataset, "numeric", rows, _kept(dataset, schema, "numeric")),
        "codes": _columns(dataset, "codes", rows, _kept(dataset, schema, "category")),
    }


def look(looking: Looking) -> dict[str, Plain]:
    """Which fields mattered to the released model, beside the one that learnt shuffled labels."""
    some = looking.some()

    def permute(held: Arrays, field: str, order: Rows) -> Arrays:
        return permuted(held, looking.schema, field, order)

    probe = Probe(
        arrays=some.arrays, truth=some.truth, repeats=some.repeats, seed=some.seed,
        level=some.record.level, permute=permute, resamples=some.resamples,
        fields=tuple(field.name for field in looking.schema.fields),
    )  # fmt: skip
    real = importance(some.model.predict, probe, some.model.edges)
    control = None
    if some.control is not None:
        control = importance(some.control.predict, probe, some.control.edges)
    patients = some.truth.patients()
    return {
        "importance": told(real, control, some.record, subjects=patients, model=some.model.name)
    }


def permuted(arrays: Arrays, schema: Schema, field: str, order: Rows) -> Arrays:
    """The arrays with the values of one field, gaps included, taken from the rows in `order`."""
    changed = {name: values.copy() for name, values in arrays.items()}
    for name, fields in (("numeric", schema.numeric), ("codes", schema.category)):
        for column, item in enumerate(fields):
            if item.name == field:
                changed[name][:, column] = arrays[name][order, column]
    return changed


def summaries(dataset: Dataset, schema: Schema, rows: Rows) -> dict[str, dict[str, Plain]]:
    """For table 1, by field: median and quartiles, or rows and share of each category.

    Shares are of those who have a value; `missing` is the share who have none.
    """
    held = arrays(dataset, schema, rows)
    found: dict[str, dict[str, Plain]] = {}
    numeric = cast("NDArray[np.float32]", held["numeric"])
    for column, field in enumerate(schema.numeric):
        found[field.name] = _quartiles(numeric[:, column].astype(np.float64))
    codes = cast("NDArray[np.int64]", held["codes"])
    for column, field in enumerate(schema.category):
        found[field.name] = _shares(codes[:, column], field.categories)
    return {field.name: found[field.name] for field in schema.fields}


def _quartiles(values: NDArray[np.float64]) -> dict[str, Plain]:
    seen = values[np.isfinite(values)]
    if not len(seen):
        return {"median": None, "q1": None, "q3": None, "missing": 1.0 if len(values) else None}
    low, middle, high = (float(at) for at in np.quantile(seen, [0.25, 0.5, 0.75]))
    return {"median": middle, "q1": low, "q3": high, "missing": 1.0 - len(seen) / len(values)}


def _shares(codes: Rows, categories: tuple[str, ...]) -> dict[str, Plain]:
    counts = np.bincount(codes, minlength=len(categories) + 1)
    seen = int(counts[1:].sum())
    shares: dict[str, Plain] = {
        name: {"count": int(count), "share": int(count) / seen if seen else None}
        for name, count in zip(categories, counts[1:], strict=False)
    }
    return {"shares": shares, "missing": int(counts[0]) / len(codes) if len(codes) else None}


def _kept(dataset: Dataset, schema: Schema, kind: str) -> list[int]:
    """Columns, in the data set's arrays, of the fields of `schema`, in the schema's order."""
    before = [field.name for field in dataset.schema.fields if field.kind == kind]
    return [before.index(field.name) for field in schema.fields if field.kind == kind]


def _columns(dataset: Dataset, name: str, rows: Rows, columns: list[int]) -> NDArray[np.generic]:
    return np.ascontiguousarray(dataset.array(name)[rows][:, columns])
