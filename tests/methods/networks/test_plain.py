"""The ladder of tables: each rung learns each task, takes gaps and strange codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from bedside.methods.fit import Part, Schedule, fit
from bedside.methods.networks.generations import RUNGS, network
from bedside.methods.networks.plain import PlainFields
from bedside.methods.tabular_inputs import Inputs

rung = pytest.mark.parametrize("name", [one.name for one in RUNGS])


@pytest.fixture(autouse=True)
def single() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # layers this small only wait for other threads
    yield
    torch.set_num_threads(before)


@rung
def test_each_learns_each_task(made_up: Callable, name: str, task: str) -> None:
    found = made_up(task, 450)
    train, select = found.part(slice(0, 300)), found.part(slice(300, 450))
    parts = [Part(arrays=(i.numeric, i.codes), outcome=o) for i, o in (train, select)]
    schedule = Schedule(epochs=10, batch=64, rate=5e-3, course="one-cycle", average=0.8)
    fitted = fit(lambda: network(name, *train), *parts, schedule, seed=1)
    first = fit(lambda: network(name, *train), *parts, Schedule(epochs=1, rate=1e-9), seed=1)
    assert fitted.score < first.score - 0.02
    value = fitted.predict(select[0].numeric, select[0].codes)
    assert np.isfinite(value).all()


def test_rungs_are_in_order_and_told() -> None:
    assert [one.year for one in RUNGS] == sorted(one.year for one in RUNGS)
    assert len({one.name for one in RUNGS}) == len(RUNGS)
    for one in RUNGS:
        assert one.added.endswith(".")
        assert str(one.year)[:2] in one.source


def test_plain_fields_mark_gaps_and_categories() -> None:
    numeric = np.array([[1.0, 5.0], [np.nan, 7.0], [3.0, 9.0]], np.float32)
    codes = np.array([[0], [1], [2]])
    fields = PlainFields(Inputs(numeric=numeric, codes=codes, cardinalities=(2,)))
    made = fields(torch.from_numpy(numeric), torch.tensor([[1], [9], [-4]])).numpy()
    assert made.shape == (3, 2 + 1 + 3)
    assert made[:, 2].tolist() == [0, 1, 0]
    assert made[:, 3:].tolist() == [[0, 1, 0], [1, 0, 0], [1, 0, 0]]  # unknown codes are missing
    assert abs(made[1, 0]) < 1e-6  # a gap is at the median, here the mean
