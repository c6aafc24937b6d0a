"""A checkpoint holds everything that a step depends on."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from bedside.methods.pretraining.checkpoint import NAME, Standing, load, save


def made() -> tuple[nn.Module, torch.optim.Optimizer]:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 1))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs
    return network, torch.optim.AdamW(network.parameters(), lr=0.01)


def step(network: nn.Module, optimiser: torch.optim.Optimizer, seed: int) -> None:
    images = torch.rand(8, 1, 4, 4, generator=torch.Generator().manual_seed(seed))
    optimiser.zero_grad()
    network(images).square().sum().backward()
    optimiser.step()


def test_the_next_step_is_the_one_that_would_have_been(tmp_path: Path) -> None:
    network, optimiser = made()
    for seed in range(3):
        step(network, optimiser, seed)
    at = Standing(epoch=3, losses=(3.0, 2.5, 2.0), used=1.25, cut=True)
    save(tmp_path / NAME, network, optimiser, at)
    other, again = made()
    assert load(tmp_path / NAME, other, again) == at
    step(network, optimiser, 9)
    step(other, again, 9)
    for first, second in zip(
        network.state_dict().values(), other.state_dict().values(), strict=True
    ):
        assert torch.equal(first, second)
    assert [one.name for one in tmp_path.iterdir()] == [NAME]
