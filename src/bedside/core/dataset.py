"""A Dataset on disk: what prepare makes and every later stage reads.

    dataset.json      schema and digest
    samples.parquet   one row a sample: who, when, where, split, targets, groups, comparators
    <array>.npy       one memory-mapped array per input, row for row with the samples

Columns of `samples.parquet`:

    sample      int64, 0..S-1           split       train | tune | held_out | external
    subject     text, never null        site        text or null
    time        date or null            target      float64; class index, value; null = unobserved
    duration    float64 or null         event       int8 or null (time-to-event, or a horizon)
    given_split text or null: the part of a split that came with the data
    target.L    float64 of each label L of a multi-label task: 1 present, 0 absent, null unobserved;
                `target` is then null
    group.X     text or null            comparator.X  float64 or null (risk of the outcome)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from bedside.core.errors import DataError, RunError
from bedside.core.spec import Source, build, canonical, plain
from bedside.core.study import TaskType

SPLITS = ("train", "tune", "held_out", "external")
Split = Literal["train", "tune", "held_out", "external"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One named input."""

    name: str
    modality: str = "tables"
    kind: Literal["numeric", "category", "image"] = "numeric"
    axes: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    """Lengths of the axes; empty for a single value, 0 where samples differ."""
    dtype: str = "float32"
    unit: str = ""
    low: float | None = None
    """Impossible below, in `unit`; None: no bound was stated."""
    high: float | None = None
    categories: tuple[str, ...] = ()
    """The vocabulary of a category field, in the order of its codes (code 0 is missing)."""
    missing: tuple[str | float, ...] = ()
    """Codes that mean missing, beside null."""
    seen_low: float | None = None
    """The ends of what training rows hold, for warnings and documentation: values that at least
    `[prepare] fewest_per_category` rows reach, so that no end is one patient's own."""
    seen_high: float | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is predicted, frozen together with the fields."""

    type: TaskType
    outcome: str
    classes: tuple[str, ...] = ()
    """Names of the classes in the order of their index; for binary: (negative, positive); for
    multilabel the labels, of which several, one or none may be present."""
    horizon: float | None = None
    unit: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `samples.parquet` that hold it."""
        if self.type == "multilabel":
            return tuple(f"target.{name}" for name in self.classes)
        return ("target",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What a sample must look like, from now on: later data must satisfy it."""

    fields: tuple[Field, ...]
    target: Target
    groups: tuple[str, ...] = ()
    comparators: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    """How the modality reads an input, as its own section of the study had it."""

    @property
    def digest(self) -> str:
        """SHA-256 of the schema's canonical JSON."""
        return hashlib.sha256(canonical(self).encode()).hexdigest()

    @property
    def numeric(self) -> tuple[Field, ...]:
        """The numeric fields, in the order of the columns of `numeric`."""
        return tuple(item for item in self.fields if item.kind == "numeric")

    @property
    def category(self) -> tuple[Field, ...]:
        """The category fields, in the order of the columns of `codes`."""
        return tuple(item for item in self.fields if item.kind == "category")

    def without(self, names: Sequence[str]) -> Schema:
        """The schema less some fields (those that the audit drops)."""
        kept = tuple(item for item in self.fields if item.name not in names)
        if not kept:
            raise DataError(
                "schema",
                expected="at least one field to be left",
                found="none",
                hint="the audit dropped every field; read its findings",
            )
        return replace(self, fields=kept)


def read_schema(text: str, name: str = "schema.json") -> Schema:
    """A schema from its JSON text."""
    return build(Schema, json.loads(text), Source(name))


class Dataset:
    """A prepared data set in a folder; cheap to open, arrays are mapped on first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            record = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(
                folder.name,
                expected="a prepared data set",
                found="no readable dataset.json",
                hint="run `bedside prepare STUDY`",
            ) from error
        self.digest: str = record["digest"]
        self.schema: Schema = build(Schema, record["schema"], Source("dataset.json"))

    @cached_property
    def samples(self) -> pl.DataFrame:
        """One row a sample, columns as in the head of this file."""
        return pl.read_parquet(self.folder / "samples.parquet")

    def array(self, name: str) -> npt.NDArray[np.generic]:
        """A memory-mapped array, row for row with `samples`."""
        values: npt.NDArray[np.generic] = np.load(
            self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False
        )
        return values

    def rows(self, split: Split) -> npt.NDArray[np.int64]:
        """Row indices of a split."""
        return np.flatnonzero((self.samples["split"] == split).to_numpy()).astype(np.int64)

    def subjects(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Patients of some rows as integer codes 0..n-1, for counting and resampling."""
        names = self.samples["subject"][rows].to_numpy()
        return np.unique(names, return_inverse=True)[1].astype(np.int64)

    def label(self, split: Split) -> str:
        """How evidence names this data: `held_out@1f3a5c07`."""
        return f"{split}@{self.digest[:8]}"


def write_dataset(
    folder: Path,
    schema: Schema,
    samples: pl.DataFrame,
    arrays: Mapping[str, npt.NDArray[np.generic]],
) -> Dataset:
    """Write arrays and samples, then `dataset.json` with the digest of it all."""
    samples.write_parquet(folder / "samples.parquet")
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    total = hashlib.sha256(canonical(schema).encode())
    for name in ("samples.parquet", *(f"{name}.npy" for name in sorted(arrays))):
        with (folder / name).open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    record = {"digest": total.hexdigest(), "arrays": sorted(arrays), "schema": plain(schema)}
    (folder / "dataset.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    return Dataset(folder)
