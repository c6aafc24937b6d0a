"""Where a training starts: weights in their places, frozen as far as is asked, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods.pretraining.conftest import network, rows
from torch import nn

from bedside.core.errors import DataError
from bedside.methods import outcome
from bedside.methods.fit import Part, Schedule, fit
from bedside.methods.networks.ft_transformer import FtTransformer, TransformerSettings
from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.unet import UNetSettings, unet
from bedside.methods.networks.tabm import TabM, TabmSettings
from bedside.methods.pretraining.begin import begun, encoder_of
from bedside.methods.pretraining.start import Start

FACTS = ImageFacts(channels=1, shape=(16, 16), mean=(0.0,), deviation=(1.0,))
NOBODY = outcome.binary(np.zeros(200, bool))
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: network(rows()),
    "tabm": lambda: TabM(rows(), NOBODY, TabmSettings(members=2, width=8)),
    "ft_transformer": lambda: FtTransformer(rows(), NOBODY, TransformerSettings(size=8)),
    "convnet": lambda: convnet(FACTS, NOBODY, ConvNetSettings(width=4)),
    "unet": lambda: unet(FACTS, 2, UNetSettings(width=4, levels=2)),
}


def start(name: str, **changes: object) -> Start:
    torch.manual_seed(1)
    return replace(Start(weights=encoder_of(NETWORKS[name]()), entrant=name), **changes)  # type: ignore[arg-type]  # fields of Start


@pytest.mark.parametrize("name", NETWORKS)
def test_the_encoder_comes_from_the_start_and_the_head_does_not(name: str) -> None:
    given = start(name)
    torch.manual_seed(2)
    found = begun(NETWORKS[name](), given).state_dict()
    torch.manual_seed(2)
    fresh = NETWORKS[name]().state_dict()
    assert set(given.weights) < set(found)
    for key, value in found.items():
        wanted = given.weights[key] if key in given.weights else fresh[key].numpy()
        np.testing.assert_array_equal(value.numpy(), wanted)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_frozen_grows_from_full_to_probe(name: str) -> None:
    learning = {}
    for tune in ("full", "partial", "probe"):
        found = begun(NETWORKS[name](), start(name, tune=tune))
        learning[tune] = {key for key, one in found.named_parameters() if one.requires_grad}
    everything = {key for key, _ in NETWORKS[name]().named_parameters()}
    assert learning["probe"] < learning["partial"] < learning["full"] == everything
    assert all("last" in key or key.startswith("body.6") for key in learning["probe"])


@pytest.mark.parametrize("name", NETWORKS)
def test_an_embedding_is_what_the_head_sees(name: str) -> None:
    found = NETWORKS[name]().eval()
    arrays = (
        (torch.rand(5, 1, 16, 16),)
        if name in ("convnet", "unet")
        else (torch.from_numpy(rows().numeric[:5]), torch.from_numpy(rows().codes[:5]))
    )
    assert found.represent(*arrays).shape[0] == 5  # type: ignore[operator]  # nn.Module hides it
    if name == "mlp":
        last = found.body[-1](found.represent(*arrays))  # type: ignore[operator,index]
        torch.testing.assert_close(last, found.raw(*arrays)[:, 0])  # type: ignore[operator]


def test_a_frozen_encoder_stays_what_it_was_statistics_included() -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(64, 1, 16, 16)).astype(np.float32)
    part = Part(arrays=(images,), outcome=outcome.binary(images.mean(axis=(1, 2, 3)) > 0))
    given = start("convnet", tune="probe")
    made = lambda: begun(NETWORKS["convnet"](), given)  # noqa: E731
    state = fit(made, part, part, Schedule(epochs=3, rate=0.1), seed=0).network.state_dict()
    for key, value in given.weights.items():
        np.testing.assert_array_equal(state[key].numpy(), value)
    torch.manual_seed(0)
    assert not np.array_equal(
        state["body.last.weight"].numpy(), made().state_dict()["body.last.weight"].numpy()
    )


def test_an_encoder_goes_on_at_its_share_of_the_rate() -> None:
    table, given = rows(), start("mlp")
    part = Part(arrays=(table.numeric, table.codes), outcome=outcome.binary(table.codes[:, 0] > 1))
    moved = {}
    for share in (1.0, 0.1):
        schedule = Schedule(epochs=1, batch=200, rate=0.01, decay=0.0, encoder=share)
        made = lambda: begun(network(table), given)  # noqa: E731
        state = fit(made, part, part, schedule, seed=0).network.state_dict()
        key = "body.0.weight"
        moved[share] = np.abs(state[key].numpy() - given.weights[key]).max()
    assert moved[0.1] == pytest.approx(0.1 * moved[1.0], rel=0.05)


def test_weights_of_another_architecture_are_refused_by_name() -> None:
    given = start("mlp")
    less = {key: value for key, value in given.weights.items() if key != "body.0.bias"}
    with pytest.raises(DataError, match=r"missing: body\.0\.bias"):
        begun(network(rows()), replace(given, weights=less))
    more = {**given.weights, "patch_embed.weight": np.zeros(3)}
    with pytest.raises(DataError, match=r"unexpected: patch_embed\.weight"):
        begun(network(rows()), replace(given, weights=more))
    other = {**given.weights, "body.0.bias": np.zeros(7, np.float32)}
    with pytest.raises(DataError, match=r"of another shape: body\.0\.bias \(7,\) for \(16,\)"):
        begun(network(rows()), replace(given, weights=other))


def test_no_start_leaves_a_network_as_it_is() -> None:
    made = network(rows())
    assert begun(made, None) is made


def test_a_network_without_a_known_encoder_is_refused() -> None:
    with pytest.raises(TypeError, match="does not tell its encoder"):
        begun(nn.Linear(2, 2), start("mlp"))
