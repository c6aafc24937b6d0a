from __future__ import annotations

import numpy as np
import pytest

from bedside.core.dataset import Schema, Target
from bedside.methods.entrant import Fixed, Lesson
from bedside.methods.outcome import binary
from bedside.methods.searches import Search, searched
from bedside.methods.tune import Between, Budget

WHAT = Search(space={"x": Between(low=0.0, high=1.0)}, defaults={"x": 0.9})


def lesson(fixed: Fixed | None = None) -> Lesson:
    return Lesson(
        schema=Schema(fields=(), target=Target(type="binary", outcome="y")),
        train={}, train_outcome=binary(np.array([True, False])), select={},
        select_outcome=binary(np.array([True, False])), select_subjects=np.arange(2),
        budget=Budget(trials=12, seconds=60),
        epochs=1, patience=1, seed=0, fixed=fixed,
    )  # fmt: skip


def test_defaults_come_first_and_the_best_is_kept() -> None:
    asked: list[float] = []

    def attempt(settings, seconds):  # type: ignore[no-untyped-def]  # a test's
        asked.append(settings["x"])
        return abs(settings["x"] - 0.3), settings["x"]

    found = searched(WHAT, attempt, lesson())
    assert asked[0] == 0.9
    assert len(asked) == 12
    assert found.fitted == min(asked, key=lambda x: abs(x - 0.3))


def test_given_settings_are_tried_once() -> None:
    fixed = Fixed(settings={"x": 0.5}, length=0)
    found = searched(WHAT, lambda settings, _: (1.0, settings["x"]), lesson(fixed))
    assert found.fitted == 0.5
    assert len(found.trials) == 1
    assert found.best.score == pytest.approx(1.0)
