"""The simple models as graphs, from plain arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from bedside.adapters.onnx import forest, linear
from bedside.adapters.onnx.forest import ForestParts, forest_graph
from bedside.adapters.onnx.linear import LinearParts, constant_graph, linear_graph

Kind = Literal["constant", "linear", "forest"]


def simple_graph(
    kind: Kind, link: str, arrays: Mapping[str, Any], *, numbers: int,
    cardinalities: tuple[int, ...],
) -> bytes:  # fmt: skip
    """From `numeric` [N, P] and `codes` [N, C] to `value` in float64.

    `arrays` are the fields of `LinearParts` or `ForestParts`, or the `value` [K] of a constant;
    `numbers` is P and `cardinalities` [C] how many categories each code has.
    """
    if kind == "constant":
        return constant_graph(arrays["value"], (numbers, len(cardinalities)))
    if kind == "linear":
        return linear_graph(LinearParts(**arrays), cast("linear.Link", link))
    return forest_graph(ForestParts(**arrays), cast("forest.Link", link), numbers, cardinalities)
