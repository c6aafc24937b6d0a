from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from bedside.core.errors import DataError
from bedside.methods import outcome as outcomes
from bedside.methods.fit import Part, Schedule, batches, fit
from bedside.methods.networks.head import Head


class Small(nn.Module):
    """One linear layer with dropout: everything random that a network has."""

    def __init__(self, outcome: outcomes.Outcome) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
        self.head = Head(outcome)

    def raw(self, x: Tensor) -> Tensor:
        return self.body(x)[:, None]

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.raw(x))


def parts(rows: int = 400) -> tuple[Part, Part]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3)).astype(np.float32)
    outcome = outcomes.binary(x[:, 0] + rng.normal(size=rows) > 0)
    half = rows // 2
    train, select = slice(0, half), slice(half, None)
    return (
        Part(arrays=(x[train],), outcome=outcome.rows(train)),
        Part(arrays=(x[select],), outcome=outcome.rows(select)),
    )


def trained(schedule: Schedule, seed: int = 5) -> tuple[np.ndarray, object]:
    train, select = parts()
    found = fit(lambda: Small(train.outcome), train, select, schedule, seed=seed)
    return found.predict(*select.arrays), found


def test_the_same_seed_gives_the_same_numbers_and_leaves_the_generator_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, _ = trained(Schedule(epochs=5))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    np.testing.assert_array_equal(first, trained(Schedule(epochs=5))[0])
    assert np.abs(first - trained(Schedule(epochs=5), seed=6)[0]).max() > 1e-3


def test_keeps_the_best_weights() -> None:
    told: list[float] = []
    schedule = Schedule(epochs=40, rate=0.05, told=lambda epoch, score: told.append(score))
    select = parts()[1]
    value, found = trained(schedule)
    assert len(told) < 40
    assert found.score == min(told) == pytest.approx(select.outcome.score(value))
    assert found.epochs == int(np.argmin(told)) + 1
    assert not found.network.training


def test_without_patience_the_last_epoch_stays() -> None:
    told: list[float] = []
    schedule = Schedule(
        epochs=12, patience=0, rate=0.05, told=lambda epoch, score: told.append(score)
    )
    _, found = trained(schedule)
    assert (found.epochs, found.score, len(told)) == (12, told[-1], 12)


def test_nobody_to_select_by_trains_all_epochs() -> None:
    train, select = parts()
    nobody = Part(arrays=(select.arrays[0][:0],), outcome=select.outcome.rows(slice(0, 0)))
    found = fit(lambda: Small(train.outcome), train, nobody, Schedule(epochs=3), seed=0)
    assert found.epochs == 3


def test_time_ends_the_training_within_an_epoch() -> None:
    _, found = trained(Schedule(epochs=500, patience=500, seconds=0.05))
    assert found.cut
    assert found.epochs >= 1


def test_one_class_is_refused() -> None:
    train, select = parts()
    same = Part(arrays=train.arrays, outcome=outcomes.binary(np.ones(200, bool)))
    with pytest.raises(DataError, match="both classes"):
        fit(lambda: Small(train.outcome), same, select, Schedule(), seed=0)


def test_unobserved_rows_change_nothing() -> None:
    train, select = parts()
    weights = np.repeat(np.array([1, 0], np.float32), 200)
    twice = Part(
        arrays=(np.concatenate([train.arrays[0], select.arrays[0]]),),
        outcome=outcomes.binary(
            np.concatenate([train.outcome.labels, select.outcome.labels])[:, 0] > 0, weights
        ),
    )
    found = [
        fit(lambda: Small(train.outcome), part, select, Schedule(epochs=3), seed=0)
        for part in (train, twice)
    ]
    np.testing.assert_array_equal(*(item.predict(*select.arrays) for item in found))


@given(st.integers(1, 700), st.integers(1, 300), st.integers(0, 2**40), st.integers(0, 99))
def test_batches_hold_every_row_once(rows: int, size: int, seed: int, epoch: int) -> None:
    found = batches(rows, size, seed=seed, epoch=epoch)
    assert sorted(np.concatenate(found).tolist()) == list(range(rows))
    again = batches(rows, size, seed=seed, epoch=epoch)
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))


def test_batches_differ_between_epochs(made_up: Callable) -> None:
    first, second = (batches(100, 10, seed=0, epoch=epoch)[0].tolist() for epoch in (1, 2))
    assert first != second
