"""From a model of places to one of patches: rows of a table become probabilities at each place."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

from bedside.adapters.onnx.build import Builder, serialised

_ROWS = "places.value"


def as_patches(model: bytes, patch: Sequence[int], classes: int) -> bytes:
    """A graph whose `value` [N * V, K] becomes `value` [N, K, *patch] in float32.

    V is the number of places of a patch, in row order; K is `classes`.
    """
    graph = onnx.load_model_from_string(model).graph
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [_ROWS if name == "value" else name for name in names]
    builder = Builder("places")
    shaped = builder.add("Reshape", _ROWS, builder.axes(-1, *patch, classes))
    axes = len(patch)
    turned = builder.add("Transpose", shaped, perm=[0, axes + 1, *range(1, axes + 1)])
    builder.add("Cast", turned, to=TensorProto.FLOAT, output="value")
    kept = [item for item in graph.output if item.name != "value"]
    shape: list[str | int | None] = ["N", classes, *patch]
    declared = helper.make_tensor_value_info("value", TensorProto.FLOAT, shape)
    whole = helper.make_graph(
        [*graph.node, *builder.nodes], "bedside", graph.input, [*kept, declared],
        [*graph.initializer, *builder.constants],
    )  # fmt: skip
    return serialised(whole)
