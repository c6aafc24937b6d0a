"""How many patients, how many of them unobserved, how many with the outcome: by split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import polars as pl

from bedside.core.dataset import Dataset, Split, Target
from bedside.core.evidence import Evidence
from bedside.methods.multilabel import slice_of
from bedside.methods.proportion import wilson


def enrolment(dataset: Dataset) -> list[Evidence]:
    """Evidence `prepare.subjects`, `prepare.unobserved` and `prepare.prevalence` of each split.

    A subject counts once: as unobserved when all their samples are, as having the outcome when
    one has it. For a multiclass task the prevalence is one a class, sliced `class=NAME`; for a
    multi-label one all but the count of subjects is one a label, sliced `label=NAME`.
    """
    return [
        item
        for split in get_args(Split)
        for item in _of_split(
            dataset.samples.filter(pl.col("split") == split), dataset, dataset.label(split)
        )
    ]


def _of_split(samples: pl.DataFrame, dataset: Dataset, data: str) -> Iterator[Evidence]:
    subjects = samples["subject"].n_unique()
    if not subjects:
        return
    # A census: these are all the patients of the split, so the interval is the number itself.
    yield Evidence(
        measure="prepare.subjects", value=float(subjects), low=float(subjects),
        high=float(subjects), subjects=subjects, unit="patients", stage="prepare", data=data,
    )  # fmt: skip
    target = dataset.schema.target
    for column in target.columns:
        part = "all" if column == "target" else slice_of(column.removeprefix("target."))
        observed = samples.filter(pl.col(column).is_not_null())
        seen = observed["subject"].n_unique()
        yield _share("prepare.unobserved", subjects - seen, subjects, data, part)
        if not seen or target.type in ("regression", "segmentation"):
            continue
        for value, name in _outcomes(target):
            having = observed.filter(pl.col(column) == value)["subject"].n_unique()
            about = name if part == "all" else part
            yield _share("prepare.prevalence", having, seen, data, about)


def _outcomes(target: Target) -> list[tuple[float, str]]:
    if target.type == "multiclass":
        return [(float(at), f"class={name}") for at, name in enumerate(target.classes)]
    return [(1.0, "all")]


def _share(measure: str, count: int, total: int, data: str, part: str = "all") -> Evidence:
    value, low, high = wilson(count, total)
    return Evidence(
        measure=measure, value=value, low=low, high=high, subjects=total, unit="share", slice=part,
        stage="prepare", data=data,
    )  # fmt: skip
