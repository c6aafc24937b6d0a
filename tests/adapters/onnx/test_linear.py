from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, softmax

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.linear import LinearParts, Link, constant_graph, linear_graph

NUMERIC = np.array([[2.0, np.nan], [np.nan, 4.0], [1e30, -1e30]], np.float32)
CODES = np.array([[1], [0], [9]])
PARTS = LinearParts(
    fill=np.array([1, 2], np.float32), mean=np.array([1, 3], np.float32),
    scale=np.array([0.5, 2], np.float32), reach=10.0, cardinalities=(2,), offsets=np.array([0]),
    numeric=np.array([[1.0], [0.5]], np.float32), missing=np.array([[0.25], [-0.5]], np.float32),
    level=np.array([[0.1], [0.2], [0.3]], np.float32), bias=np.array([-0.75], np.float32),
)  # fmt: skip
SCORE = np.array([
    [0.5 + 0.5 * -2 - 0.5 + 0.2 - 0.75],
    [0.0 + 0.5 * 2 + 0.25 + 0.1 - 0.75],
    [10.0 + 0.5 * -10 + 0.1 - 0.75],
])  # fmt: skip
"""By hand: standardised times weight, absence, level, bias."""


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("identity", SCORE),
        ("sigmoid", expit(SCORE)),
        ("cox", np.exp(-np.exp(SCORE) * np.array([[0.1, 0.4]]))),
    ],
)
def test_score_and_link_by_hand(link: Link, expected: np.ndarray) -> None:
    parts = replace(PARTS, hazard=np.array([0.1, 0.4])) if link == "cox" else PARTS
    found = Graph(linear_graph(parts, link)).run({"numeric": NUMERIC, "codes": CODES})["value"]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_classes() -> None:
    wide = replace(
        PARTS,
        numeric=np.ones((2, 3), np.float32) * np.arange(3, dtype=np.float32),
        missing=np.zeros((2, 3), np.float32),
        level=np.zeros((3, 3), np.float32),
        bias=np.zeros(3, np.float32),
    )
    found = Graph(linear_graph(wide, "softmax")).run({"numeric": NUMERIC, "codes": CODES})["value"]
    score = np.array([[-1.5], [2.0], [0.0]]) * np.arange(3)
    np.testing.assert_allclose(found, softmax(score, axis=1), rtol=1e-6)


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_a_constant_for_everyone(rows: int) -> None:
    graph = Graph(constant_graph(np.array([0.2, 0.8]), (3, 0)))
    arrays = {"numeric": np.zeros((rows, 3), np.float32), "codes": np.zeros((rows, 0), np.int64)}
    np.testing.assert_array_equal(graph.run(arrays)["value"], np.full((rows, 2), [0.2, 0.8]))
