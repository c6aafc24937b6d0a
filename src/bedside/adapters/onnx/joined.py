"""Graphs put together: one after the other, or side by side on the same input.

A model of images is a graph from `image` to `value` [N, K]. One on hand-crafted features is made of
two: `image -> numeric`, and a graph of a table, `numeric, codes -> value`. The novelty score is
always taken from the features, whatever the model. In what comes out, the tensors `numeric` and
(where it is read) `codes` keep their names, so that `finish` finds them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from bedside.adapters.onnx.build import serialised
from bedside.adapters.onnx.finish import append_novelty
from bedside.core.errors import DataError


def joined(first: bytes, second: bytes, *, by: Mapping[str, str]) -> bytes:
    """The second graph fed by the first; inputs are the first's, outputs the second's.

    `by` names for inputs of the second the output of the first that they are. An input of the
    second that is not named and of zero width, such as `codes` [N, 0], is made inside.
    """
    one, two = _graph(first), _graph(second)
    given = {item.name for item in one.output}
    unknown = sorted(set(by.values()) - given) + sorted(set(by) - _names(two.input))
    if unknown:
        raise DataError(
            "graphs put together", expected=f"outputs {sorted(given)} of the first, inputs "
            f"{sorted(_names(two.input))} of the second", found=f"{unknown}",
        )  # fmt: skip
    _require_none("the same output twice", _names(one.output) & _names(two.output))
    left = [item for item in two.input if item.name not in by]
    _require_none("an input that nothing feeds", {i.name for i in left if not _no_width(i)})
    _relabelled(one, "first", {name: name for name in _names(one.input) | given})
    kept = {name: name for name in _names(two.output) | {item.name for item in left}}
    _relabelled(two, "second", {**kept, **by})
    source = next(iter(by.values()))
    made, constants = _empty([item.name for item in left], source)
    whole = helper.make_graph(
        [*one.node, *made, *two.node], "bedside", one.input, two.output,
        [*one.initializer, *constants, *two.initializer],
    )  # fmt: skip
    return serialised(whole)


def beside(first: bytes, second: bytes) -> bytes:
    """Both graphs on the same inputs; outputs are the first's, then the second's."""
    one, two = _graph(first), _graph(second)
    if _types(one) != _types(two):
        raise DataError(
            "graphs put together", expected="the same inputs",
            found=f"{_types(one)} and {_types(two)}",
        )  # fmt: skip
    _require_none("the same output twice", _names(one.output) & _names(two.output))
    for prefix, graph in (("first", one), ("second", two)):
        _relabelled(
            graph, prefix, {name: name for name in _names(graph.input) | _names(graph.output)}
        )
    whole = helper.make_graph(
        [*one.node, *two.node], "bedside", one.input, [*one.output, *two.output],
        [*one.initializer, *two.initializer],
    )  # fmt: skip
    return serialised(whole)


def with_novelty(model: bytes, features: bytes, params: Mapping[str, NDArray[np.generic]]) -> bytes:
    """A graph `image -> value` with a second output `novelty` [N].

    `features` is the graph `image -> numeric` and `params` those of `methods.novelty.Novelty`,
    fitted to these features without any category. A model that already has `numeric` inside, as
    `joined` makes it, is given its novelty from there.
    """
    graph = _graph(model)
    if any("numeric" in node.output for node in graph.node):
        return append_novelty(model, params)
    if "value" in _names(_graph(features).output):
        raise DataError("features", expected="a graph `image -> numeric`", found="a model's")
    both = _graph(append_novelty(beside(model, features), params))
    kept = [item for item in both.output if item.name != "numeric"]
    del both.output[:]
    both.output.extend(kept)
    return serialised(both)


def _graph(content: bytes) -> onnx.GraphProto:
    return onnx.load_model_from_string(content).graph


def _names(items: object) -> set[str]:
    return {item.name for item in items}  # type: ignore[attr-defined]  # onnx has no types


def _types(graph: onnx.GraphProto) -> dict[str, tuple[object, ...]]:
    """Number type and shape of each input, the number of rows left out."""
    found = {}
    for item in graph.input:
        tensor = item.type.tensor_type
        kind = TensorProto.DataType.Name(tensor.elem_type).lower()
        found[item.name] = (kind, *(size.dim_value for size in tensor.shape.dim[1:]))
    return found


def _no_width(item: onnx.ValueInfoProto) -> bool:
    """Whether an input is int64 [N, 0]."""
    tensor = item.type.tensor_type
    sizes = tensor.shape.dim
    empty = len(sizes) == 2 and sizes[1].HasField("dim_value") and sizes[1].dim_value == 0
    return bool(empty and tensor.elem_type == TensorProto.INT64)


def _relabelled(graph: onnx.GraphProto, prefix: str, kept: Mapping[str, str]) -> None:
    """Every name within gets the prefix, but for those in `kept`, which become what that says."""

    def renamed(name: str) -> str:
        return kept.get(name, f"{prefix}.{name}" if name else "")  # "": an input left out

    for constant in graph.initializer:
        constant.name = renamed(constant.name)
    for node in graph.node:
        _require_none("a graph within a node", {a.name for a in node.attribute if a.HasField("g")})
        node.name = f"{prefix}.{node.name}" if node.name else ""
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]


def _empty(names: list[str], like: str) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Nodes that make int64 arrays [N, 0] with as many rows as the tensor `like`."""
    if not names:
        return [], []
    constants = [
        numpy_helper.from_array(np.array([value], np.int64), f"joined.{name}")
        for name, value in (("begin", 0), ("end", 1), ("width", 0))
    ]
    zero = numpy_helper.from_array(np.zeros(1, np.int64), "zero")
    nodes = [
        helper.make_node("Shape", [like], ["joined.shape"]),
        helper.make_node("Slice", ["joined.shape", "joined.begin", "joined.end"], ["joined.rows"]),
        helper.make_node("Concat", ["joined.rows", "joined.width"], ["joined.empty"], axis=0),
    ]
    nodes += [helper.make_node("ConstantOfShape", ["joined.empty"], [n], value=zero) for n in names]
    return nodes, constants


def _require_none(what: str, names: set[str]) -> None:
    if names:
        raise DataError(
            "graphs put together", expected="none of these", found=f"{what}: {sorted(names)}"
        )
