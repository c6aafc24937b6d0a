"""All fits side by side, with the time that is left; one that is there already is not repeated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bedside.core.context import Context
from bedside.methods.words import duration
from bedside.methods.worth.lever import Arm
from bedside.stages.worth.entry import Entry, enter, fit_file

if TYPE_CHECKING:
    from bedside.stages.worth import Spec
    from bedside.stages.worth.design import Design


def fit_all(design: Design, spec: Spec, context: Context) -> None:
    """Run what is missing, dearest first, and tell how far it is."""
    entries = _entries(design, spec, context)
    waiting = [entry for entry in entries if not fit_file(entry).is_file()]
    waiting.sort(key=lambda entry: (entry.repetition, -entry.budget))
    total = sum(_cost(entry) for entry in waiting)
    started, spent, done = time.monotonic(), 0.0, len(entries) - len(waiting)
    context.progress.advance(done, len(entries), "learning curves")
    for entry, _ in zip(waiting, context.executor.map(enter, waiting), strict=True):
        spent, done = spent + _cost(entry), done + 1
        left = (time.monotonic() - started) * (total - spent) / spent
        context.progress.advance(
            done, len(entries), f"{entry.arm.name} at {entry.budget:,}; {duration(left)} left"
        )


def _cost(entry: Entry) -> float:
    """About: a part that every fit has, and one that grows with the patients."""
    return 300.0 + entry.budget * (2.0 if entry.arm.whom == "both" else 1.0)


def entry_of(
    arm: Arm, budget: int, repetition: int, *, design: Design, spec: Spec, context: Context
) -> Entry:  # fmt: skip
    """One fit of the design."""
    return Entry(
        arm=arm, budget=budget, repetition=repetition, spec=spec, model=design.model,
        modality=context.study.about.modality, prepared=context.input("prepare").folder,
        run=context.run.folder, seed=context.study.about.seed, chain=design.chain,
        beginning=design.beginning,
    )  # fmt: skip


def _entries(design: Design, spec: Spec, context: Context) -> list[Entry]:
    return [
        entry_of(arm, budget, repetition, design=design, spec=spec, context=context)
        for repetition in range(spec.repetitions)
        for arm, budgets in design.arms
        for budget in budgets
    ]
