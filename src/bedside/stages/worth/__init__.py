"""Worth: how many labels each lever (augmentation, synthesis, pretraining) saves on this task.

The same model learns with and without each lever at geometric budgets of labelled patients, nested
prefixes of one order of them, over and over: k = 1.6 says that n labels with the lever do what
1.6 n do without. All that a lever fits is fitted inside the prefix; patients by whom settings are
chosen count as labelled; both arms have the same tries and steps. Held-out patients judge, and are
trained on by nobody. Controls whose worth is known run beside, and where one fails no number is
printed.

Run folder:

    worth.json              budgets, controls, each lever by two measures, subgroups, costs
    worth.html              the same as a page of its own, with the curves
    fits/<arm>/             one file for each finished fit: what it says of the held-out patients

`bedside run` measures it too where the study has a section [worth], in the quick setting; what
`bedside worth` found in the full one is kept and takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bedside.core.context import Context
from bedside.core.run import Outcome, write_text
from bedside.core.study import Study

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bedside.core.dataset import Dataset, Schema
    from bedside.core.study import TaskType
    from bedside.methods.entrant import Arrays, Entrant, Learned, Lesson

NEEDS: tuple[str, ...] = ("prepare", "audit", "train")
MAY_USE: tuple[str, ...] = ("augment", "pretrain")
READS: tuple[str, ...] = ("modality", "seed", "about")
TINY: dict[str, object] = {
    "repetitions": 3, "steps": 3, "trials": 1, "shown": 600, "seconds": 5.0, "resamples": 50,
    "fewest_events": 4,
}  # fmt: skip
QUICK: dict[str, object] = {"steps": 4, "trials": 2}
"""What `bedside run` lays over it: fewer repetitions would leave the controls too weak to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[worth]`: which levers, at how many labels, how often."""

    levers: tuple[str, ...] = ()
    """augmentation, synthesis, pretraining; empty: all that the modality and the model have."""
    model: str = ""
    """Who learns; empty: the best simple model of the race; of images the network of `[pretrain]`,
    or the best one."""
    budgets: tuple[int, ...] = ()
    """Labelled patients; empty: `steps` budgets from half of them downwards, each half the next."""
    steps: int = 5
    """How many budgets, where none are given."""
    repetitions: int = 10
    """Orders of the patients; each is another draw of labels and seeds."""
    trials: int = 4
    """Settings that are tried in each fit, the same in every arm."""
    shown: int = 20_000
    """Samples shown to a network in each try, the same at every budget and in every arm."""
    seconds: float = 120.0
    """Processor time of a fit's tries."""
    share: float = 1.0
    """Rows that synthesis, and its control of copies, adds for each real one."""
    generator: str = "preview"
    """Which generator synthesis fits; preview: the quickest that the modality has."""
    pretraining_seconds: float | None = None
    """Processor time of pretraining in each fit; None: as `[pretrain]` says, or 20 without it."""
    combined: bool = True
    """Levers together, each two and all, at the two budgets in the middle: their values do not
    multiply."""
    groups: bool = True
    """k by subgroup: a lever may help the majority alone."""
    price: float | None = None
    """What a label costs; then the money that a lever saves is told."""
    currency: str = "EUR"
    """Of `price`."""
    worthwhile: float | None = None
    """The smallest rise of a curve that counts, by a measure of ranks; None: 0.01. Of an error it
    is always 2 %."""
    intervals: int = 12
    """Survival: into how many intervals the time to the horizon is cut."""
    resamples: int = 200
    """Bootstrap resamples of the test patients."""
    level: float = 0.95
    """Nominal coverage of the intervals."""
    fewest_events: int = 10
    """A budget, or a subgroup, with fewer expected patients of the rarest outcome is left out."""
    fewest_subjects: int = 50
    """Fewer held-out patients, or fewer of a subgroup, judge nothing."""


class TrainCell(Protocol):
    """Of the modality's cell for train, what worth uses; `synthesize` and `pretrain` are its levers
    where there are such cells."""

    def entrants(self, task: TaskType) -> tuple[Entrant, ...]:
        """Models that can learn a task."""

    def arrays(self, dataset: Dataset, schema: Schema, rows: NDArray[np.int64]) -> Arrays:
        """Inputs of some rows, of the fields that `schema` keeps."""

    def learn(self, name: str, lesson: Lesson) -> Learned:
        """Tune and train one model."""


def outside(spec: Spec, study: Study, data_folder: Path | None) -> Mapping[str, str]:  # noqa: ARG001  # one form for all stages
    """Digest of the page's template, and of the cells that levers come from."""
    from bedside.adapters.html import templates_digest
    from bedside.stages.worth.lever_cells import cells_digest
    from bedside.stages.worth.page import NAME

    return {"page": templates_digest(NAME), "levers": cells_digest(study.about.modality)}


def run(spec: Spec, context: Context) -> Outcome:
    """Fit every arm at every budget in every repetition, judge, draw the page."""
    from bedside.core.spec import canonical
    from bedside.stages.worth.design import designed
    from bedside.stages.worth.fits import fit_all
    from bedside.stages.worth.judged import judge
    from bedside.stages.worth.lines import lines_of
    from bedside.stages.worth.page_of import page_of
    from bedside.stages.worth.told import record_of

    schema = context.kept_schema()
    context.run.path("schema.json").write_text(canonical(schema), encoding="utf-8")
    design = designed(spec, context, schema)
    fit_all(design, spec, context)
    found = judge(design, spec, context, schema)
    told = record_of(found)
    context.run.write_json("worth.json", told)
    context.run.write_evidence(lines_of(found))
    write_text(context.run.path("worth.html"), page_of(told, context))
    return Outcome(headline=str(told["sentence"]))
