"""What is different where masks are learnt: the lesson, the policy, and the model's own masks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from bedside.core.dataset import Dataset, Schema
    from bedside.core.decision import Decision
    from bedside.methods.entrant import Arrays, Learned
    from bedside.methods.halves import Halves
    from bedside.methods.policy import Policy


def masks_of(
    dataset: Dataset, schema: Schema, halves: Halves
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Of the training and the selecting patients; None where the task has no masks."""
    if schema.target.type != "segmentation":
        return None
    masks = dataset.array("mask")
    return (
        np.asarray(masks[dataset.rows("train")], np.uint8),
        np.asarray(masks[halves.select], np.uint8),
    )


def volume_policy(
    graph: bytes, learned: Learned, arrays: Arrays, truth: NDArray[np.float64], *, options: Decision
) -> Policy:
    """Fitted to the volumes that the graph, not the model, outlines in calibrating patients.

    `truth` [N] true volume of all structures; NaN where nobody outlined.
    """
    from dataclasses import replace

    from bedside.adapters.session import open_graph
    from bedside.methods.policy import fit_policy

    if learned.outliner is None:
        raise TypeError("a model that outlines brings its outliner")
    volumes, novelty = replace(learned.outliner, patches=open_graph(graph))(arrays)
    return fit_policy(
        "segmentation", volumes, truth, novelty, np.zeros(len(truth)), options=options
    )


def true_volumes(dataset: Dataset, schema: Schema, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """[N] of all structures; NaN where nobody outlined."""
    from bedside.methods.outlining import volumes_of

    masks, spacing = dataset.array("mask")[rows], dataset.array("spacing")[rows]
    total = volumes_of(masks, spacing, len(schema.target.classes)).sum(axis=1)
    known = dataset.samples["target"][rows].is_not_null().to_numpy()
    return np.where(known, total, np.nan)


def write_masks(learned: Learned, cases: Mapping[str, Arrays], part: Path) -> None:
    """What the trained model itself outlines: `<name>.npy`, uint8 [N, *spatial]."""
    if learned.outliner is None:
        raise TypeError("a model that outlines brings its outliner")
    for name, arrays in cases.items():
        np.save(part / f"{name}.npy", learned.outliner.outlines(arrays).masks, allow_pickle=False)
