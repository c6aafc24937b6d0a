"""Each network on each task: learns, repeats, takes gaps and strange columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from lifelines.utils import concordance_index
from sklearn.metrics import r2_score, roc_auc_score
from torch import nn

from bedside.methods.fit import Part, Schedule, fit
from bedside.methods.networks.ft_transformer import FtTransformer, TransformerSettings
from bedside.methods.networks.mlp import Mlp, MlpSettings
from bedside.methods.networks.tabm import TabM, TabmSettings
from bedside.methods.outcome import Outcome
from bedside.methods.tabular_inputs import Inputs

NETWORKS = {
    "mlp": (Mlp, MlpSettings(width=32)),
    "mlp-periodic": (Mlp, MlpSettings(width=32, embedding="periodic")),
    "tabm": (TabM, TabmSettings(members=4, width=24)),
    "tabm-piecewise": (TabM, TabmSettings(members=4, width=24, embedding="piecewise")),
    "ft_transformer": (FtTransformer, TransformerSettings(size=16)),
}


@pytest.fixture(params=list(NETWORKS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def build(kind: str, inputs: Inputs, outcome: Outcome) -> nn.Module:
    network, settings = NETWORKS[kind]
    return network(inputs, outcome, settings)


def part(inputs: Inputs, outcome: Outcome) -> Part:
    return Part(arrays=(inputs.numeric, inputs.codes), outcome=outcome)


def quality(task: str, outcome: Outcome, value: np.ndarray) -> float:
    if task == "regression":
        return float(r2_score(outcome.labels, value))
    if task == "survival":
        return float(concordance_index(outcome.durations, value[:, -1], outcome.events))
    return float(roc_auc_score(outcome.labels[:, -1], value[:, -1]))


def test_learns_an_easy_signal(made_up: Callable, kind: str, task: str) -> None:
    found = made_up(task, 900)
    train, select = found.part(slice(0, 600)), found.part(slice(600, 750))
    test = found.part(slice(750, None))
    schedule = Schedule(epochs=12, batch=64, rate=5e-3)
    fitted = fit(lambda: build(kind, *train), part(*train), part(*select), schedule, seed=1)
    value = fitted.predict(test[0].numeric, test[0].codes)
    assert value.dtype == np.float64
    assert np.isfinite(value).all()
    assert quality(task, test[1], value) > 0.7
    if task == "survival":
        assert (np.diff(value, axis=1) <= 0).all()
    if task == "multiclass":
        np.testing.assert_allclose(value.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("left", [(5, 0), (0, 3), (1, 1)])
def test_any_mixture_of_fields(made_up: Callable, kind: str, left: tuple[int, int]) -> None:
    found = made_up("binary", 40)
    inputs = Inputs(
        numeric=found.inputs.numeric[:, : left[0]],
        codes=found.inputs.codes[:, : left[1]],
        cardinalities=found.inputs.cardinalities[: left[1]],
    )
    network = build(kind, inputs, found.outcome).eval()
    with torch.inference_mode():
        value = network(torch.from_numpy(inputs.numeric), torch.from_numpy(inputs.codes))
    assert value.shape == (40, 1)
    assert bool(torch.isfinite(value).all())


def test_extremes_are_answered(made_up: Callable, kind: str, task: str) -> None:
    found = made_up(task, 60)
    network = build(kind, found.inputs, found.outcome).eval()
    numeric = torch.tensor([[float("nan")] * 5, [3e38] * 5, [-3e38] * 5, [float("inf")] * 5])
    codes = torch.tensor([[0, 0, 0], [99, -5, 31], [3, 1, 30], [1, 1, 1]])
    with torch.inference_mode():
        value = network(numeric, codes)
        none = network(numeric[:0], codes[:0])
        alone = network(numeric[2:3], codes[2:3])
    assert bool(torch.isfinite(value).all())
    assert none.shape == (0, found.outcome.width)
    torch.testing.assert_close(alone, value[2:3])


def test_a_gap_is_not_its_filling(made_up: Callable, kind: str) -> None:
    found = made_up("binary", 60)
    network = build(kind, found.inputs, found.outcome).eval()
    full = torch.zeros(1, 5)
    gap = full.clone()
    gap[0, 0] = float("nan")
    codes = torch.ones(1, 3, dtype=torch.int64)
    with torch.inference_mode():
        assert abs(float(network(full, codes) - network(gap, codes))) > 1e-6


def test_constant_columns_and_all_missing_columns_have_no_slope(
    made_up: Callable, kind: str
) -> None:
    inputs = made_up("binary", 60).inputs
    same = Inputs(
        numeric=np.full((60, 2), [7.0, np.nan], np.float32),
        codes=inputs.codes[:, :1],
        cardinalities=inputs.cardinalities[:1],
    )
    network = build(kind, same, made_up("binary", 60).outcome).eval()
    with torch.inference_mode():
        value = network(torch.from_numpy(same.numeric), torch.from_numpy(same.codes))
    assert bool(torch.isfinite(value).all())


def test_members_of_tabm_differ_and_are_averaged(made_up: Callable) -> None:
    found = made_up("binary", 60)
    torch.manual_seed(0)
    network = build("tabm", found.inputs, found.outcome).eval()
    arrays = torch.from_numpy(found.inputs.numeric), torch.from_numpy(found.inputs.codes)
    with torch.inference_mode():
        raw = network.raw(*arrays)
        expected = torch.sigmoid(raw.double()).mean(dim=1)
        torch.testing.assert_close(network(*arrays), expected)
    assert raw.shape == (60, 4, 1)
    assert float(raw.std(dim=1).mean()) > 1e-3


def test_shared_layers_hold_one_matrix_for_all_members(made_up: Callable) -> None:
    found = made_up("binary", 60)
    sizes = [
        sum(
            p.numel()
            for p in TabM(found.inputs, found.outcome, TabmSettings(members=m)).parameters()
        )
        for m in (1, 2, 3)
    ]
    one_more = sizes[1] - sizes[0]
    assert sizes[2] - sizes[1] == one_more
    assert one_more < sizes[0] / 10
