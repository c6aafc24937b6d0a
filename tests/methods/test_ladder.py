"""One rule for every rung: the same tries, steps and looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from bedside.core.dataset import Schema, Target
from bedside.methods.entrant import Lesson
from bedside.methods.fit import Part
from bedside.methods.ladder import Course, Reached, climb_one, epochs_of
from bedside.methods.networks.generations import RUNGS, network
from bedside.methods.rung import Allowance, Pace
from bedside.methods.tune import Budget

Climb = Callable[..., Reached]


@pytest.fixture(autouse=True)
def single() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # layers this small only wait for other threads
    yield
    torch.set_num_threads(before)


@pytest.fixture
def course(made_up: Callable) -> Course:
    found = made_up("binary", 400)
    train, select = found.part(slice(0, 300)), found.part(slice(300, 400))
    parts = [Part(arrays=(i.numeric, i.codes), outcome=o) for i, o in (train, select)]
    schema = Schema(fields=(), target=Target(type="binary", outcome="death", classes=("a", "b")))
    lesson = Lesson(
        schema=schema, train={}, train_outcome=train[1], select={}, select_outcome=select[1],
        select_subjects=np.arange(len(select[1].labels)), budget=Budget(), epochs=0, patience=0,
        seed=5,
    )  # fmt: skip
    pace = Pace(steps=22, batch=64, looks=3)
    allowance = Allowance(trials=2, pace=pace, seconds=60.0)
    course = Course(lesson=lesson, allowance=allowance, train=parts[0], select=parts[1])
    object.__setattr__(course.lesson, "train", {"inputs": train[0]})
    return course


def climb(course: Course, name: str) -> Reached:
    (rung,) = (one for one in RUNGS if one.name == name)
    inputs = course.lesson.train["inputs"]
    return climb_one(
        rung, lambda: network(name, inputs, course.lesson.train_outcome), course,
        lambda fitted: lambda asked: fitted.predict(asked["numeric"], asked["codes"]),
    )  # fmt: skip


def test_every_rung_has_the_same_budget(course: Course) -> None:
    assert epochs_of(course) == 4  # five batches of about 64 in 300 rows: 22 steps are four epochs
    found = [climb(course, name) for name in ("perceptron", "mlp")]
    assert [one.steps for one in found] == [20, 20]
    assert [one.trials for one in found] == [2, 2]
    assert found[0].parameters < found[1].parameters
    assert not any(one.cut for one in found)
    for one in found:
        assert 0 < one.seconds <= one.seconds_all


def test_the_best_of_the_tries_is_kept_and_repeats_itself(course: Course) -> None:
    first, again = climb(course, "mlp"), climb(course, "mlp")
    assert first.score == again.score
    assert first.settings == again.settings
    single = replace(course, allowance=replace(course.allowance, trials=1))
    assert climb(single, "mlp").score >= first.score
    asked = {"numeric": course.select.arrays[0], "codes": course.select.arrays[1]}
    value = np.asarray(first.predict(asked), np.float64)
    assert course.select.outcome.score(value) == pytest.approx(first.score)


def test_time_that_runs_out_is_told(course: Course) -> None:
    hurried = replace(course, allowance=replace(course.allowance, seconds=1e-6))
    found = climb(hurried, "mlp")
    assert found.cut
    assert found.trials == 1
