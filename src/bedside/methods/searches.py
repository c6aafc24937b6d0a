"""What is tuned of a model, where the search begins, and the search as a lesson has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from bedside.methods.entrant import Lesson
from bedside.methods.tune import Budget, Found, Setting, Space, search

T = TypeVar("T")
Attempt = Callable[[Mapping[str, Setting], float], tuple[float, T]]
"""From settings and the seconds left to a score, lower is better, and what was fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The space of a model's settings, and its good defaults."""

    space: Space
    defaults: Mapping[str, Setting]
    given: Mapping[str, Setting] = field(default_factory=dict)
    """Settings of the architecture that are never searched, but may come with weights."""


def searched(what: Search, attempt: Attempt[T], lesson: Lesson) -> Found[T]:
    """The best of the attempts that the lesson's budget allows; one, where settings are given.

    Where a network starts from pretrained weights, the settings of its architecture are given;
    where it races from scratch beside one that does, those that no search chooses are the same.
    """
    if lesson.fixed:
        settings, once = lesson.fixed.settings, Budget(trials=1, seconds=np.inf)
        return search({}, {}, lambda _, left: attempt(settings, left), once, seed=lesson.seed)
    like = {name: value for name, value in lesson.like.items() if name in what.given}
    given = {**what.given, **(lesson.start.settings if lesson.start else like)}
    return _narrowed(what, attempt, lesson, given)


def _narrowed(
    what: Search, attempt: Attempt[T], lesson: Lesson, given: Mapping[str, Setting]
) -> Found[T]:
    """The search over what is not given, told with all settings."""
    space = {name: kind for name, kind in what.space.items() if name not in given}
    defaults = {name: value for name, value in what.defaults.items() if name not in given}
    found = search(
        space, defaults, lambda tried, left: attempt({**tried, **given}, left), lesson.budget,
        seed=lesson.seed,
    )  # fmt: skip
    whole = [replace(trial, settings={**trial.settings, **given}) for trial in found.trials]
    best = replace(found.best, settings={**found.best.settings, **given})
    return replace(found, best=best, trials=tuple(whole))
