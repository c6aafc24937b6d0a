"""The last steps of a graph: calibrator over `value`, novelty score beside it, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from bedside.adapters.onnx.build import Builder, serialised
from bedside.core.errors import DataError

Arrays = Mapping[str, NDArray[np.generic]]
Params = Mapping[str, float] | Mapping[str, tuple[float, ...]]
MODEL_VALUE = "model.value"


def append_calibrator(
    model: bytes, kind: str, params: Params, *, clip: float, survival: bool = False
) -> bytes:
    """The graph with calibrated `value` in float32; arithmetic in float64.

    `kind` and `params` as `methods.calibration.Calibrator` has them, or with a number for each
    column of `value`; `clip` its distance from 0 and 1. For `survival` it is the risk, 1 - value,
    that is calibrated.
    """
    builder = Builder("calibrator")
    value = (
        builder.add("Sub", builder.scalar(1, np.float64), MODEL_VALUE) if survival else MODEL_VALUE
    )
    if kind == "logistic":
        value = _logistic(builder, value, params, clip)
    elif kind == "temperature":
        least = builder.add("Max", value, builder.scalar(clip, np.float64))
        slope = _numbers(builder, params["slope"])
        value = builder.add("Softmax", builder.add("Mul", builder.add("Log", least), slope), axis=1)
    elif kind == "linear":
        value = _line(builder, value, params)
    elif kind != "identity":
        raise DataError(
            "calibrator", expected="logistic, temperature, linear or identity", found=f"'{kind}'"
        )
    if survival:
        value = builder.add("Sub", builder.scalar(1, np.float64), value)
    builder.add("Cast", value, to=TensorProto.FLOAT, output="value")
    return _appended(model, builder, {"value": 2}, renamed={"value": MODEL_VALUE})


def append_novelty(model: bytes, params: Arrays) -> bytes:
    """The graph with a second output `novelty` [N]; `params` of `methods.novelty.Novelty`."""
    builder = Builder("novelty")
    terms = []
    if params["knots"].shape[1]:
        gap = builder.add("IsNaN", "numeric")
        columns = builder.add(
            "Concat", _positions(builder, params, gap), builder.cast(gap, TensorProto.FLOAT), axis=1
        )
        terms.append(builder.add("MatMul", columns, builder.constant(params["matrix"])))
    if len(params["starts"]):
        zero = builder.scalar(0, np.int64)
        code = builder.add(
            "Min", builder.add("Max", "codes", zero), builder.constant(params["sizes"])
        )
        place = builder.add("Add", code, builder.constant(params["starts"]))
        row = builder.add("Gather", builder.constant(params["lookup"]), place, axis=0)
        added = builder.add("Gather", builder.constant(params["rows"]), row, axis=0)
        terms.append(builder.add("ReduceSum", added, builder.axes(1), keepdims=0))
    y = builder.add("Sub", builder.total(terms), builder.constant(params["shift"]))
    square = builder.add("ReduceSum", builder.add("Mul", y, y), builder.axes(1), keepdims=0)
    builder.add("Sqrt", square, output="novelty")
    return _appended(model, builder, {"novelty": 1}, renamed={})


def label(model: bytes, metadata: Mapping[str, str]) -> bytes:
    """The graph with metadata, such as the digest of the schema it was made for."""
    return serialised(onnx.load_model_from_string(model).graph, metadata)


def _logistic(builder: Builder, value: str, params: Params, clip: float) -> str:
    low, high = builder.scalar(clip, np.float64), builder.scalar(1 - clip, np.float64)
    inside = builder.add("Clip", value, low, high)
    other = builder.add("Sub", builder.scalar(1, np.float64), inside)
    logit = builder.add("Sub", builder.add("Log", inside), builder.add("Log", other))
    return builder.add("Sigmoid", _line(builder, logit, params))


def _line(builder: Builder, value: str, params: Params) -> str:
    steep = builder.add("Mul", value, _numbers(builder, params["slope"]))
    return builder.add("Add", steep, _numbers(builder, params["intercept"]))


def _numbers(builder: Builder, held: float | Sequence[float]) -> str:
    """One number, or one for each column."""
    if isinstance(held, (int, float)):
        return builder.scalar(held, np.float64)
    return builder.constant(np.array(held, np.float64))


def _positions(builder: Builder, params: Arrays, gap: str) -> str:
    """z of the formula in methods/novelty.py."""
    knots, zero = params["knots"], builder.scalar(0, np.float32)
    first, last = builder.constant(knots[0]), builder.constant(knots[4])
    u = builder.add("Where", gap, first, "numeric")
    under = builder.add("Min", builder.add("Sub", u, first), zero)
    over = builder.add("Max", builder.add("Sub", u, last), zero)
    pieces = [
        builder.constant(params["scores"][0]),
        builder.add("Mul", under, builder.constant(params["below"])),
        builder.add("Mul", over, builder.constant(params["above"])),
    ]
    for k in range(4):
        risen = builder.add("Max", builder.add("Sub", u, builder.constant(knots[k])), zero)
        within = builder.add("Min", risen, builder.constant(knots[k + 1] - knots[k]))
        pieces.append(builder.add("Mul", within, builder.constant(params["slopes"][k])))
    low, high = builder.scalar(-1e6, np.float32), builder.scalar(1e6, np.float32)
    z = builder.add("Clip", builder.total(pieces), low, high)
    return builder.add("Where", gap, builder.constant(params["typical"]), z)


def _appended(
    model: bytes, builder: Builder, outputs: Mapping[str, int], renamed: Mapping[str, str]
) -> bytes:
    """Add the builder's nodes and outputs to a model, whose own names in `renamed` change."""
    graph = onnx.load_model_from_string(model).graph
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [renamed.get(name, name) for name in names]
    kept = [item for item in graph.output if item.name not in renamed]
    declared = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", "K"][:rank])
        for name, rank in outputs.items()
    ]
    whole = helper.make_graph(
        [*graph.node, *builder.nodes], "bedside", graph.input, [*kept, *declared],
        [*graph.initializer, *builder.constants],
    )  # fmt: skip
    return serialised(whole)
