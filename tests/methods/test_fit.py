from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from bedside.core.errors import DataError
from bedside.methods import outcome as outcomes
from bedside.methods.fit import Part, Schedule, batches, bfloat16_pays, fit, predict
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


def test_one_cycle_rises_in_a_line_and_falls_to_nothing() -> None:
    schedule = Schedule(rate=0.1, course="one-cycle", rise=0.25)
    rates = [schedule.rate_at(step, 100) for step in range(100)]
    np.testing.assert_allclose(rates[:25], 0.1 * np.arange(1, 26) / 25)
    assert rates[24] == max(rates)
    assert (np.diff(rates[24:]) < 0).all()
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    assert Schedule(rate=0.1).rate_at(99, 100) == 0.1


def test_one_cycle_goes_to_its_end_and_keeps_the_best() -> None:
    told: list[float] = []
    schedule = Schedule(
        epochs=14, patience=1, rate=0.2, course="one-cycle",
        told=lambda epoch, score: told.append(score),
    )  # fmt: skip
    _, found = trained(schedule)
    assert len(told) == 14
    assert found.score == min(told)


def test_looks_at_select_now_and_then_and_at_the_end() -> None:
    told: list[int] = []
    schedule = Schedule(
        epochs=10, patience=0, every=4, told=lambda epoch, score: told.append(epoch)
    )
    _, found = trained(schedule)
    assert (told, found.epochs) == ([4, 8, 10], 10)


class Slope(nn.Module):
    def loss(self, raw: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        return -raw.mean()


class Scalar(nn.Module):
    """One weight that each step moves by the learning rate: Adam's first steps on a slope."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("seen", torch.zeros(1))
        self.register_buffer("count", torch.zeros(1, dtype=torch.int64))
        self.head = Slope()

    def raw(self, x: Tensor) -> Tensor:
        self.seen += 1
        self.count += 1
        history.append((float(self.weight.detach()), float(self.seen)))
        return self.weight.expand(len(x))

    def forward(self, x: Tensor) -> Tensor:
        return torch.full((len(x), 1), 0.5, dtype=torch.float64)


history: list[tuple[float, float]] = []


def test_averaged_weights_and_buffers_follow_their_law() -> None:
    history.clear()
    train, select = parts()
    schedule = Schedule(epochs=6, patience=0, batch=50, rate=0.1, decay=0.0, average=0.7)
    found = fit(Scalar, train, select, schedule, seed=0)
    after = [*[weight for weight, _ in history[1:]], history[-1][0] + 0.1]
    weight = buffer = 0.0
    for step, now in enumerate(after, 1):
        past = min(0.7, (1 + step) / (10 + step))
        weight, buffer = past * weight + (1 - past) * now, past * buffer + (1 - past) * step
    state = found.network.state_dict()
    assert len(after) == 24
    assert float(state["weight"]) == pytest.approx(weight, rel=1e-4)
    assert float(state["seen"]) == pytest.approx(buffer, rel=1e-4)
    assert int(state["count"]) == 24
    assert weight < after[-1] - 0.05


def test_what_is_scored_is_the_average_that_is_kept() -> None:
    told: list[float] = []
    schedule = Schedule(
        epochs=6, rate=0.05, average=0.9, told=lambda epoch, score: told.append(score)
    )
    value, found = trained(schedule)
    assert found.score == min(told) == pytest.approx(parts()[1].outcome.score(value))
    assert not found.network.training


def test_augmentation_is_given_the_rows_of_the_part_and_changes_what_is_learned() -> None:
    train, select = parts()
    weights = np.ones(200, np.float32)
    weights[::3] = 0
    part = Part(
        arrays=train.arrays, outcome=outcomes.binary(train.outcome.labels[:, 0] > 0, weights)
    )
    seen: dict[int, list[int]] = {}

    def augment(
        arrays: tuple, labels: np.ndarray, rows: np.ndarray, *, epoch: int
    ) -> tuple[tuple, np.ndarray]:
        np.testing.assert_array_equal(arrays[0], train.arrays[0][rows])
        np.testing.assert_array_equal(labels, train.outcome.labels[rows])
        seen.setdefault(epoch, []).extend(rows.tolist())
        return (arrays[0] * np.float32(-1),), labels

    schedule = Schedule(epochs=8, batch=32, rate=0.02)
    made = lambda: Small(train.outcome)  # noqa: E731
    turned = fit(made, part, select, schedule, seed=0, augment=augment)
    plain = fit(made, part, select, schedule, seed=0)
    assert {epoch: sorted(rows) for epoch, rows in seen.items()} == dict.fromkeys(
        seen, np.flatnonzero(weights).tolist()
    )
    low, high = (found.predict(*select.arrays)[:, 0] for found in (turned, plain))
    assert np.corrcoef(low, high)[0, 1] < -0.5
    assert 0 < turned.cost.loading < turned.cost.used
    assert 0 <= turned.cost.waiting_share < 1


def test_memory_mapped_arrays_train_as_arrays_in_memory_do(tmp_path: Path) -> None:
    train, select = parts()
    np.save(tmp_path / "x.npy", train.arrays[0])
    mapped = Part(arrays=(np.load(tmp_path / "x.npy", mmap_mode="r"),), outcome=train.outcome)
    found = [
        fit(lambda: Small(train.outcome), part, select, Schedule(epochs=3), seed=0)
        for part in (train, mapped)
    ]
    np.testing.assert_array_equal(*(item.predict(*select.arrays) for item in found))
    np.testing.assert_array_equal(*(found[1].predict(part.arrays[0]) for part in (train, mapped)))
    assert found[1].cost.loading > 0
    assert found[0].cost.loading == 0


def test_an_error_in_an_augmentation_is_raised_where_training_was_called() -> None:
    train, select = parts()

    def broken(*_: object, **__: object) -> tuple[tuple, np.ndarray]:
        raise RuntimeError("no such image")

    with pytest.raises(RuntimeError, match="no such image"):
        fit(lambda: Small(train.outcome), train, select, Schedule(), seed=0, augment=broken)


def test_time_ends_the_training_while_batches_are_on_their_way() -> None:
    train, select = parts()
    before = threading.active_count()

    def same(arrays: tuple, labels: np.ndarray, *_: object, epoch: int) -> tuple:
        return arrays, labels

    schedule = Schedule(epochs=500, patience=500, batch=8, seconds=0.05)
    found = fit(lambda: Small(train.outcome), train, select, schedule, seed=0, augment=same)
    assert found.cut
    assert threading.active_count() == before


def test_bfloat16_learns_the_same_and_predicts_in_float32() -> None:
    value, _ = trained(Schedule(epochs=10, bfloat16=True, patience=0))
    plain, _ = trained(Schedule(epochs=10, patience=0))
    assert 0 < np.abs(value - plain).max() < 0.1
    assert isinstance(bfloat16_pays(), bool)


def test_images_are_predicted_a_few_at_a_time() -> None:
    sizes: list[int] = []

    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, x: Tensor) -> Tensor:
            sizes.append(len(x))
            return x.flatten(1).double().mean(1, keepdim=True)

    images = np.random.default_rng(0).integers(0, 9, (5, 1, 512, 512)).astype(np.uint8)
    value = predict(Counting(), (images,))
    assert sizes == [2, 2, 1]
    np.testing.assert_allclose(value[:, 0], images.mean(axis=(1, 2, 3)))
