from __future__ import annotations

import numpy as np
import pytest

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.finish import append_calibrator, append_novelty, label
from bedside.adapters.onnx.linear import constant_graph
from bedside.core.errors import DataError
from bedside.methods import novelty
from bedside.methods.calibration import Calibrator
from bedside.methods.measures.sample import PROBABILITY_CLIP

ROW = {"numeric": np.zeros((1, 1), np.float32), "codes": np.zeros((1, 0), np.int64)}
CALIBRATORS = [
    Calibrator(kind="identity", params={}),
    Calibrator(kind="logistic", params={"slope": 0.4, "intercept": -0.7}),
    Calibrator(kind="linear", params={"slope": 1.3, "intercept": 11.0}),
]


def calibrated(value: np.ndarray, calibrator: Calibrator, *, survival: bool = False) -> np.ndarray:
    model = append_calibrator(
        constant_graph(value, (1, 0)), calibrator.kind, calibrator.params,
        clip=PROBABILITY_CLIP, survival=survival,
    )  # fmt: skip
    return Graph(model).run(ROW)["value"][0]


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=lambda c: c.kind)
def test_the_graph_calibrates_as_the_method_does(calibrator: Calibrator) -> None:
    value = np.array([0.0, 1e-12, 1e-4, 0.3, 0.5, 0.9999999, 1 - 1e-12, 1.0])
    found = calibrated(value, calibrator)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, calibrator.apply(value), rtol=1e-7, atol=1e-12)


def test_classes() -> None:
    share = np.array([0.0, 0.2, 0.8])
    calibrator = Calibrator(kind="temperature", params={"slope": 0.5})
    expected = calibrator.apply(share[None])[0]
    np.testing.assert_allclose(calibrated(share, calibrator), expected, rtol=1e-6)


def test_survival_calibrates_the_risk() -> None:
    curve = np.array([0.999999, 0.9, 0.4])
    calibrator = CALIBRATORS[1]
    found = calibrated(curve, calibrator, survival=True)
    np.testing.assert_allclose(found, 1 - calibrator.apply(1 - curve), rtol=1e-6)


def test_an_unknown_calibrator_is_refused() -> None:
    with pytest.raises(DataError, match="isotonic"):
        append_calibrator(constant_graph(np.ones(1), (1, 0)), "isotonic", {}, clip=1e-9)


@pytest.mark.parametrize("fields", [(3, 2), (3, 0), (0, 2)])
def test_novelty_in_the_graph_is_the_method_s(fields: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    numeric = rng.normal(size=(300, fields[0])).astype(np.float32)
    numeric[rng.random(numeric.shape) < 0.2] = np.nan
    codes = rng.integers(0, 4, (300, fields[1]))
    fitted = novelty.fit(numeric, codes)
    graph = Graph(append_novelty(
        append_calibrator(constant_graph(np.ones(1), fields), "identity", {}, clip=1e-9),
        fitted.params,
    ))  # fmt: skip
    strange, odd = numeric * 1e6, codes * 5 - 1
    for x, c in ((numeric, codes), (strange, odd), (numeric[:0], codes[:0])):
        found = graph.run({"numeric": x, "codes": c})
        assert set(found) == {"value", "novelty"}
        np.testing.assert_allclose(found["novelty"], fitted.score(x, c), rtol=1e-4, atol=1e-5)


def test_labels_are_read_back() -> None:
    model = label(constant_graph(np.ones(1), (1, 0)), {"schema": "abc"})
    assert Graph(model).metadata == {"schema": "abc"}
    assert Graph(model).run(ROW)["value"].tolist() == [[1.0]]
