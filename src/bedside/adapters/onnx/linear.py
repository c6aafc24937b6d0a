"""Linear scores and constants as graphs: prevalence, linear and Cox regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from bedside.adapters.onnx.build import Builder, known_codes

Floats = NDArray[np.float32]
Link = Literal["sigmoid", "softmax", "identity", "cox"]
VALUE = {"value": (TensorProto.DOUBLE, 2)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearParts:
    """The arrays of a linear score of P numbers and C categories, with K outputs."""

    fill: Floats
    """[P] what a missing number is filled with."""
    mean: Floats
    scale: Floats
    """[P] one over the deviation."""
    reach: float
    """Standardised values end at minus and plus this."""
    cardinalities: tuple[int, ...]
    offsets: NDArray[np.int64]
    """[C] where a category field's levels start in `level`."""
    numeric: Floats
    """[P, K]"""
    missing: Floats
    """[P, K]"""
    level: Floats
    """[L, K]"""
    bias: Floats
    """[K]"""
    hazard: NDArray[np.float64] | None = None
    """Cox: [edges] cumulative baseline hazard."""
    score_reach: float = 30.0
    """Cox: log relative hazards end at minus and plus this."""


def linear_graph(parts: LinearParts, link: Link) -> bytes:
    """The score and its link, `value` in float64."""
    builder = Builder("linear")
    terms = []
    if len(parts.fill):
        terms += _numbers(builder, parts)
    if parts.cardinalities:
        level = builder.add(
            "Add", known_codes(builder, parts.cardinalities), builder.constant(parts.offsets)
        )
        gathered = builder.add("Gather", builder.constant(parts.level), level, axis=0)
        terms.append(builder.add("ReduceSum", gathered, builder.axes(1), keepdims=0))
    score = builder.total([*terms, builder.constant(parts.bias)])
    _linked(builder, builder.cast(score, TensorProto.DOUBLE), link, parts)
    return builder.model((len(parts.fill), len(parts.cardinalities)), VALUE)


def constant_graph(value: NDArray[np.float64], fields: tuple[int, int]) -> bytes:
    """`value` [K] for every sample."""
    builder = Builder("constant")
    shape = builder.add("Concat", builder.rows(), builder.axes(len(value)), axis=0)
    builder.add("Expand", builder.constant(value[None]), shape, output="value")
    return builder.model(fields, VALUE)


def _numbers(builder: Builder, parts: LinearParts) -> list[str]:
    gap = builder.add("IsNaN", "numeric")
    filled = builder.add("Where", gap, builder.constant(parts.fill), "numeric")
    centred = builder.add("Sub", filled, builder.constant(parts.mean))
    scaled = builder.add("Mul", centred, builder.constant(parts.scale))
    low, high = (builder.scalar(side * parts.reach, np.float32) for side in (-1, 1))
    standard = builder.add("Clip", scaled, low, high)
    marks = builder.cast(gap, TensorProto.FLOAT)
    return [
        builder.add("MatMul", standard, builder.constant(parts.numeric)),
        builder.add("MatMul", marks, builder.constant(parts.missing)),
    ]


def _linked(builder: Builder, score: str, link: Link, parts: LinearParts) -> None:
    if link == "sigmoid":
        builder.add("Sigmoid", score, output="value")
    elif link == "softmax":
        builder.add("Softmax", score, axis=1, output="value")
    elif link == "cox" and parts.hazard is not None:
        low, high = (builder.scalar(side * parts.score_reach, np.float64) for side in (-1, 1))
        relative = builder.add("Exp", builder.add("Clip", score, low, high))
        product = builder.add("Mul", relative, builder.constant(-parts.hazard[None]))
        builder.add("Exp", product, output="value")
    else:
        builder.add("Identity", score, output="value")
