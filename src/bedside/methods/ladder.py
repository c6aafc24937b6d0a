"""A ladder of networks by year, each trained by one rule: the same steps, batches, tries and looks.

What differs between two rungs is then the network alone. The rule is that of today (AdamW, a
one-cycle rate, averaged weights), so an old network is not held back by how it was trained then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from bedside.methods.batches import Augment, batches
from bedside.methods.entrant import Lesson
from bedside.methods.fit import Fitted, Part, Schedule, fit
from bedside.methods.rung import Allowance, Rung
from bedside.methods.tune import Between, Budget, Found, Setting, search

SPACE = {
    "rate": Between(low=2e-4, high=5e-2, log=True),
    "decay": Between(low=1e-4, high=1e-1, log=True),
}
"""Tried of every network alike; the first try is the network's own rate and a decay of 1e-2."""
DECAY = 1e-2
Predict = Callable[[Mapping[str, NDArray[np.generic]]], NDArray[np.generic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a ladder's trainings share."""

    lesson: Lesson
    allowance: Allowance
    train: Part
    select: Part
    augment: Augment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A network at the end of its tries."""

    predict: Predict
    """Values [N, K] of arrays, or masks [N, *spatial]."""
    settings: Mapping[str, Setting]
    parameters: int
    steps: int
    """Steps of each try, as many for every network of the ladder."""
    score: float
    """On `select`; lower is better."""
    trials: int
    seconds: float
    """Processor time of the try that was kept, batches and looks included."""
    seconds_all: float
    """Of all tries."""
    cut: bool
    """Whether time ran out before the steps, or the tries, did: the budget was then less than that
    of the others."""


def climb_one(
    rung: Rung, build: Callable[[], nn.Module], course: Course, predict: Callable[[Fitted], Predict]
) -> Reached:
    """Try settings of one network, keep the best by `select`."""
    found = _searched(rung, build, course)
    fitted = found.fitted
    return Reached(
        predict=predict(fitted), settings=found.best.settings, parameters=fitted.parameters,
        steps=epochs_of(course) * _batches(course), score=found.best.score,
        trials=len(found.trials), seconds=found.best.seconds,
        seconds_all=found.seconds, cut=found.cut or fitted.cut,
    )  # fmt: skip


def epochs_of(course: Course) -> int:
    """Whole epochs of about as many steps as are allowed."""
    return max(1, round(course.allowance.pace.steps / _batches(course)))


def _batches(course: Course) -> int:
    rows = int((course.train.outcome.weights.max(axis=1) > 0).sum())
    return max(1, len(batches(rows, course.allowance.pace.batch, seed=0, epoch=0)))


def _searched(rung: Rung, build: Callable[[], nn.Module], course: Course) -> Found[Fitted]:
    epochs, allowance, pace = epochs_of(course), course.allowance, course.allowance.pace

    def attempt(settings: Mapping[str, Setting], seconds: float) -> tuple[float, Fitted]:
        schedule = Schedule(
            epochs=epochs, patience=1, every=max(1, epochs // pace.looks), batch=pace.batch,
            rate=float(settings["rate"]), decay=float(settings["decay"]), course="one-cycle",
            average=min(0.99, max(0.8, 1 - 10 / pace.steps)), seconds=seconds,
        )  # fmt: skip
        fitted = fit(
            build, course.train, course.select, schedule, seed=course.lesson.seed,
            augment=course.augment,
        )  # fmt: skip
        return fitted.score, fitted

    budget = Budget(trials=allowance.trials, seconds=allowance.seconds)
    defaults = {"rate": rung.rate, "decay": DECAY}
    return search(SPACE, defaults, attempt, budget, seed=course.lesson.seed)
