"""Tiny graphs of images whose answers are known: by how bright an image, or a place, is."""

from __future__ import annotations

from onnx import TensorProto, helper

from bedside.adapters.onnx.build import Builder, serialised

SIDE = 16
"""Of the pictures that `middle_graph` takes."""


def finished(builder: Builder, kind: int, shape: tuple[int, ...], value: list[object]) -> bytes:
    """A graph whose novelty is 1 for each image."""
    mean = builder.add("ReduceMean", "bright", builder.axes(*range(1, len(shape) + 1)), keepdims=0)
    builder.add("Sub", mean, builder.add("Sub", mean, builder.add("Div", mean, mean)),
                output="novelty")  # fmt: skip
    inputs = [helper.make_tensor_value_info("image", kind, ["N", *shape])]
    outputs = [
        helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N", *value]),
        helper.make_tensor_value_info("novelty", TensorProto.FLOAT, ["N"]),
    ]
    return serialised(helper.make_graph(builder.nodes, "g", inputs, outputs, builder.constants))


def number(builder: Builder, value: float) -> str:
    held = helper.make_tensor(f"n{value}", TensorProto.FLOAT, [], [value])
    return builder.add("Constant", value=held)


def middle_graph() -> bytes:
    """value = sigmoid((mean - 127.9) / 20)."""
    builder = Builder("g")
    one = builder.add("Cast", "image", to=TensorProto.FLOAT)
    builder.add("Add", one, number(builder, 1.0), output="bright")
    mean = builder.add("ReduceMean", one, builder.axes(1, 2, 3), keepdims=0)
    row = builder.add("Unsqueeze", mean, builder.axes(1))
    apart = builder.add("Sub", row, number(builder, 127.9))
    builder.add("Sigmoid", builder.add("Div", apart, number(builder, 20.0)), output="value")
    return finished(builder, TensorProto.UINT8, (1, SIDE, SIDE), [1])


def halves_graph() -> bytes:
    """Labels: value = sigmoid((mean - 127.9) / 20) of the upper half, of the lower one, of all."""
    builder = Builder("g")
    one = builder.add("Cast", "image", to=TensorProto.FLOAT)
    builder.add("Add", one, number(builder, 1.0), output="bright")
    ends = ((0, SIDE // 2), (SIDE // 2, SIDE), (0, SIDE))
    parts = [
        builder.add("Slice", one, builder.axes(low), builder.axes(high), builder.axes(2))
        for low, high in ends
    ]
    means = [builder.add("ReduceMean", part, builder.axes(1, 2, 3), keepdims=0) for part in parts]
    rows = [builder.add("Unsqueeze", mean, builder.axes(1)) for mean in means]
    apart = builder.add("Sub", builder.add("Concat", *rows, axis=1), number(builder, 127.9))
    builder.add("Sigmoid", builder.add("Div", apart, number(builder, 20.0)), output="value")
    return finished(builder, TensorProto.UINT8, (1, SIDE, SIDE), [3])


def bright_graph(
    patch: tuple[int, ...], limits: tuple[float, float], kind: int = TensorProto.INT16
) -> bytes:
    """Structure 1 is over the first limit, structure 2 over the second."""
    builder = Builder("g")
    one = builder.add("Cast", "image", to=TensorProto.FLOAT)
    square = builder.add("Mul", one, one)
    builder.add("Add", square, number(builder, 1.0), output="bright")
    parts = [builder.add("Sigmoid", builder.add("Sub", one, number(builder, limit)))
             for limit in limits]  # fmt: skip
    low = builder.add("Sub", number(builder, 1.0), parts[0])
    between = builder.add("Sub", parts[0], parts[1])
    builder.add("Concat", low, between, parts[1], axis=1, output="value")
    return finished(builder, kind, (1, *patch), [3, *patch])
