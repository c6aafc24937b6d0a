from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.forest import ForestParts, forest_graph


def stump(column: int, threshold: float, *, missing_left: bool, intervals: int = 0) -> ForestParts:
    """One split: -1 to the left, +2 to the right, from 0.5; number 1 and category 2 of field 0."""
    return ForestParts(
        tree=np.zeros(3, np.int64), output=np.zeros(3, np.int64), node=np.arange(3),
        column=np.array([column, 0, 0]), threshold=np.array([threshold, 0, 0], np.float32),
        left=np.array([1, 0, 0]), right=np.array([2, 0, 0]),
        missing_left=np.array([missing_left, False, False]), leaf=np.array([False, True, True]),
        value=np.array([0, -1, 2], np.float32), base=np.array([0.5], np.float32),
        numeric=np.array([1]), field=np.array([0, 1]), code=np.array([2, -1]), intervals=intervals,
    )  # fmt: skip


NUMERIC = np.array(
    [[9, 1.5], [9, np.nan], [9, np.nextafter(np.float32(1.5), np.float32(2))]], np.float32
)
CODES = np.array([[2, 30], [1, 31], [5, 99]])


def run(parts: ForestParts, link: str) -> np.ndarray:
    graph = Graph(forest_graph(parts, link, 2, (3, 40)))
    return graph.run({"numeric": NUMERIC, "codes": CODES})["value"]


@pytest.mark.parametrize("missing_left", [True, False])
def test_numbers_split_at_the_threshold_and_gaps_as_trained(missing_left: bool) -> None:
    found = run(stump(0, 1.5, missing_left=missing_left), "identity")[:, 0]
    assert found.tolist() == [-0.5, -0.5 if missing_left else 2.5, 2.5]


def test_a_category_of_its_own_and_ordered_codes() -> None:
    assert run(stump(1, 0.5, missing_left=False), "identity")[:, 0].tolist() == [2.5, -0.5, -0.5]
    ordered = run(stump(2, 30.5, missing_left=False), "identity")[:, 0]
    assert ordered.tolist() == [-0.5, 2.5, -0.5]  # 99 is no category, so it is missing: code 0


def test_infinite_threshold_parts_the_missing_from_the_rest() -> None:
    found = run(stump(0, np.inf, missing_left=False), "identity")[:, 0]
    assert found.tolist() == [-0.5, 2.5, -0.5]


def test_survival_multiplies_what_is_left_of_each_interval() -> None:
    found = run(stump(3, 0.5, missing_left=False, intervals=3), "hazard")
    hazards = expit(np.array([-0.5, 2.5, 2.5]))
    np.testing.assert_allclose(found, np.tile(np.cumprod(1 - hazards), (3, 1)), rtol=1e-7)


def test_no_rows_and_no_columns() -> None:
    bare = ForestParts(
        tree=np.zeros(1, np.int64), output=np.zeros(1, np.int64), node=np.zeros(1, np.int64),
        column=np.zeros(1, np.int64), threshold=np.zeros(1, np.float32),
        left=np.zeros(1, np.int64), right=np.zeros(1, np.int64), missing_left=np.zeros(1, bool),
        leaf=np.ones(1, bool), value=np.array([0.25], np.float32), base=np.array([1], np.float32),
        numeric=np.zeros(0, np.int64), field=np.zeros(0, np.int64), code=np.zeros(0, np.int64),
        intervals=2,
    )  # fmt: skip
    for rows in (0, 4):
        arrays = {"numeric": np.ones((rows, 1), np.float32), "codes": np.zeros((rows, 0), np.int64)}
        value = Graph(forest_graph(bare, "identity", 1, ())).run(arrays)["value"]
        assert value.tolist() == [[1.25]] * rows
        assert Graph(forest_graph(bare, "hazard", 1, ())).run(arrays)["value"].shape == (rows, 2)
