"""Inputs: what a modality hands to prepare, one row a sample, once its fields are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from bedside.core.dataset import Field

SAME = "bedside.same"
"""Column that a modality may add to a source without patients: rows of one text are one patient."""
MASK = "bedside.mask"
"""Column by which a modality names the mask of each row; null where there is none."""
TAG = "bedside.synthetic"
"""Column, and key of a Parquet file's notes, that a made-up table carries for life."""
SAMPLE = "bedside.sample"
"""Column that a modality may add where a patient has several samples at one time: it names each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How fields are to be frozen; the modality-free part of `[prepare]`."""

    undeclared: str = "feature"
    """What a column is that the study does not name: feature, ignore or stop."""
    fewest_per_category: int = 5
    """A category of fewer training subjects is no part of the vocabulary, unless declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Fields, their arrays, and the columns that go beside the samples (S rows each)."""

    fields: tuple[Field, ...]
    arrays: Mapping[str, npt.NDArray[np.generic]]
    groups: pl.DataFrame
    """Columns `group.X`, text or null."""
    comparators: pl.DataFrame
    """Columns `comparator.X`, float64 or null, the risk of the outcome."""
    columns: tuple[Mapping[str, object], ...] = field(default=())
    """What happened to each column of the source, for `columns.json`."""
    facts: pl.DataFrame | None = None
    """How each sample was acquired, for `facts.parquet`: what no model may lean on."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """How the modality reads an input, for the schema."""
