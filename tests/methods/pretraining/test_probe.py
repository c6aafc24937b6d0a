"""A head on features that were computed once is the head that the long way gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.methods.pretraining.conftest import network, rows
from torch import Tensor, nn

from bedside.methods import outcome
from bedside.methods.fit import Part, Schedule, fit
from bedside.methods.networks.ft_transformer import FtTransformer, TransformerSettings
from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.tabm import TabM, TabmSettings
from bedside.methods.pretraining.begin import begun, encoder_of
from bedside.methods.pretraining.probe import fit_from
from bedside.methods.pretraining.start import Start

COUNT = 200
FACTS = ImageFacts(channels=1, shape=(16, 16), mean=(0.0,), deviation=(1.0,))
EVENT = np.arange(COUNT) % 3 == 0
OUTCOME = outcome.binary(EVENT)
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: network(rows()),
    "tabm": lambda: TabM(rows(), OUTCOME, TabmSettings(members=2, width=8, dropout=0.0)),
    "ft_transformer": lambda: FtTransformer(
        rows(), OUTCOME, TransformerSettings(size=8, dropout=0.0)
    ),
    "convnet": lambda: convnet(FACTS, OUTCOME, ConvNetSettings(width=4)),
}
FEW = Schedule(epochs=5, patience=0, batch=64, rate=1e-2, encoder=0.3)


def part(name: str) -> Part:
    table = rows(COUNT)
    if name != "convnet":
        return Part(arrays=(table.numeric, table.codes), outcome=OUTCOME)
    images = np.random.default_rng(0).normal(size=(COUNT, 1, 16, 16)) + EVENT[:, None, None, None]
    return Part(arrays=(images.astype(np.float32),), outcome=OUTCOME)


def start(name: str, tune: str = "probe") -> Start:
    torch.manual_seed(1)
    return Start(weights=encoder_of(NETWORKS[name]().eval()), entrant=name, tune=tune)  # type: ignore[arg-type]  # a Tune


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_the_head_that_the_long_way_gives(name: str) -> None:
    given, seen = start(name), part(name)
    long = fit(lambda: begun(NETWORKS[name](), given), seen, seen, FEW, seed=3)
    short = fit_from(given, NETWORKS[name], seen, seen, FEW, seed=3)
    np.testing.assert_allclose(
        short.predict(*seen.arrays), long.predict(*seen.arrays), rtol=1e-3, atol=1e-4
    )
    assert short.score == pytest.approx(long.score, abs=1e-4)
    assert type(short.network) is type(long.network)
    for key, value in short.network.state_dict().items():
        if key in given.weights:
            np.testing.assert_array_equal(value.numpy(), given.weights[key])


def _counted(monkeypatch: pytest.MonkeyPatch, kind: type[nn.Module]) -> list[int]:
    """Samples that pass through the encoder, each time."""
    passed: list[int] = []
    features = kind.features

    def noted(self: nn.Module, *arrays: Tensor) -> Tensor:
        passed.append(len(arrays[0]))
        return features(self, *arrays)

    monkeypatch.setattr(kind, "features", noted)
    return passed


@pytest.mark.parametrize(("tune", "times"), [("probe", 3), ("full", 10)])
def test_samples_pass_through_a_frozen_encoder_once(
    monkeypatch: pytest.MonkeyPatch, tune: str, times: int
) -> None:
    """Each of train and of select, and those of select once more for the score at the end."""
    given, seen = start("mlp", tune), part("mlp")
    passed = _counted(monkeypatch, type(network(rows())))
    fit_from(given, NETWORKS["mlp"], seen, seen, FEW, seed=3)
    assert sum(passed) == times * COUNT


def test_augmented_samples_take_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    given, seen, drawn = start("mlp"), part("mlp"), []

    def augment(arrays: tuple, labels: np.ndarray, chosen: np.ndarray, *, epoch: int) -> tuple:
        drawn.append(epoch)
        return arrays, labels

    fit_from(given, NETWORKS["mlp"], seen, seen, FEW, seed=3, augment=augment)
    assert set(drawn) == {1, 2, 3, 4, 5}
