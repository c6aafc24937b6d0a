"""The Field of each feature of a table: vocabulary and what was seen, from training rows alone."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from bedside.core.dataset import Field
from bedside.core.inputs import Recipe
from bedside.core.study import Study
from bedside.methods.columns import BOOLEAN, Made
from bedside.methods.labels import words_of

DATES_UNIT = "days"


def freeze(made: Made, train: pl.Series, study: Study, recipe: Recipe) -> Field:
    """The Field of a feature: vocabulary and seen values come from training rows alone."""
    declared = made.declared
    low, high = declared.range or (None, None)
    codes = (*declared.missing, *study.data.missing)
    if made.kind in ("category", "boolean"):
        return Field(
            name=made.name,
            kind="category",
            dtype="int64",
            unit=declared.unit,
            categories=_vocabulary(made, train, recipe),
            missing=codes,
            description=declared.description,
        )
    days = made.kind == "days"
    text = "days from the prediction time to this date; " if days else ""
    return Field(
        name=made.name,
        unit=DATES_UNIT if days else declared.unit,
        low=low,
        high=high,
        missing=() if days else codes,
        description=f"{text}{declared.description}".removesuffix("; "),
    )


def _vocabulary(made: Made, train: pl.Series, recipe: Recipe) -> tuple[str, ...]:
    declared = made.declared.categories
    if declared:
        return declared
    if made.kind == "boolean":
        return BOOLEAN
    if isinstance(made.values.dtype, pl.Enum):
        return tuple(made.values.dtype.categories.to_list())
    counts = words_of(made.values).filter(train).drop_nulls().value_counts(name="rows")
    frequent = counts.filter(pl.col("rows") >= recipe.fewest_per_category)
    return tuple(_in_order(frequent[made.name].to_list()))


def _in_order(names: Sequence[str]) -> list[str]:
    """Sorted: as numbers where all of them are, else as text."""
    try:
        return sorted(names, key=float)
    except ValueError:
        return sorted(names)
