from __future__ import annotations

import numpy as np
from onnx import TensorProto

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.build import Builder, known_codes


def test_nodes_by_hand_run() -> None:
    builder = Builder("double")
    builder.add("Mul", "numeric", builder.scalar(2, np.float32), output="value")
    graph = Graph(builder.model((2, 0), {"value": (TensorProto.FLOAT, 2)}))
    numeric = np.array([[1, np.nan], [3, 4]], np.float32)
    found = graph.run({"numeric": numeric, "codes": np.zeros((2, 0), np.int64)})
    np.testing.assert_array_equal(found["value"], numeric * 2)


def test_codes_that_are_no_category_are_missing() -> None:
    builder = Builder("codes")
    builder.cast(known_codes(builder, (3, 1)), TensorProto.FLOAT)
    builder.nodes[-1].output[0] = "value"
    graph = Graph(builder.model((0, 2), {"value": (TensorProto.FLOAT, 2)}))
    codes = np.array([[3, 1], [4, 2], [-1, 0], [2**40, -(2**40)]])
    found = graph.run({"numeric": np.zeros((4, 0), np.float32), "codes": codes})["value"]
    assert found.tolist() == [[3, 1], [0, 0], [0, 0], [0, 0]]


def test_the_same_nodes_are_the_same_bytes() -> None:
    def made() -> bytes:
        builder = Builder("same")
        builder.add("Neg", "numeric", output="value")
        return builder.model((1, 1), {"value": (TensorProto.FLOAT, 2)})

    assert made() == made()
