"""The pretraining: the same for a seed, resumed from its checkpoint to the same weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.methods.pretraining.conftest import network, rows
from torch import nn

from bedside.core.errors import DataError, RunError
from bedside.methods.batches import Arrays, Rows
from bedside.methods.pretraining import checkpoint
from bedside.methods.pretraining.checkpoint import Standing
from bedside.methods.pretraining.corrupted import Corrupted, exchanged
from bedside.methods.pretraining.loop import Pace, pretrain

TABLE = rows()


def draw(arrays: Arrays, rows: Rows, *, epoch: int) -> Arrays:
    return (*exchanged(TABLE, rows, seed=0, epoch=epoch), *arrays)


def noisy() -> nn.Module:
    """With dropout, so that torch's own generator matters, and batch norm, so that buffers do."""
    made = network(TABLE)
    made.body[1] = nn.Sequential(nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3))
    return Corrupted(made, TABLE, 16)


def going(
    folder: Path | None = None, *, seed: int = 5, **pace: object
) -> tuple[nn.Module, Standing]:
    values = {"epochs": 6, "batch": 64, "seconds": 1e6, "folder": folder} | pace
    return pretrain(noisy, (TABLE.numeric, TABLE.codes), draw, Pace(**values), seed=seed)  # type: ignore[arg-type]  # fields of Pace


def same(first: nn.Module, second: nn.Module) -> bool:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def killed_after(epoch: int) -> Callable[[int, int, float], None]:
    def told(done: int, *_: object) -> None:
        if done == epoch:
            raise KeyboardInterrupt

    return told


def test_the_same_seed_gives_the_same_weights_and_leaves_torch_as_it_was() -> None:
    before = torch.random.get_rng_state()
    first, second, other = going()[0], going()[0], going(seed=6)[0]
    assert torch.equal(before, torch.random.get_rng_state())
    assert same(first, second)
    assert not same(first, other)


@pytest.mark.parametrize("epoch", [1, 4])
def test_a_killed_one_goes_on_to_the_same_weights(tmp_path: Path, epoch: int) -> None:
    calm, standing = going()
    with pytest.raises(KeyboardInterrupt):
        going(tmp_path, told=killed_after(epoch))
    assert (tmp_path / checkpoint.NAME).is_file()
    told: list[int] = []
    resumed, again = going(tmp_path, told=lambda done, *_: told.append(done))
    assert told == list(range(epoch + 1, 7))
    assert same(calm, resumed)
    assert again.losses == standing.losses
    assert len(again.losses) == 6


def test_the_loss_falls(tmp_path: Path) -> None:
    losses = going(epochs=20)[1].losses
    assert np.mean(losses[-3:]) < 0.9 * losses[0]


def test_time_ends_it_and_a_resume_does_not_go_beyond(tmp_path: Path) -> None:
    _, standing = going(tmp_path, seconds=0.0)
    assert standing.cut
    assert standing.epoch == 1
    _, again = going(tmp_path, seconds=0.0)
    assert again == standing


@pytest.mark.parametrize("damage", ["truncated", "another", "text"])
def test_a_damaged_checkpoint_is_told(tmp_path: Path, damage: str) -> None:
    going(tmp_path, epochs=1)
    path = tmp_path / checkpoint.NAME
    if damage == "another":
        with torch.random.fork_rng():
            other = Corrupted(network(TABLE), TABLE, 16)
        checkpoint.save(path, other, torch.optim.AdamW(other.parameters()), Standing(epoch=1))
    else:
        path.write_bytes(path.read_bytes()[:-200] if damage == "truncated" else b"text")
    with pytest.raises(RunError, match="whole checkpoint"):
        going(tmp_path)


def test_too_few_samples_are_refused() -> None:
    few = TABLE.rows(slice(0, 9))
    with pytest.raises(DataError, match="16 unlabelled samples"):
        pretrain(noisy, (few.numeric, few.codes), draw, Pace(epochs=1, batch=8, seconds=9), seed=0)


def test_a_loss_that_is_no_number_is_told() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, *arrays: torch.Tensor) -> torch.Tensor:
            return (self.weight / 0).sum() * len(arrays)

    pace = Pace(epochs=1, batch=64, seconds=9)
    with pytest.raises(DataError, match="a loss that is a number"):
        pretrain(Broken, (TABLE.numeric, TABLE.codes), draw, pace, seed=0)
