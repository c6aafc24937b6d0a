"""Boosted trees as a graph: every decision is the one that was trained.

Thresholds are float32, rounded down: for a float32 number x, `x <= t` is then the same as with t in
float64. A missing number takes the branch that it took in training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from bedside.adapters.onnx.build import Builder, known_codes
from bedside.adapters.onnx.linear import VALUE

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]
Link = Literal["sigmoid", "softmax", "identity", "hazard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestParts:
    """All nodes of all trees, and what their columns are."""

    tree: Numbers
    output: Numbers
    """[M] the output that the node's tree adds to."""
    node: Numbers
    """[M] number of the node within its tree; 0 is the root."""
    column: Numbers
    threshold: Floats
    left: Numbers
    right: Numbers
    missing_left: NDArray[np.bool_]
    leaf: NDArray[np.bool_]
    value: Floats
    base: Floats
    """[K] what the sums start from."""
    numeric: Numbers
    """[O] the numeric field of each of the first columns."""
    field: Numbers
    """[Q] the category field of each of the next columns."""
    code: Numbers
    """[Q] the code for which it is 1; -1 where it is the code itself."""
    intervals: int
    """Survival: the last column is the interval, 0 to intervals - 1; else 0."""


def forest_graph(
    parts: ForestParts, link: Link, numbers: int, cardinalities: tuple[int, ...]
) -> bytes:
    """The sum over the trees and its link, `value` in float64."""
    builder = Builder("forest")
    columns = _columns(builder, parts, cardinalities)
    if link == "hazard":
        columns = _periods(builder, columns, len(parts.numeric) + len(parts.field), parts.intervals)
    # The runtime leaves base values out for an output without trees, so they are added here.
    sums = builder.add("Add", _ensemble(builder, parts, columns), builder.constant(parts.base))
    score = builder.cast(sums, TensorProto.DOUBLE)
    if link == "sigmoid":
        builder.add("Sigmoid", score, output="value")
    elif link == "softmax":
        builder.add("Softmax", score, axis=1, output="value")
    elif link == "identity":
        builder.add("Identity", score, output="value")
    else:
        _curve(builder, score, parts.intervals)
    return builder.model((numbers, len(cardinalities)), VALUE)


def _columns(builder: Builder, parts: ForestParts, cardinalities: tuple[int, ...]) -> str:
    columns = []
    if len(parts.numeric):
        columns.append(builder.add("Gather", "numeric", builder.constant(parts.numeric), axis=1))
    if len(parts.field):
        codes = builder.add(
            "Gather", known_codes(builder, cardinalities), builder.constant(parts.field), axis=1
        )
        is_code = builder.add("Equal", codes, builder.constant(parts.code))
        chosen = builder.add(
            "Where", builder.constant(parts.code < 0),
            builder.cast(codes, TensorProto.FLOAT), builder.cast(is_code, TensorProto.FLOAT),
        )  # fmt: skip
        columns.append(chosen)
    if not columns:  # every column was empty in training: one that says nothing
        return builder.add(
            "ConstantOfShape", builder.add("Concat", builder.rows(), builder.axes(1), axis=0)
        )
    return builder.add("Concat", *columns, axis=1)


def _periods(builder: Builder, columns: str, width: int, intervals: int) -> str:
    """[N * K, width + 1]: each sample once for each interval, the interval last."""
    if not width:
        columns = builder.add("Slice", columns, builder.axes(0), builder.axes(0), builder.axes(1))
    rows = builder.rows()
    repeated = builder.add(
        "Expand", builder.add("Unsqueeze", columns, builder.axes(1)), builder.axes(1, intervals, 1)
    )
    number = np.arange(intervals, dtype=np.float32)[None, :, None]
    shape = builder.add("Concat", rows, builder.axes(intervals, 1), axis=0)
    period = builder.add("Expand", builder.constant(number), shape)
    joined = builder.add("Concat", repeated, period, axis=2)
    return builder.add("Reshape", joined, builder.axes(-1, width + 1))


def _ensemble(builder: Builder, parts: ForestParts, columns: str) -> str:
    leaf = parts.leaf
    return builder.add(
        "TreeEnsembleRegressor", columns,
        n_targets=len(parts.base), aggregate_function="SUM",
        nodes_treeids=parts.tree.tolist(), nodes_nodeids=parts.node.tolist(),
        nodes_featureids=np.where(leaf, 0, parts.column).tolist(),
        nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_values=np.where(leaf, np.float32(0), parts.threshold).tolist(),
        nodes_truenodeids=np.where(leaf, 0, parts.left).tolist(),
        nodes_falsenodeids=np.where(leaf, 0, parts.right).tolist(),
        nodes_missing_value_tracks_true=(parts.missing_left & ~leaf).astype(np.int64).tolist(),
        target_treeids=parts.tree[leaf].tolist(), target_nodeids=parts.node[leaf].tolist(),
        target_ids=parts.output[leaf].tolist(), target_weights=parts.value[leaf].tolist(),
    )  # fmt: skip


def _curve(builder: Builder, score: str, intervals: int) -> None:
    """Event-free at the end of each interval: the product of (1 - hazard), as a sum of logs."""
    staying = builder.add("Sigmoid", builder.add("Neg", score))
    by_interval = builder.add("Reshape", staying, builder.axes(-1, intervals))
    logs = builder.add("CumSum", builder.add("Log", by_interval), builder.scalar(1, np.int64))
    builder.add("Exp", logs, output="value")
