"""One fit, in a process of its own: draw the prefix, take the arm's steps, learn, answer, write.

Its file appears when it is whole; one that is there already is left as it is, so that a sweep that
was killed goes on with the fits that are missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from bedside.core import cells
from bedside.core.dataset import Dataset, Schema, read_schema
from bedside.core.randomness import stream
from bedside.methods.worth.budgets import Pool, Rows, parted
from bedside.methods.worth.leaked import NONE, Leak, leaked
from bedside.methods.worth.lever import Arm, Draft, Means, started
from bedside.methods.worth.spent import Spent
from bedside.stages.worth.beginning import Beginning, begun
from bedside.stages.worth.lever_cells import CELLS, lever_cell

if TYPE_CHECKING:
    from bedside.core.spec import Plain
    from bedside.methods.cases import Cases
    from bedside.methods.entrant import Arrays, Lesson
    from bedside.methods.pretraining.start import Start
    from bedside.methods.synthesis.generator import Generator
    from bedside.stages.worth import Spec, TrainCell

FOLDER = "fits"
Values = NDArray[np.generic]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a worker needs to know: plain values and places on disk."""

    arm: Arm
    budget: int
    repetition: int
    spec: Spec
    model: str
    modality: str
    prepared: Path
    """The folder of the data set."""
    run: Path
    """The folder of this run."""
    seed: int
    chain: Plain = None
    beginning: Beginning | None = None
    """How pretraining begins a network; None: it is no lever here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all fits of a process share."""

    pool: Pool
    schema: Schema
    edges: NDArray[np.float64] | None
    judged: Arrays
    """Inputs of the held-out patients."""


def fit_file(entry: Entry) -> Path:
    """Where the fit lies."""
    folder = entry.run / FOLDER / entry.arm.name.replace(" + ", "+")
    return folder / f"{entry.repetition}-{entry.budget}.npz"


def enter(entry: Entry) -> float:
    """Fit once and write what it says of the held-out patients; gives the processor seconds."""
    final = fit_file(entry)
    if final.is_file():
        return 0.0
    from bedside.methods.one_thread import one_thread

    final.parent.mkdir(parents=True, exist_ok=True)
    with one_thread():
        begun = time.process_time()
        said, spent, draft = _learnt(entry)
        seconds = time.process_time() - begun
        leak = _leak(entry, draft)
    part = final.with_name(f".{final.stem}.part.npz")
    np.savez(
        part, value=said.astype(np.float32), seconds=seconds, trials=spent.trials,
        cut=spent.cut, start_cut=spent.start_cut, caught=leak.caught, copy=leak.copy,
    )  # fmt: skip
    part.replace(final)
    return seconds


@cache
def _ground(prepared: Path, run: Path, modality: str, intervals: int) -> Ground:
    from bedside.methods.survival import time_grid_of
    from bedside.stages.worth.design import pooled

    dataset = Dataset(prepared)
    schema = read_schema((run / "schema.json").read_text(encoding="utf-8"))
    cell = cast("TrainCell", cells.cell(modality, "train"))
    return Ground(
        pool=pooled(prepared, schema, modality), schema=schema,
        edges=time_grid_of(dataset, schema, intervals),
        judged=cell.arrays(dataset, schema, dataset.rows("held_out")),
    )  # fmt: skip


def _ground_of(entry: Entry) -> Ground:
    return _ground(entry.prepared, entry.run, entry.modality, entry.spec.intervals)


def _learnt(entry: Entry) -> tuple[NDArray[np.floating], Spent, Draft]:
    """Answers for the held-out patients [N, K], what the fit had, and what it learnt from."""
    ground = _ground_of(entry)
    train, select = _patients(entry, ground.pool)
    means = _means(entry, ground)
    draft = entry.arm.draft(
        Draft(train=ground.pool.rows(train), select=ground.pool.rows(select)), means
    )
    cell = cast("TrainCell", cells.cell(entry.modality, "train"))
    learned = cell.learn(entry.model, started(_lesson(entry, ground, draft), draft))
    # A network that ran out of time in a try that was not the best says so by its seconds alone.
    late = bool(learned.weights) and learned.seconds > entry.spec.seconds
    spent = Spent(
        trials=len(learned.trials), cut=late or learned.cut,
        start_cut=draft.start is not None and draft.start.cut,
    )  # fmt: skip
    return learned.predict(ground.judged), spent, draft


def _leak(entry: Entry, draft: Draft) -> Leak:
    """What made-up cases give away of those they were learnt from; only of synthesis by itself."""
    if entry.arm.steps != ("synthesis",):
        return NONE
    ground = _ground_of(entry)
    pool, made = ground.pool, draft.train.subjects < 0
    members = draft.train.rows(~made)
    rest = pool.order(entry.seed, entry.repetition)[entry.budget :]
    form = lever_cell(entry.modality, CELLS["synthesis"]).form(ground.schema, members)
    return leaked(
        form, draft.train.rows(made), members=members, others=pool.rows(rest), seed=_seed(entry)
    )


def _patients(entry: Entry, pool: Pool) -> tuple[Rows, Rows]:
    """To learn from, and to choose by: of the prefix, of as many others, or of both."""
    order = pool.order(entry.seed, entry.repetition)
    prefix, others = parted(order[: entry.budget]), parted(order[::-1][: entry.budget])
    if entry.arm.whom == "both":
        return (np.concatenate([prefix[0], others[0]]), np.concatenate([prefix[1], others[1]]))
    return others if entry.arm.whom == "others" else prefix


def _seed(entry: Entry) -> int:
    """One for a repetition and a budget, so that arms are paired."""
    return int(stream(entry.seed, entry.repetition, entry.budget).integers(1 << 31))


def _lesson(entry: Entry, ground: Ground, draft: Draft) -> Lesson:
    """As many samples are shown in every arm, however many rows it has."""
    from bedside.methods.entrant import Lesson
    from bedside.methods.tune import Budget

    target, spec = ground.schema.target, entry.spec
    epochs = max(1, round(spec.shown / len(draft.train)))
    return Lesson(
        schema=ground.schema, train=draft.train.arrays,
        train_outcome=draft.train.outcome(target, ground.edges), select=draft.select.arrays,
        select_outcome=draft.select.outcome(target, ground.edges),
        select_subjects=draft.select.subjects,
        budget=Budget(trials=spec.trials, seconds=spec.seconds), epochs=epochs,
        patience=max(3, epochs // 4), seed=_seed(entry),
    )  # fmt: skip


def _means(entry: Entry, ground: Ground) -> Means:
    means = Means(seed=_seed(entry), share=entry.spec.share, chain=entry.chain)
    if "synthesis" in entry.arm.steps:
        means = replace(means, generator=_generator(entry, ground))
    if "pretraining" in entry.arm.steps:
        means = replace(means, pretrain=_pretrain(entry, ground))
    return means


def _generator(entry: Entry, ground: Ground) -> Callable[[Cases, int], Generator]:
    cell = lever_cell(entry.modality, "synthesize")

    def fit(cases: Cases, seed: int) -> Generator:
        made: Generator = cell.fit(entry.spec.generator, ground.schema, cases, seed=seed)
        return made

    return fit


def _pretrain(entry: Entry, ground: Ground) -> Callable[[Mapping[str, Values], int], Start]:
    how = entry.beginning
    if how is None:
        raise LookupError("pretraining")

    def begin(inputs: Arrays, seed: int) -> Start:
        return begun(how, entry.modality, ground.schema, inputs, seed)

    return begin
