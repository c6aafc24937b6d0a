"""The experiment before it is run: who learns, with which levers, from how many, in which arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from bedside.core import cells
from bedside.core.context import Context
from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import StudyError
from bedside.core.spec import Plain, nearest
from bedside.methods.cases import cases_of
from bedside.methods.pretraining.asked import read_asked
from bedside.methods.pretraining.start import scratch_name
from bedside.methods.worth.budgets import FEWEST, Plan, Pool, plan, pool_of
from bedside.methods.worth.lever import BASE, CONTROLS, LEVERS, Arm, arm_of
from bedside.methods.worth.measure import names_of
from bedside.stages.worth.beginning import Beginning, beginning
from bedside.stages.worth.lever_cells import CELLS, brings, lever_cell

if TYPE_CHECKING:
    from bedside.methods.entrant import Entrant
    from bedside.stages.worth import Spec, TrainCell

_LEAST = {
    "repetitions": 3, "steps": 3, "trials": 1, "resamples": 20, "shown": 1, "intervals": 2,
    "fewest_events": 1, "fewest_subjects": 1,
}  # fmt: skip
"""Of settings that count something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What will be fitted."""

    modality: str
    model: str
    family: str
    plan: Plan
    patients: int
    """Labelled patients in the pool."""
    rarest: int
    """Of these, with the rarest outcome."""
    levers: tuple[str, ...]
    absent: Mapping[str, str]
    """Levers that are not measured, and why."""
    arms: tuple[tuple[Arm, tuple[int, ...]], ...]
    """Each arm with its budgets."""
    chain: Plain = None
    beginning: Beginning | None = None

    @property
    def combined(self) -> list[str]:
        """Names of the arms of several levers."""
        return [arm.name for arm, _ in self.arms if " + " in arm.name]


def designed(spec: Spec, context: Context, schema: Schema) -> Design:
    """The design that the study and its data allow; StudyError for settings that cannot be."""
    _checked(spec)
    names_of(schema.target.type)
    model, family = _learner(spec, context, schema)
    how = beginning(spec, context, model)
    levers, absent = _levers(spec, context, model=model, family=family, begins=how.asked.model)
    if "synthesis" in levers:
        _require_generator(spec, context.study.about.modality)
    pool = pooled(context.input("prepare").folder, schema, context.study.about.modality)
    found = plan(
        pool, spec.budgets, steps=spec.steps, fewest=spec.fewest_events,
        seed=context.study.about.seed, repetitions=spec.repetitions,
    )  # fmt: skip
    arms = tuple(_arms(spec, levers, found.budgets)) if found.enough and levers else ()
    chain = None
    if "augmentation" in levers:
        chain = context.input("augment").read_json("chain.json")
    return Design(
        modality=context.study.about.modality, model=model, family=family, plan=found,
        patients=pool.patients, rarest=pool.rarest(np.arange(pool.patients)), levers=levers,
        absent=absent, arms=arms, chain=chain, beginning=how if "pretraining" in levers else None,
    )  # fmt: skip


def pooled(prepared: Path, schema: Schema, modality: str) -> Pool:
    """Patients of train and tune whose outcome is known, or who were followed for a time."""
    cell = cast("TrainCell", cells.cell(modality, "train"))
    dataset = Dataset(prepared)
    rows = np.sort(np.concatenate([dataset.rows("train"), dataset.rows("tune")]))
    samples = dataset.samples[rows]
    known = samples["target"].is_not_null().to_numpy()
    if schema.target.horizon is not None:
        known |= samples["duration"].is_not_null().to_numpy()
    rows = rows[known]
    return pool_of(cases_of(dataset, cell.arrays(dataset, schema, rows), rows), schema.target)


def _checked(spec: Spec) -> None:
    for key, least in _LEAST.items():
        if getattr(spec, key) < least:
            found = str(getattr(spec, key))
            raise StudyError(f"[worth] {key}", expected=f"at least {least}", found=found)
    for key in ("share", "price", "seconds", "pretraining_seconds", "worthwhile"):
        value = getattr(spec, key)
        if value is not None and not 0 < value < np.inf:
            raise StudyError(f"[worth] {key}", expected="more than 0", found=str(value))
    if not 0 < spec.level < 1:
        raise StudyError("[worth] level", expected="between 0 and 1", found=str(spec.level))
    if min(spec.budgets, default=1) < 1:
        found = str(min(spec.budgets))
        raise StudyError("[worth] budgets", expected="numbers of patients", found=found)
    if spec.budgets and (len(set(spec.budgets)) < max(FEWEST, len(spec.budgets))):
        raise StudyError(
            "[worth] budgets", expected=f"{FEWEST} or more, all different, for a curve",
            found=", ".join(map(str, spec.budgets)),
            hint="leave them out, and they are half of the patients, a quarter and so on",
        )  # fmt: skip
    for name in spec.levers:
        if name not in LEVERS:
            raise StudyError(
                "[worth] levers", expected=f"some of {', '.join(LEVERS)}", found=f"'{name}'",
                hint=nearest(name, LEVERS),
            )  # fmt: skip


def _require_generator(spec: Spec, modality: str) -> None:
    known = sorted(lever_cell(modality, "synthesize").GENERATORS)
    if spec.generator not in known:
        raise StudyError(
            "[worth] generator", expected=f"one of {', '.join(known)}, for {modality}",
            found=f"'{spec.generator}'", hint=nearest(spec.generator, known),
        )  # fmt: skip


def _learner(spec: Spec, context: Context, schema: Schema) -> tuple[str, str]:
    """The model that learns, and its family."""
    able = _able(context.study.about.modality, schema)
    name = spec.model or _best(context)
    if name not in able:
        raise StudyError(
            "[worth] model", expected=f"a model that can learn a {schema.target.type} outcome",
            found=f"'{name}'", hint=nearest(name, sorted(able)),
        )  # fmt: skip
    return name, able[name].family


def _able(modality: str, schema: Schema) -> Mapping[str, Entrant]:
    """Models that can learn the outcome, those too that race only where a pretraining brings
    them in."""
    cell = cast("TrainCell", cells.cell(modality, "train"))
    racing = list(cell.entrants(schema.target.type))
    if brings(modality, CELLS["pretraining"]):
        pretrain = lever_cell(modality, CELLS["pretraining"])
        racing += [pretrain.entrant(name) for name in pretrain.CAN]
    return {entrant.name: entrant for entrant in racing}


def _best(context: Context) -> str:
    """The best simple model of the race; of images the network that the study pretrains, or the
    best one."""
    race = cast("dict[str, dict[str, str]]", context.input("train").read_json("race.json"))
    best = race["released_candidates"]
    if "augment" not in context.inputs:
        return best["simple"] or scratch_name(best["deep"]) or best["deep"]
    if "pretrain" in context.inputs:
        return read_asked(context.input("pretrain").folder).model
    return best["deep"] or best["simple"]


def _levers(
    spec: Spec, context: Context, *, model: str, family: str, begins: str
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Those that are measured, and of the others the reason; a lever asked for must be there."""
    absent = {}
    for name in LEVERS:
        reason = _lacking(name, context, family)
        if not reason and name == "pretraining" and begins != model:
            reason = f"[pretrain] is of '{begins}', and '{model}' learns here; name one in both"
        if not reason and spec.levers and name not in spec.levers:
            reason = "not asked for"
        elif reason and name in spec.levers:
            raise StudyError(
                "[worth] levers", expected="levers that this study has", found=f"'{name}'",
                hint=reason,
            )  # fmt: skip
        if reason:
            absent[name] = reason
    return tuple(name for name in LEVERS if name not in absent), absent


def _lacking(lever: str, context: Context, family: str) -> str:
    modality = context.study.about.modality
    if lever == "augmentation" and "augment" not in context.inputs:
        return f"there is no augmentation of {modality}"
    if lever in CELLS and not brings(modality, CELLS[lever]):
        return f"there is no {lever} of {modality}"
    if lever != "synthesis" and family != "deep":
        return "only a network can use it; name one as model"
    return ""


def _arms(
    spec: Spec, levers: tuple[str, ...], budgets: tuple[int, ...]
) -> Iterator[tuple[Arm, tuple[int, ...]]]:
    """Base and controls first, so that a sweep that is cut short has them."""
    for arm in (BASE, *CONTROLS, *(arm_of((name,)) for name in levers)):
        yield arm, budgets
    if spec.combined and len(levers) > 1:
        middle = (len(budgets) - 1) // 2
        for many in range(2, len(levers) + 1):
            for together in combinations(levers, many):
                yield arm_of(together), budgets[middle : middle + 2]
