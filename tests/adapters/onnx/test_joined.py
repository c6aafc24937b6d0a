"""Joined graphs say what their parts say one after the other, with `image` as the only input."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.build import Builder, serialised
from bedside.adapters.onnx.finish import append_calibrator, append_novelty
from bedside.adapters.onnx.joined import beside, joined, with_novelty
from bedside.adapters.onnx.linear import constant_graph
from bedside.core.errors import DataError
from bedside.methods import novelty


def images_graph(output: str, kind: int = TensorProto.UINT8, weight: float = 1.0) -> bytes:
    """From `image` [N, 1, 4, 4] to the means of its rows [N, 4], times a weight."""
    builder = Builder("linear")  # the same prefix as a table's graph: names would collide
    image = builder.cast("image", TensorProto.FLOAT)
    mean = builder.add("ReduceMean", image, builder.axes(1, 3), keepdims=0)
    number = TensorProto.FLOAT if output == "numeric" else TensorProto.DOUBLE
    weighted = builder.add("Mul", mean, builder.scalar(weight, np.float32))
    builder.add("Cast", weighted, to=number, output=output)
    declared = [helper.make_tensor_value_info("image", kind, ["N", 1, 4, 4])]
    result = [helper.make_tensor_value_info(output, number, ["N", 4])]
    return serialised(
        helper.make_graph(builder.nodes, "images", declared, result, builder.constants)
    )


def table_graph(codes: int = 0) -> bytes:
    """The sum of four numbers, and of categories; with a novelty's use of `codes` in mind."""
    builder = Builder("linear")
    total = builder.add("ReduceSum", "numeric", builder.axes(1), keepdims=1)
    codes_sum = builder.add("ReduceSum", "codes", builder.axes(1), keepdims=1)
    both = builder.add("Add", total, builder.cast(codes_sum, TensorProto.FLOAT))
    builder.add("Cast", both, to=TensorProto.DOUBLE, output="value")
    return builder.model((4, codes), {"value": (TensorProto.DOUBLE, 2)})


IMAGES = np.random.default_rng(0).integers(0, 255, (9, 1, 4, 4)).astype(np.uint8)
FEATURES = IMAGES.mean(axis=(1, 3), dtype=np.float32)
BY = {"numeric": "numeric"}


def inputs(content: bytes) -> list[str]:
    return [item.name for item in onnx.load_model_from_string(content).graph.input]


@pytest.mark.parametrize("rows", [9, 1, 0])
def test_the_second_is_fed_by_the_first(rows: int) -> None:
    graph = joined(images_graph("numeric"), table_graph(), by=BY)
    assert inputs(graph) == ["image"]
    found = Graph(graph).run({"image": IMAGES[:rows]})
    assert list(found) == ["value"]
    assert found["value"].dtype == np.float64
    np.testing.assert_allclose(found["value"][:, 0], FEATURES[:rows].sum(axis=1), rtol=1e-6)


def test_a_constant_of_a_table_knows_the_rows() -> None:
    graph = joined(images_graph("numeric"), constant_graph(np.array([0.3]), (4, 0)), by=BY)
    np.testing.assert_array_equal(
        Graph(graph).run({"image": IMAGES})["value"], np.full((9, 1), 0.3)
    )


def test_outputs_and_inputs_may_have_other_names() -> None:
    graph = joined(images_graph("rows"), images_like_table("rows_in"), by={"rows_in": "rows"})
    np.testing.assert_allclose(
        Graph(graph).run({"image": IMAGES})["twice"], 2 * FEATURES.astype(float)
    )


def images_like_table(name: str) -> bytes:
    builder = Builder("linear")
    builder.add("Add", name, name, output="twice")
    declared, result = (
        [helper.make_tensor_value_info(what, TensorProto.DOUBLE, ["N", 4])]
        for what in (name, "twice")
    )
    return serialised(helper.make_graph(builder.nodes, "table", declared, result, []))


def test_calibrator_and_novelty_are_laid_over_it() -> None:
    seen = novelty.fit(FEATURES, np.zeros((9, 0), np.int64))
    graph = append_novelty(joined(images_graph("numeric"), table_graph(), by=BY), seen.params)
    graph = append_calibrator(graph, "linear", {"slope": 2.0, "intercept": 1.0}, clip=1e-7)
    found = Graph(graph).run({"image": IMAGES})
    assert set(found) == {"value", "novelty"}
    np.testing.assert_allclose(found["value"][:, 0], 1 + 2 * FEATURES.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(
        found["novelty"], seen.score(FEATURES, np.zeros((9, 0), np.int64)), rtol=1e-5
    )


@pytest.mark.parametrize("own", ["value", "joined"])
def test_novelty_of_any_model_of_images(own: str) -> None:
    features = images_graph("numeric")
    seen = novelty.fit(FEATURES, np.zeros((9, 0), np.int64))
    if own == "value":
        model = images_graph("value", weight=3.0)
    else:
        model = joined(features, table_graph(), by=BY)
    graph = with_novelty(model, features, seen.params)
    assert inputs(graph) == ["image"]
    found = Graph(graph).run({"image": IMAGES})
    assert list(found) == ["value", "novelty"]
    np.testing.assert_array_equal(found["value"], Graph(model).run({"image": IMAGES})["value"])
    np.testing.assert_allclose(
        found["novelty"], seen.score(FEATURES, np.zeros((9, 0), np.int64)), rtol=1e-5
    )
    count = onnx.load_model_from_string(graph).graph.node
    assert len({name for node in count for name in node.output}) == len(count)
    again = append_calibrator(graph, "identity", {}, clip=1e-7)
    assert set(Graph(again).run({"image": IMAGES})) == {"value", "novelty"}


def test_graphs_on_different_images_are_not_laid_side_by_side() -> None:
    with pytest.raises(DataError, match=r"uint8.*int16"):
        beside(images_graph("value"), images_graph("numeric", TensorProto.INT16))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match=r"nothing feeds.*codes"):
        joined(images_graph("numeric"), table_graph(codes=2), by=BY)
    with pytest.raises(DataError, match="number"):
        joined(images_graph("numeric"), table_graph(), by={"numeric": "number"})
    with pytest.raises(DataError, match=r"same output twice.*value"):
        joined(images_graph("value"), table_graph(), by={"numeric": "value"})
    with pytest.raises(DataError, match="same output twice"):
        beside(images_graph("value"), images_graph("value"))
    with pytest.raises(DataError, match="a model's"):
        with_novelty(images_graph("value"), images_graph("value"), {})
