"""From the files of the fits to scores: each arm, by two measures, of all and of each subgroup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bedside.core.context import Context
from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import RunError
from bedside.methods.evaluation.subgroups import Least, Subgroup, subgroups
from bedside.methods.evaluation.truth import Truth, truth_of
from bedside.methods.measures import FloatArray
from bedside.methods.survival import time_grid_of
from bedside.methods.worth.cost import Seconds
from bedside.methods.worth.interval import Scores
from bedside.methods.worth.leaked import Leak, Leaks
from bedside.methods.worth.lever import Arm
from bedside.methods.worth.measure import scoring
from bedside.methods.worth.spent import Spending, Spent
from bedside.stages.worth.entry import fit_file
from bedside.stages.worth.fits import entry_of

if TYPE_CHECKING:
    from bedside.stages.worth import Spec
    from bedside.stages.worth.design import Design

ALL = "all"
Table = Mapping[tuple[str, str], Scores]
"""By group and measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """One arm's."""

    scores: Table
    took: Seconds
    """Seconds of processor of each fit."""
    spent: Spending
    """Tries of each fit, and whether time cut it."""
    leaks: Leaks
    """What made-up cases of each fit gave away."""


@dataclass(frozen=True, kw_only=True)
class Judges:
    """The held-out patients, and their resamples."""

    dataset: Dataset
    schema: Schema
    truth: Truth
    spec: Spec
    seed: int
    groups: tuple[Subgroup, ...]
    """Those that are large enough."""
    small: tuple[Subgroup, ...]

    @cached_property
    def weights(self) -> FloatArray:
        """[1 + B, N]: the patients as they are, then how often each is in a resample."""
        resamples = self.truth.resamples(self.spec.resamples, self.seed)
        return np.concatenate([np.ones((1, len(resamples))), *resamples.chunks()])

    @cached_property
    def edges(self) -> FloatArray | None:
        """Ends of the intervals of a survival curve."""
        return time_grid_of(self.dataset, self.schema, self.spec.intervals)

    def enough(self) -> str:
        """Why there are too few of them; empty: there are enough."""
        patients, rarest = self.truth.patients(), self.truth.rarest()
        least = least_of(self.spec)
        if patients < least.subjects or (rarest is not None and rarest < least.events):
            return f"too few held-out patients ({patients}) or outcomes among them to judge by"
        return ""


def least_of(spec: Spec) -> Least:
    """Patients, and outcomes among them, that a number takes."""
    return Least(subjects=spec.fewest_subjects, events=spec.fewest_events)


def judges_of(spec: Spec, context: Context, schema: Schema) -> Judges:
    """Who judges: the held-out patients, and the subgroups that the study reports."""
    dataset = context.dataset()
    rows = dataset.rows("held_out")
    truth, samples = truth_of(dataset, schema, rows), dataset.samples[rows]
    columns = {name: samples[f"group.{name}"].to_list() for name in schema.groups}
    found = [one for one in subgroups(columns, truth) if one.single] if spec.groups else []
    least = least_of(spec)
    return Judges(
        dataset=dataset, schema=schema, truth=truth, spec=spec, seed=context.study.about.seed,
        groups=tuple(one for one in found if one.enough(least)),
        small=tuple(one for one in found if not one.enough(least)),
    )  # fmt: skip


def fits_of(arm: Arm, design: Design, judges: Judges, context: Context) -> Fits:
    """Read an arm's files, and score what they say."""
    (budgets,) = (budgets for other, budgets in design.arms if other.name == arm.name)
    repetitions = range(judges.spec.repetitions)
    cells, took, had, leaks = {}, {}, {}, {}
    for repetition in repetitions:
        for budget in budgets:
            entry = entry_of(
                arm, budget, repetition, design=design, spec=judges.spec, context=context
            )
            place = repetition, budget
            said, took[place], had[place], leaks[place] = _read(fit_file(entry))
            cells[place] = _scored(said, judges)
    keys = cells[0, budgets[0]]
    scores = {}
    for key in keys:
        found_BRJ = np.stack(
            [np.stack([cells[r, n][key] for n in budgets], axis=1) for r in repetitions], axis=1
        )
        seen = found_BRJ[0]
        again = np.where(np.isfinite(found_BRJ[1:]), found_BRJ[1:], seen)
        scores[key] = Scores(budgets=np.array(budgets, float), seen=seen, resampled=again)
    return Fits(scores=scores, took=took, spent=had, leaks=leaks)


def _read(path: Path) -> tuple[NDArray[np.float64], float, Spent, Leak]:
    """What a fit says, how long it took, what it had, and what it gave away."""
    try:
        with np.load(path, allow_pickle=False) as held:
            spent = Spent(
                trials=int(held["trials"]), cut=bool(held["cut"]), start_cut=bool(held["start_cut"])
            )
            leak = Leak(caught=float(held["caught"]), copy=float(held["copy"]))
            return np.asarray(held["value"], np.float64), float(held["seconds"]), spent, leak
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            f"{path.parent.name}/{path.name}", expected="a whole fit",
            found="none or a damaged one", hint="remove that file and run again",
        ) from error  # fmt: skip


def _scored(said: NDArray[np.float64], judges: Judges) -> dict[tuple[str, str], FloatArray]:
    """[1 + B] of each group and measure."""
    found = {}
    whole = Subgroup(
        label=ALL, rows=np.arange(len(judges.truth)), subjects=0, events=None, single=True
    )
    for group in (whole, *judges.groups):
        of_group = judges.truth.rows(group.rows)
        measure = scoring(of_group, said[group.rows], judges.edges)
        for name, values in measure(judges.weights[:, group.rows]).items():
            found[group.label, name] = values
    return found
