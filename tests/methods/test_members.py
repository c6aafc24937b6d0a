from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bedside.methods import outcome as outcomes
from bedside.methods.fit import Part, Schedule, fit
from bedside.methods.members import Members, fit_members, folds
from bedside.methods.networks.head import Head


class Wide(nn.Module):
    """Wide enough to learn noise by heart."""

    def __init__(self, outcome: outcomes.Outcome, dropout: float = 0.0) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(8, 64), nn.ReLU(), nn.Dropout(dropout), nn.Linear(64, 1)
        )
        self.head = Head(outcome)

    def raw(self, x: Tensor) -> Tensor:
        return self.body(x)[:, None]

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.raw(x))


def part(rows: int, seed: int) -> Part:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 8)).astype(np.float32)
    return Part(arrays=(x,), outcome=outcomes.binary(x[:, 0] + rng.normal(size=rows) > 0))


TRAIN, SELECT = part(150, 0), part(2000, 1)
SCHEDULE = Schedule(epochs=12, patience=0, batch=32, rate=1e-2)


def trained(members: int, **changed: Any) -> Any:
    given = {"members": members, "seed": 5, "schedule": SCHEDULE, "dropout": 0.0, **changed}
    schedule, dropout = given.pop("schedule"), given.pop("dropout")
    parts = [(TRAIN, SELECT)] * given.pop("members")
    return fit_members(lambda: Wide(TRAIN.outcome, dropout), parts, schedule, **given)


def test_one_member_is_a_network_as_it_is() -> None:
    alone = fit(lambda: Wide(TRAIN.outcome), TRAIN, SELECT, SCHEDULE, seed=5)
    found = trained(1)
    assert type(found.network) is Wide
    np.testing.assert_array_equal(found.predict(*SELECT.arrays), alone.predict(*SELECT.arrays))


def test_members_differ_and_their_mean_errs_less_than_they() -> None:
    found = trained(4)
    assert isinstance(found.network, Members)
    image = torch.from_numpy(SELECT.arrays[0])
    with torch.inference_mode():
        each = [member(image).numpy() for member in found.network.members]
    assert min(np.abs(a - b).max() for a in each for b in each if a is not b) > 0.05
    value = found.predict(*SELECT.arrays)
    np.testing.assert_allclose(value, np.mean(each, axis=0), atol=1e-6)
    alone = [SELECT.outcome.score(one) for one in each]
    assert found.score == pytest.approx(np.mean(alone))
    assert SELECT.outcome.score(value) < min(alone)
    assert found.parameters == 4 * trained(1).parameters


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_threads_change_no_number_and_leave_the_generator_alone(dropout: float) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, second = (trained(3, dropout=dropout).predict(*SELECT.arrays) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(first, second)


def test_no_two_members_see_the_same_augmentation() -> None:
    seen: list[int] = []

    def augment(arrays: Any, labels: Any, rows: Any, *, epoch: int) -> Any:
        seen.append(epoch)
        return tuple(array[rows] if len(array) > len(rows) else array for array in arrays), labels

    trained(3, schedule=Schedule(epochs=4, patience=0, batch=150), augment=augment)
    assert sorted(seen) == list(range(1, 13))


def test_members_share_the_time() -> None:
    before = time.process_time()
    found = trained(3, schedule=Schedule(epochs=100_000, patience=0, batch=32, seconds=0.6))
    assert 0.5 < time.process_time() - before < 1.5
    assert found.cut


def test_a_member_is_judged_by_whom_it_has_not_learnt_from() -> None:
    seen: dict[int, set[float]] = {}
    parts = [(part(30, 10), part(20, 11)), (part(40, 12), part(25, 13))]

    def augment(arrays: Any, labels: Any, rows: Any, *, epoch: int) -> Any:
        inputs = tuple(array[rows] if len(array) > len(rows) else array for array in arrays)
        seen.setdefault(epoch, set()).update(inputs[0][:, 0].tolist())
        return inputs, labels

    schedule = Schedule(epochs=1, patience=0, batch=64)
    found = fit_members(lambda: Wide(TRAIN.outcome), parts, schedule, seed=5, augment=augment)
    assert [seen[epoch] for epoch in (1, 2)] == [set(one.arrays[0][:, 0]) for one, _ in parts]
    own = [
        judge.outcome.score(member(torch.from_numpy(judge.arrays[0])).detach().numpy())
        for member, (_, judge) in zip(found.network.members, parts, strict=True)  # type: ignore[arg-type]  # Members
    ]
    assert found.score == pytest.approx(np.mean(own))


@pytest.mark.parametrize("members", [2, 3])
def test_folds_part_the_subjects_and_each_has_some_to_judge_by(members: int) -> None:
    rng = np.random.default_rng(members)
    subjects = rng.integers(0, 12, 40)
    known = np.isin(subjects, [1, 5, 7, 8])
    found = folds(known, subjects, members)
    assert sorted(np.concatenate(found).tolist()) == list(range(40))
    for at, rows in enumerate(found):
        assert known[rows].any()
        others = np.concatenate([one for other, one in enumerate(found) if other != at])
        assert not np.isin(subjects[rows], subjects[others]).any()


@pytest.mark.parametrize(("members", "labelled"), [(1, 4), (3, 2), (2, 0)])
def test_where_folds_are_too_small_all_judge(members: int, labelled: int) -> None:
    subjects = np.arange(6)
    found = folds(subjects < labelled, subjects, members)
    assert [rows.tolist() for rows in found] == [list(range(6))] * members
