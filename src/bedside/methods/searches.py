"""What is tuned of a model, where the search begins, and the search as a lesson has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


def searched(what: Search, attempt: Attempt[T], lesson: Lesson) -> Found[T]:
    """The best of the attempts that the lesson's budget allows; one, where settings are given."""
    if lesson.fixed:
        settings, once = lesson.fixed.settings, Budget(trials=1, seconds=np.inf)
        return search({}, {}, lambda _, left: attempt(settings, left), once, seed=lesson.seed)
    return search(what.space, what.defaults, attempt, lesson.budget, seed=lesson.seed)
