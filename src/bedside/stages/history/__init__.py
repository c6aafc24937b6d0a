"""History: one network for each generation of deep learning, on the same task, by the same rule.

Same training patients, same half of tune to choose settings by, same tries, steps, batches and
augmentation: what is between two rungs is what the later generation brought. Held-out patients are
looked at once, when all are trained. What comes out is which generation is enough.

Run folder:

    history.json            by generation: year, source, what it added, weights, processor seconds,
                            the primary measure and its paired difference to the best
    history.html            the same as a page, with accuracy over year, weights and seconds
    generations/<name>/     result.json; value.npy: answers for held-out patients [N, K], or
                            masks.npy [N, *spatial]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bedside.core.context import Context
from bedside.core.errors import StudyError
from bedside.core.run import Outcome, write_text
from bedside.core.study import Study

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bedside.core.dataset import Dataset, Schema
    from bedside.core.study import TaskType
    from bedside.methods.entrant import Arrays, Lesson
    from bedside.methods.ladder import Reached
    from bedside.methods.rung import Allowance, Pace, Rung
    from bedside.stages.history.entry import Entry

NEEDS: tuple[str, ...] = ("prepare", "audit")
MAY_USE: tuple[str, ...] = ("augment",)
READS: tuple[str, ...] = ("modality", "seed", "about")
TINY: dict[str, object] = {"trials": 1, "steps": 30, "seconds": 20.0, "replicates": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[history]`: who climbs, and what each may spend."""

    generations: tuple[str, ...] = ()
    """Names of generations; empty: the whole ladder."""
    trials: int = 2
    """Settings (learning rate, weight decay) that are tried of each generation; the same for all
    but the first, which has the rate that suits the network."""
    steps: int = 0
    """Steps of the optimiser in each try, to a whole number of epochs; 0: 1,000 for tables, 200 for
    images."""
    batch: int = 0
    """Samples in a step; 0: 128 for tables, 32 for images, 2 where masks are learnt."""
    seconds: float = 300.0
    """Processor time of a generation's tries. One that runs out of it had less than the others,
    which the page tells."""
    intervals: int = 12
    """Survival: into how many intervals the time to the horizon is cut, by the events."""
    worthwhile: float | None = None
    """The smallest difference worth having, in the primary measure's unit; None: 0.01, or for a
    regression 2 % of the best RMSE."""
    replicates: int = 1000
    """Bootstrap resamples of patients behind an interval."""
    level: float = 0.95
    """Nominal coverage of the intervals."""
    fewest_subjects: int = 50
    """With fewer held-out patients nothing is decided."""
    fewest_events: int = 10
    """Likewise with the rarer outcome."""


class Cell(Protocol):
    """What history asks of a modality."""

    def ladder(self, task: TaskType) -> tuple[Rung, ...]:
        """Generations that can learn a task, oldest first."""

    def pace(self, task: TaskType) -> Pace:
        """How many steps of how many samples are usual."""

    def arrays(self, dataset: Dataset, schema: Schema, rows: NDArray[np.int64]) -> Arrays:
        """Inputs of some rows, of the fields that `schema` keeps."""

    def climb(self, name: str, lesson: Lesson, allowance: Allowance) -> Reached:
        """Train one generation within the allowance."""


def outside(spec: Spec, study: Study, data_folder: Path | None) -> Mapping[str, str]:  # noqa: ARG001  # one form for all stages
    """Digest of the page's template: a changed page is made again."""
    from bedside.adapters.html import templates_digest
    from bedside.stages.history.page import NAME

    return {"page": templates_digest(NAME)}


def run(spec: Spec, context: Context) -> Outcome:
    """Train the ladder side by side, measure it on held-out patients, draw the page."""
    from bedside.core.spec import canonical
    from bedside.stages.history.entry import enter
    from bedside.stages.history.judged import judge
    from bedside.stages.history.page_of import page_of

    schema = context.kept_schema()
    rungs = _climbing(spec, context, schema)
    context.run.path("schema.json").write_text(canonical(schema), encoding="utf-8")
    entries = _entries(spec, context, schema, rungs)
    context.progress.advance(0, len(entries), entries[0].rung.title)
    for done, title in enumerate(context.executor.map(enter, entries), start=1):
        context.progress.advance(done, len(entries), title)
    found = judge(spec, context, schema, rungs)
    context.run.write_json("history.json", found.to_json())
    context.run.write_evidence(found.lines)
    write_text(context.run.path("history.html"), page_of(found, context))
    return Outcome(headline=found.sufficiency.headline())


def _climbing(spec: Spec, context: Context, schema: Schema) -> list[Rung]:
    """The rungs asked for, oldest first."""
    from bedside.core.spec import nearest

    cell: Cell = context.cell
    rungs = cell.ladder(schema.target.type)
    names = {rung.name for rung in rungs}
    for name in spec.generations:
        if name not in names:
            raise StudyError(
                "[history] generations",
                expected=f"generations that can learn a {schema.target.type} outcome",
                found=f"'{name}'", hint=nearest(name, sorted(names)),
            )  # fmt: skip
    for key, least in (("trials", 1), ("steps", 0), ("batch", 0)):
        if getattr(spec, key) < least:
            found = str(getattr(spec, key))
            raise StudyError(f"[history] {key}", expected=f"at least {least}", found=found)
    chosen = [rung for rung in rungs if not spec.generations or rung.name in spec.generations]
    return sorted(chosen, key=lambda rung: rung.year)


def _entries(spec: Spec, context: Context, schema: Schema, rungs: list[Rung]) -> list[Entry]:
    """The latest first: they take longest, and so none is left over at the end."""
    from bedside.methods.halves import halves_of
    from bedside.methods.rung import Allowance
    from bedside.stages.history.entry import Entry

    dataset, seed = context.dataset(), context.study.about.seed
    cell: Cell = context.cell
    usual = cell.pace(schema.target.type)
    pace = replace(usual, steps=spec.steps or usual.steps, batch=spec.batch or usual.batch)
    allowance = Allowance(trials=spec.trials, pace=pace, seconds=spec.seconds)
    halves = halves_of(dataset, seed)
    chain = None
    if "augment" in context.inputs:
        chain = context.input("augment").read_json("chain.json")
    return [
        Entry(
            rung=rung, allowance=allowance, intervals=spec.intervals,
            modality=context.study.about.modality,
            prepared=context.input("prepare").folder, run=context.run.folder, halves=halves,
            seed=seed, chain=chain,
        )
        for rung in reversed(rungs)
    ]  # fmt: skip
