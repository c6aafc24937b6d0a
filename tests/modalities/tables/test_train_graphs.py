"""The graph of each kind of model says what the fitted model says, edge cases included."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.adapters.onnx import Graph
from bedside.methods import outcome as outcomes
from bedside.methods.cox import fit_cox
from bedside.methods.fit import Part, Schedule, fit
from bedside.methods.linear import fit_linear
from bedside.methods.networks.ft_transformer import FtTransformer, TransformerSettings
from bedside.methods.networks.mlp import Mlp, MlpSettings
from bedside.methods.networks.tabm import TabM, TabmSettings
from bedside.methods.outcome import Outcome
from bedside.methods.prevalence import fit_prevalence
from bedside.methods.tabular_inputs import Inputs, Predictor
from bedside.methods.trees import TreeSettings, fit_trees
from bedside.modalities.tables.train_graphs import NetworkModel, graph_of

Split = tuple[Inputs, Outcome]
NETWORKS = {
    "mlp": lambda split: Mlp(*split, MlpSettings(width=16)),
    "tabm": lambda split: TabM(*split, TabmSettings(members=3, width=16)),
    "tabm-piecewise": lambda split: TabM(*split, TabmSettings(members=3, embedding="piecewise")),
    "ft_transformer": lambda split: FtTransformer(*split, TransformerSettings(size=16)),
}
TASKS = ("binary", "multiclass", "multilabel", "regression", "survival")
SIMPLE = [(kind, task) for kind in ("prevalence", "linear", "trees") for task in TASKS]
DEEP = [
    *[("tabm", task) for task in TASKS],
    ("mlp", "binary"), ("tabm-piecewise", "binary"), ("ft_transformer", "survival"),
]  # fmt: skip


def made_up(task: str, fields: tuple[int, int], samples: int = 300) -> Split:
    rng = np.random.default_rng(4)
    numeric = rng.normal(size=(samples, fields[0])).astype(np.float32) * 10.0 ** np.arange(
        fields[0]
    )
    numeric[rng.random(numeric.shape) < 0.15] = np.nan
    codes = np.stack([rng.integers(0, size + 1, samples) for size in (3, 1, 40)], axis=1)
    inputs = Inputs(
        numeric=numeric.astype(np.float32), codes=codes[:, : fields[1]],
        cardinalities=(3, 1, 40)[: fields[1]],
    )  # fmt: skip
    risk = np.nan_to_num(numeric[:, 0] if fields[0] else codes[:, 0] - 1.5)
    return inputs, _outcome(task, risk + rng.normal(size=samples), rng)


def _outcome(task: str, noisy: np.ndarray, rng: np.random.Generator) -> Outcome:
    if task == "binary":
        return outcomes.binary(noisy > 0)
    if task == "multiclass":
        return outcomes.multiclass(np.digitize(noisy, [-0.5, 0.5]).astype(np.int64), 3)
    if task == "multilabel":
        values = np.stack([noisy > 0.5, noisy < 0, noisy > -1], axis=1).astype(np.float64)
        values[rng.random(values.shape) < 0.2] = np.nan
        return outcomes.multilabel(values)
    if task == "regression":
        return outcomes.regression(120 + 15 * noisy)
    time = np.exp(4 - noisy)
    return outcomes.survival(time, rng.random(len(time)) < 0.7, np.array([20.0, 50, 100, 200]))


def fitted(kind: str, split: Split) -> Predictor:
    if kind == "prevalence":
        return fit_prevalence(split[1])
    if kind == "linear" and split[1].task == "survival":
        return fit_cox(*split, penalty=1e-3)
    if kind == "linear":
        return fit_linear(*split, penalty=1e-3)
    if kind == "trees":
        return fit_trees(split, split, TreeSettings(trees=20), seed=0)
    part = Part(arrays=(split[0].numeric, split[0].codes), outcome=split[1])
    build = NETWORKS[kind]
    schedule = Schedule(epochs=2, patience=0)
    return NetworkModel(fitted=fit(lambda: build(split), part, part, schedule, seed=0))


def strange(inputs: Inputs) -> Inputs:
    """All missing, all zero, huge, infinite, unknown codes, and values of every size."""
    rng = np.random.default_rng(9)
    shape = (200, inputs.numeric.shape[1])
    numeric = np.exp(rng.uniform(-80, 80, shape)) * rng.choice([-1, 1], shape)
    numeric[rng.random(shape) < 0.3] = np.nan
    numeric[:6] = np.array([np.nan, 0, 3e38, -3e38, np.inf, -np.inf])[:, None]
    codes = rng.integers(-3, 50, (200, inputs.codes.shape[1]))
    codes[:2] = 0
    return Inputs(
        numeric=numeric.astype(np.float32), codes=codes, cardinalities=inputs.cardinalities
    )


def compare(model: Predictor, inputs: Inputs) -> None:
    graph = Graph(graph_of(model, inputs))
    for asked in (inputs, strange(inputs), inputs.rows(slice(0, 1)), inputs.rows(slice(0, 0))):
        found = graph.run({"numeric": asked.numeric, "codes": asked.codes})["value"]
        expected = model.predict(asked)
        assert found.shape == expected.shape
        assert np.isfinite(found).all()
        scale = np.abs(model.predict(inputs)).max()
        np.testing.assert_allclose(found, expected, atol=2e-6 * scale)


@pytest.mark.parametrize(("kind", "task"), [*SIMPLE, ("tabm", "binary")])
def test_graph_and_model_agree(kind: str, task: str) -> None:
    split = made_up(task, (4, 3))
    compare(fitted(kind, split), split[0])


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "task"), DEEP)
def test_graph_and_network_agree(kind: str, task: str) -> None:
    split = made_up(task, (4, 3))
    compare(fitted(kind, split), split[0])


@pytest.mark.parametrize("fields", [(3, 0), (0, 2)])
@pytest.mark.parametrize("kind", ["prevalence", "linear", "trees", "tabm"])
def test_without_numbers_or_without_categories(kind: str, fields: tuple[int, int]) -> None:
    split = made_up("binary", fields)
    compare(fitted(kind, split), split[0])


@pytest.mark.parametrize("absent", [0, 1, 2])
@pytest.mark.parametrize("kind", ["linear", "trees"])
def test_a_class_that_training_never_saw(kind: str, absent: int) -> None:
    inputs, outcome = made_up("multiclass", (4, 3))
    kept = outcome.classes != absent
    compare(fitted(kind, (inputs.rows(kept), outcome.rows(kept))), inputs)


def test_tree_decisions_are_exactly_those_of_training() -> None:
    """On numbers that lie on the thresholds and next to them."""
    inputs, outcome = made_up("regression", (4, 0))
    model = fit_trees((inputs, outcome), (inputs, outcome), TreeSettings(trees=40), seed=0)
    forest = model.forest()
    edges = forest.threshold[~forest.leaf & np.isfinite(forest.threshold)]
    beside = [edges, *(np.nextafter(edges, np.float32(side)) for side in (-np.inf, np.inf))]
    numeric = np.repeat(np.concatenate(beside)[:, None], 4, axis=1)
    near = Inputs(numeric=numeric, codes=np.zeros((len(numeric), 0), np.int64), cardinalities=())
    found = Graph(graph_of(model, near)).run({"numeric": near.numeric, "codes": near.codes})
    np.testing.assert_allclose(found["value"], model.predict(near), rtol=1e-6)


def test_what_has_no_graph_is_an_error() -> None:
    with pytest.raises(TypeError, match="no graph"):
        graph_of(object(), made_up("binary", (1, 0))[0])
