"""Several findings a sample: what each model says of each label, and how many patients have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Target
from bedside.core.spec import Plain
from bedside.methods.evaluation.judged import Said
from bedside.methods.label_policy import LabelPolicies

if TYPE_CHECKING:
    from bedside.methods.evaluation.looking import Arrays, Model


def label_said(
    model: Model, policies: LabelPolicies, arrays: Arrays, missing: NDArray[np.float64]
) -> tuple[Said, ...]:
    """What a model says of N rows, one binary answer a label."""
    values, novelty = model.compute(arrays)
    decided = policies.decide(values, novelty, missing)
    return tuple(
        Said(
            name=model.name, values=values[:, k : k + 1], novelty=novelty, decisions=decisions,
            policy=policies.labels[k],
        )
        for k, decisions in enumerate(decided)
    )  # fmt: skip


def label_counts(samples: pl.DataFrame, target: Target) -> dict[str, Plain]:
    """Patients with each label in a sample or more, those in whom it was `observed`, and how many
    have no label that was."""
    people = pl.col("subject").n_unique()
    known = pl.any_horizontal(pl.col(name).is_not_null() for name in target.columns)
    observed = samples.filter(known)["subject"].n_unique()
    return {
        "unobserved": samples["subject"].n_unique() - observed,
        "observed": {
            label: samples.filter(pl.col(column).is_not_null()).select(people).item()
            for label, column in zip(target.classes, target.columns, strict=True)
        },
        "classes": {
            label: samples.filter(pl.col(column) == 1).select(people).item()
            for label, column in zip(target.classes, target.columns, strict=True)
        },
    }
