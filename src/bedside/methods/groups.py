"""Subgroups of patients and other people's predictions: columns beside the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from bedside.core.errors import DataError
from bedside.methods.columns import Made
from bedside.methods.labels import words_of


def group(made: Made, train: pl.Series, fewest: int = 1) -> pl.Series:
    """`group.X`, text or null: the category, or the band that a number lies in.

    A category that the study does not declare and that fewer than `fewest` rows have is null: a
    subgroup of so few says nothing, and its name could be a person's.

    Bands are cut where the study says (`cuts`), else at the tertiles of training patients:
    `below 65`, `[65, 80)`, `80 and above`.
    """
    name = f"group.{made.name}"
    if made.kind in ("category", "boolean") or (
        not made.declared.cuts and made.values.n_unique() <= 6
    ):
        return _frequent(words_of(made.values), made.declared.categories, fewest).alias(name)
    number = made.values.cast(pl.Float64, strict=False).fill_nan(None)
    cuts = made.declared.cuts or _tertiles(number.filter(train))
    return _bands(number, sorted(set(cuts))).alias(name)


def _frequent(words: pl.Series, declared: Sequence[str], fewest: int) -> pl.Series:
    counts = words.drop_nulls().value_counts(name="rows")
    kept = counts.filter(pl.col("rows") >= fewest)[words.name].to_list()
    return words.set(~words.is_in([*kept, *declared]), None)


def comparator(made: Made) -> pl.Series:
    """`comparator.X`, the risk of the outcome in [0, 1] or null."""
    risk = made.values.cast(pl.Float64, strict=False).fill_nan(None)
    wrong = int((risk.is_null() & made.values.is_not_null()).sum())
    wrong += int(((risk < 0) | (risk > 1)).sum())
    if wrong:
        raise DataError(
            f"comparator '{made.name}'",
            expected="probabilities from 0 to 1",
            found=f"{wrong:,} values that are not",
            hint="divide percentages by 100 first; a comparator is a risk, not a score",
        )
    return (1.0 - risk if made.declared.invert else risk).alias(f"comparator.{made.name}")


def _tertiles(train: pl.Series) -> list[float]:
    thirds = [train.quantile(share, "nearest") for share in (1 / 3, 2 / 3)]
    return [float(cut) for cut in thirds if cut is not None]


def _bands(number: pl.Series, cuts: Sequence[float]) -> pl.Series:
    if not cuts:
        return pl.repeat(None, len(number), dtype=pl.String, eager=True)
    labels = [
        f"below {cuts[0]:g}",
        *(f"[{low:g}, {high:g})" for low, high in pairwise(cuts)),
        f"{cuts[-1]:g} and above",
    ]
    at = np.searchsorted(cuts, number.fill_null(0.0).to_numpy(), side="right")
    return pl.Series(labels)[at].set(number.is_null(), None)
