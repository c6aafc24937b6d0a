"""A multi-label question: K yes-or-no questions that one graph answers.

Whatever holds of a binary outcome holds of one label, so that calibration, decisions, measures and
checks are those of binary outcomes, label by label. A sample's label may be unobserved while its
others are known; it then counts for the others alone. Evidence on a label has the slice
`label=NAME`, or `label=NAME & ...` for a part of the patients.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Target

Reals = NDArray[np.float64]


def slice_of(label: str, part: str = "all") -> str:
    """How evidence names a part of the patients for one label.

    >>> slice_of("effusion"), slice_of("effusion", "sex=F")
    ('label=effusion', 'label=effusion & sex=F')
    """
    return f"label={label}" if part == "all" else f"label={label} & {part}"


def parted(slice_: str, labels: Sequence[str]) -> tuple[str, str]:
    """A slice as its label (empty: it is of none) and the part of the patients.

    >>> parted("label=effusion & sex=F", ["effusion"]), parted("sex=F", ["effusion"])
    (('effusion', 'sex=F'), ('', 'sex=F'))
    """
    head, _, rest = slice_.partition(" & ")
    label = head.removeprefix("label=")
    return (label, rest or "all") if head != label and label in labels else ("", slice_)


def label_target(target: Target, label: str) -> Target:
    """One label of a multi-label target as a binary one."""
    return Target(type="binary", outcome=label, classes=("no", "yes"), unit=target.unit)


def label_values(samples: pl.DataFrame, target: Target) -> Reals:
    """[N, K] 1 present, 0 absent, NaN unobserved."""
    columns = samples.select(pl.col(target.columns).cast(pl.Float64).fill_null(float("nan")))
    return columns.to_numpy().astype(np.float64)


def rarest_present(values_NK: Reals) -> NDArray[np.int64]:
    """[N] by which halves and splits are stratified: the rarest label that is present.

    Ranks from 1, the rarest the highest; 0 where none is present. So a label that few have is
    shared out evenly, which random halves of few patients would not do.
    """
    present_NK = values_NK == 1
    order = np.argsort(-present_NK.sum(axis=0), kind="stable")
    rank_K = np.empty(len(order), np.int64)
    rank_K[order] = np.arange(1, len(order) + 1)
    return np.asarray(np.where(present_NK, rank_K, 0).max(axis=1, initial=0), np.int64)


def strata_of(samples: pl.DataFrame, target: Target) -> NDArray[np.int64]:
    """[N] classes by which samples are shared out: the target's own, or the rarest label present.

    -1 where the outcome was not observed.
    """
    if target.type != "multilabel":
        return samples["target"].fill_null(-1).fill_nan(-1).cast(int).to_numpy()
    values_NK = label_values(samples, target)
    unobserved = np.isnan(values_NK).all(axis=1)
    return np.where(unobserved, -1, rarest_present(values_NK))
