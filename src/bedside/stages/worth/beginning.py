"""How the lever pretraining begins a network: as the study's own section [pretrain] says.

Fitted anew inside each budget, to the budget's patients and the study's unlabelled pool, which
costs no labels. Weights of a file are the same at every budget. Where the study has no such
section, it is what the modality does by default.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.core.context import Context
from bedside.methods.pretraining.asked import Asked, read_asked, with_pool
from bedside.methods.pretraining.plan import DEFAULT, Plan
from bedside.methods.pretraining.saved import NAME, read_start
from bedside.stages.worth.lever_cells import lever_cell

if TYPE_CHECKING:
    from bedside.core.dataset import Schema
    from bedside.core.spec import Plain
    from bedside.methods.entrant import Arrays
    from bedside.methods.pretraining.start import Start
    from bedside.stages.worth import Spec

DEFAULT_SECONDS = 20.0
"""Of a fit's pretraining, where neither the study nor `[worth]` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a worker needs to pretrain."""

    asked: Asked
    chain: Plain = None
    """The study's augmentation, of which a joint objective makes its views; None: in the modality's
    own way."""
    folder: Path | None = None
    """Of the study's pretraining; None: it has none."""


def beginning(spec: Spec, context: Context, model: str) -> Beginning:
    """As the study says; `pretraining_seconds` of [worth] goes before its time."""
    if "pretrain" in context.inputs:
        folder = context.input("pretrain").folder
        asked, chain = read_asked(folder), None
        if "augment" in context.inputs:
            chain = context.input("augment").read_json("chain.json")
        return Beginning(asked=_timed(asked, spec.pretraining_seconds), chain=chain, folder=folder)
    asked = Asked(
        model=model, objective=DEFAULT.objective, epochs=DEFAULT.epochs, seconds=DEFAULT_SECONDS,
        tune=DEFAULT.tune,
    )  # fmt: skip
    return Beginning(asked=_timed(asked, spec.pretraining_seconds))


def begun(how: Beginning, modality: str, schema: Schema, inputs: Arrays, seed: int) -> Start:
    """The start that a budget's inputs give."""
    asked = how.asked
    if asked.weights and how.folder:
        return _given(how.folder / NAME)
    if how.folder:
        inputs = with_pool(inputs, asked, how.folder)
    plan = Plan(
        objective=asked.objective, model=asked.model, epochs=asked.epochs, tune=asked.tune,
        chain=how.chain,
    )  # fmt: skip
    start: Start = lever_cell(modality, "pretrain").pretrain(
        schema, inputs, seed=seed, seconds=asked.seconds, plan=plan
    )
    return start


@cache
def _given(path: Path) -> Start:
    return read_start(path)


def _timed(asked: Asked, seconds: float | None) -> Asked:
    return asked if seconds is None else replace(asked, seconds=seconds)
