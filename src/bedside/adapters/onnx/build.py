"""A graph in the making: nodes and constants by hand, with names that do not clash."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, ML_OPSET, IR_VERSION = 18, 3, 10
"""Versions that ONNX Runtime 1.22 and later reads; fixed, so that a graph stays the same."""


Attribute = int | str | list[int] | list[float] | list[str]


class Builder:
    """Adds nodes to a graph; every method gives the name of its result.

    >>> builder = Builder("double")
    >>> twice = builder.add("Mul", "numeric", builder.constant(np.float32(2)))
    """

    def __init__(self, prefix: str) -> None:
        self.prefix, self.count = prefix, 0
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[np.generic] | np.generic) -> str:
        """A constant array."""
        name = self._name("constant")
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def scalar(self, value: float, like: type[np.generic]) -> str:
        """A constant number of a type."""
        name = self._name("constant")
        self.constants.append(numpy_helper.from_array(np.asarray(value, like), name))
        return name

    def axes(self, *values: int) -> str:
        """Whole numbers: axes, shapes, starts."""
        return self.constant(np.array(values, np.int64))

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Attribute) -> str:
        """One node; its first output."""
        name = output or self._name(kind.lower())
        domain = "ai.onnx.ml" if kind.startswith("TreeEnsemble") else ""
        node = helper.make_node(kind, list(inputs), [name], domain=domain)
        node.attribute.extend(helper.make_attribute(key, item) for key, item in attributes.items())
        self.nodes.append(node)
        return name

    def cast(self, name: str, kind: int) -> str:
        """As another type: `TensorProto.FLOAT`, `.DOUBLE`, `.INT64`."""
        return self.add("Cast", name, to=kind)

    def total(self, names: list[str]) -> str:
        """The sum of one array or more."""
        total = names[0]
        for name in names[1:]:
            total = self.add("Add", total, name)
        return total

    def rows(self) -> str:
        """N, as an array of one number."""
        shape = self.add("Shape", "numeric")
        return self.add("Slice", shape, self.axes(0), self.axes(1))

    def model(self, fields: tuple[int, int], outputs: Mapping[str, tuple[int, int]]) -> bytes:
        """The whole model: (P, C), and type and rank of each output."""
        numbers, categories = fields
        inputs = [
            helper.make_tensor_value_info("numeric", TensorProto.FLOAT, ["N", numbers]),
            helper.make_tensor_value_info("codes", TensorProto.INT64, ["N", categories]),
        ]
        declared = [
            helper.make_tensor_value_info(name, kind, ["N", "K"][:rank])
            for name, (kind, rank) in outputs.items()
        ]
        graph = helper.make_graph(self.nodes, self.prefix, inputs, declared, self.constants)
        return serialised(graph)

    def _name(self, kind: str) -> str:
        self.count += 1
        return f"{self.prefix}.{kind}.{self.count}"


def serialised(graph: onnx.GraphProto, metadata: Mapping[str, str] | None = None) -> bytes:
    """A checked model around a graph."""
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    model.producer_name = "bedside"
    helper.set_model_props(model, dict(metadata or {}))
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def known_codes(builder: Builder, cardinalities: tuple[int, ...]) -> str:
    """`codes` with whatever is not a known category as missing."""
    zero = builder.scalar(0, np.int64)
    within = builder.add(
        "And",
        builder.add("GreaterOrEqual", "codes", zero),
        builder.add("LessOrEqual", "codes", builder.constant(np.array(cardinalities, np.int64))),
    )
    return builder.add("Where", within, "codes", zero)
