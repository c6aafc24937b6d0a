"""Search for settings: the same budget in trials and seconds for every model, simple or deep.

The first trial is the model's good defaults; the rest are asked of a tree-structured Parzen
estimator (Bergstra et al., NeurIPS 2011; Optuna) one after the other, so that the answer depends on
the seed alone and not on who else is at work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import optuna

Setting = int | float | str
T = TypeVar("T")
EXPLORED = 4
"""Trials drawn at random before the estimator is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A number from `low` to `high`, drawn evenly or evenly in its logarithm."""

    low: float
    high: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """One of a few values."""

    values: tuple[Setting, ...]


Space = Mapping[str, Between | OneOf]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a model may spend."""

    trials: int = 8
    seconds: float = 60.0
    """Seconds of processor time: what else the machine does takes nothing from a model. No trial
    starts after them; the first always runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One try: its settings, its score (lower is better) and how long it took."""

    settings: Mapping[str, Setting]
    score: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[T]):
    """The best trial, what was fitted in it, and all trials in order."""

    best: Trial
    fitted: T
    trials: tuple[Trial, ...]
    seconds: float
    cut: bool
    """Whether the time ran out before the trials did: then another machine may find another."""


def search(
    space: Space, defaults: Mapping[str, Setting],
    attempt: Callable[[Mapping[str, Setting], float], tuple[float, T]],
    budget: Budget, *, seed: int,
) -> Found[T]:  # fmt: skip
    """Try settings and keep the best.

    `attempt(settings, seconds left)` returns a score, lower is better, and what it fitted. A model
    without anything to tune (an empty space) gets one trial.

    >>> found = search({"x": Between(low=-1, high=1)}, {"x": 0.5},
    ...                lambda settings, left: (settings["x"] ** 2, None), Budget(trials=4), seed=0)
    >>> len(found.trials), found.best.score <= 0.25
    (4, True)
    """
    study = _study(seed)
    study.enqueue_trial({name: _place(space[name], value) for name, value in defaults.items()})
    started = time.process_time()
    trials: list[Trial] = []
    best: tuple[Trial, T] | None = None
    wanted = budget.trials if space else 1
    while best is None or len(trials) < wanted:
        left = budget.seconds - (time.process_time() - started)
        if best is not None and left <= 0:
            break
        asked = study.ask()
        settings = {name: _draw(asked, name, kind) for name, kind in space.items()}
        begun = time.process_time()
        score, fitted = attempt(settings, max(left, 0.0))
        study.tell(asked, score)
        trial = Trial(settings=settings, score=score, seconds=time.process_time() - begun)
        trials.append(trial)
        if best is None or score < best[0].score:
            best = trial, fitted
    return Found(
        best=best[0], fitted=best[1], trials=tuple(trials),
        seconds=time.process_time() - started, cut=len(trials) < wanted,
    )  # fmt: skip


def _study(seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # a library is silent
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=EXPLORED)
    return optuna.create_study(sampler=sampler)


def _place(kind: Between | OneOf, value: Setting) -> Setting:
    """Optuna knows one of a few values by its number."""
    return kind.values.index(value) if isinstance(kind, OneOf) else value


def _draw(asked: optuna.Trial, name: str, kind: Between | OneOf) -> Setting:
    if isinstance(kind, OneOf):
        return kind.values[asked.suggest_categorical(name, range(len(kind.values)))]
    if kind.whole:
        return asked.suggest_int(name, int(kind.low), int(kind.high), log=kind.log)
    return asked.suggest_float(name, kind.low, kind.high, log=kind.log)
