"""Rows of places become patches, in the order in which the places were written."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.build import Builder, serialised
from bedside.adapters.onnx.places import as_patches

CLASSES = 3


def rows_model(patch: tuple[int, ...]) -> bytes:
    """`image` [N, 1, *patch] to `value` [N * V, K] in float64: 1, 2, 3 times each place's value;
    and to `other` [N * V, 1], which is to be left alone."""
    builder = Builder("rows")
    column = builder.add("Reshape", "image", builder.axes(-1, 1), output="other")
    wide = builder.add("Cast", column, to=TensorProto.DOUBLE)
    times = builder.add("Constant", value=helper.make_tensor(
        "times", TensorProto.DOUBLE, [1, CLASSES], [1.0, 2.0, 3.0]))  # fmt: skip
    builder.add("Mul", wide, times, output="value")
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, *patch])]
    outputs = [
        helper.make_tensor_value_info("value", TensorProto.DOUBLE, ["R", CLASSES]),
        helper.make_tensor_value_info("other", TensorProto.FLOAT, ["R", 1]),
    ]
    return serialised(helper.make_graph(builder.nodes, "rows", inputs, outputs, builder.constants))


@pytest.mark.parametrize("patch", [(2, 3), (2, 3, 4)])
@pytest.mark.parametrize("count", [1, 2])
def test_each_place_keeps_its_answer(patch: tuple[int, ...], count: int) -> None:
    images = np.random.default_rng(1).normal(size=(count, 1, *patch)).astype(np.float32)
    found = Graph(as_patches(rows_model(patch), patch, CLASSES)).run({"image": images})
    assert set(found) == {"value", "other"}
    assert found["value"].dtype == np.float32
    assert found["value"].shape == (count, CLASSES, *patch)
    for column in range(CLASSES):
        np.testing.assert_allclose(
            found["value"][:, column], images[:, 0] * (column + 1), rtol=1e-6
        )
    np.testing.assert_array_equal(found["other"], images.reshape(-1, 1))
