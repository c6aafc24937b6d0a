"""Train: a race of simple and deep models, each tuned with the same budget.

Training patients are learnt from. The tune patients are halved: `select` stops training and chooses
settings and candidates, `calibrate` fits calibrator, threshold, sets and novelty limit. Outcomes of
others are not looked at.

Run folder:

    schema.json             fields that the models see: the audit's drops are out
    race.json               who raced, at what cost, and the best simple and the best deep model
    halves.json             patients and rows of the two halves of tune
    edge.json, edge_*.npy   made-up cases on which graph and model must agree
    models/<name>/          graph.onnx, model.json, policy.json, weights.safetensors for networks;
                            native.npy and edge_native.npy: what the trained model itself says,
                            calibrated, of the held-out patients [N, K] and of the edge cases
    models/_shuffled/       the best deep model's settings, learnt on permuted outcomes
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from bedside.core.context import Context
from bedside.core.errors import StudyError
from bedside.core.run import Outcome

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bedside.core.dataset import Dataset, Schema
    from bedside.core.evidence import Evidence
    from bedside.core.spec import Plain
    from bedside.core.study import TaskType
    from bedside.methods.entrant import Arrays, Entrant, Learned, Lesson
    from bedside.methods.halves import Halves
    from bedside.stages.train.entry import Entry

NEEDS: tuple[str, ...] = ("prepare", "audit")
MAY_USE: tuple[str, ...] = ("augment", "pretrain")
READS: tuple[str, ...] = ("modality", "seed", "decision")
TINY: dict[str, object] = {"trials": 1, "epochs": 6, "seconds": 30.0}
SHUFFLED = "_shuffled"
SCORES = {
    "binary": "log loss", "multiclass": "log loss", "multilabel": "log loss",
    "regression": "squared error", "survival": "negative log-likelihood",
    "segmentation": "1 - Dice",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[train]`: who races, and what each may spend."""

    models: tuple[str, ...] = ()
    """Names of models; empty: all that can learn the task."""
    trials: int = 8
    """Settings that are tried of each model; the first are its defaults."""
    seconds: float = 90.0
    """Processor time: no trial of a model starts after it, and no network trains for longer.
    Results depend on the speed of the machine only where it runs out, which `race.json` tells
    (`cut`)."""
    epochs: int = 40
    """Epochs of a network at most."""
    patience: int = 6
    """Epochs without a better score before a network's training stops."""
    intervals: int = 12
    """Survival: into how many intervals the time to the horizon is cut, by the events."""
    shuffled: bool = True
    """Train a control on permuted outcomes, to tell what explanations are worth."""


class Cell(Protocol):
    """What train asks of a modality."""

    def entrants(self, task: TaskType) -> tuple[Entrant, ...]:
        """Models that can learn a task, the one that takes longest first."""

    def arrays(self, dataset: Dataset, schema: Schema, rows: NDArray[np.int64]) -> Arrays:
        """Inputs of some rows, of the fields that `schema` keeps."""

    def learn(self, name: str, lesson: Lesson) -> Learned:
        """Tune and train one model; with `lesson.fixed`, train it once as that says.

        Its graph gives `value` in float64, and `novelty`.
        """

    def edge_cases(self, schema: Schema) -> tuple[list[str], Arrays]:
        """Names and inputs of made-up cases at the edge of what is possible."""


def run(spec: Spec, context: Context) -> Outcome:
    """Race, write what each model left, and name the two candidates for a release."""
    from bedside.core.spec import canonical
    from bedside.stages.train.entry import SHARED, enter

    schema = context.kept_schema()
    racing = _racing(spec, context, schema)
    context.run.path("schema.json").write_text(canonical(schema), encoding="utf-8")
    halves = _halves(context)
    _write_edges(context, schema)
    entries = [_entry(spec, context, halves, entrant) for entrant in racing]
    shuffled = spec.shuffled and schema.target.type != "segmentation"
    steps = len(racing) + shuffled
    context.progress.advance(0, steps, racing[0].name)
    for done, name in enumerate(context.executor.map(enter, entries), start=1):
        context.progress.advance(done, steps, name)
    record = _race(context, racing)
    if shuffled:
        context.progress.advance(len(racing), steps, "a control on shuffled outcomes")
        _control(spec, context, halves, racing, record)
    shutil.rmtree(context.run.folder / SHARED, ignore_errors=True)
    context.run.write_json("race.json", record)
    context.run.write_evidence(_counted(context.dataset(), record))
    return Outcome(headline=_headline(record, schema.target.type))


def _racing(spec: Spec, context: Context, schema: Schema) -> list[Entrant]:
    from bedside.core.spec import nearest
    from bedside.stages.train.beginning import with_pretrained

    cell: Cell = context.cell
    able = cell.entrants(schema.target.type)
    names = {entrant.name for entrant in able}
    for name in spec.models:
        if name not in names:
            raise StudyError(
                "[train] models", expected=f"models that can learn a {schema.target.type} outcome",
                found=f"'{name}'", hint=nearest(name, sorted(names)),
            )  # fmt: skip
    racing = [entrant for entrant in able if not spec.models or entrant.name in spec.models]
    return racing if "pretrain" not in context.inputs else with_pretrained(context, racing)


def _halves(context: Context) -> Halves:
    """The two halves of tune, told in halves.json."""
    import numpy as np

    from bedside.methods.halves import halves_of

    dataset = context.dataset()
    halves = halves_of(dataset, context.study.about.seed)
    told = {
        name: {"subjects": len(np.unique(dataset.subjects(half))), "rows": len(half)}
        for name, half in (("select", halves.select), ("calibrate", halves.calibrate))
    }
    context.run.write_json("halves.json", told)
    return halves


def _write_edges(context: Context, schema: Schema) -> None:
    import numpy as np

    cell: Cell = context.cell
    names, arrays = cell.edge_cases(schema)
    context.run.write_json("edge.json", names)
    for name, values in arrays.items():
        np.save(context.run.path(f"edge_{name}.npy"), values, allow_pickle=False)


def _entry(spec: Spec, context: Context, halves: Halves, entrant: Entrant) -> Entry:
    from bedside.stages.train.beginning import beginning, likeness
    from bedside.stages.train.entry import Entry

    return Entry(
        entrant=entrant, spec=spec, modality=context.study.about.modality,
        prepared=context.input("prepare").folder, run=context.run.folder, halves=halves,
        decision=context.study.decision, seed=context.study.about.seed, chain=_chain(context),
        start=beginning(context, entrant), like=likeness(context, entrant),
    )  # fmt: skip


def _chain(context: Context) -> Plain:
    """How samples are changed in training; None where the modality has no stage for it."""
    if "augment" not in context.inputs:
        return None
    return context.input("augment").read_json("chain.json")


def _race(context: Context, racing: list[Entrant]) -> dict[str, Plain]:
    """Who raced, simple ones first, and the best of each family by the score on `select`."""
    from bedside.methods.contenders import candidates, entry_of

    records = [context.run.read_json(f"models/{entrant.name}/model.json") for entrant in racing]
    entries = [entry_of(record) for record in reversed(records) if isinstance(record, dict)]
    simple_first = sorted(entries, key=lambda entry: entry["family"] == "deep")
    chosen = candidates(simple_first)
    return {"models": cast("Plain", simple_first), "released_candidates": chosen}


def _counted(dataset: Dataset, record: dict[str, Plain]) -> list[Evidence]:
    """What each model was given: settings tried, and numbers learnt; counts, so exact."""
    from bedside.core.evidence import Evidence

    subjects = dataset.samples["subject"].filter(dataset.samples["split"] == "train").n_unique()
    entries = cast("list[dict[str, Plain]]", record["models"])
    return [
        Evidence(
            measure=f"train.{name}", value=count, low=count, high=count, subjects=subjects,
            stage="train", data=dataset.label("train"), model=str(entry["name"]),
        )
        for entry in entries
        for name in ("trials", "parameters")
        for count in (float(cast("int", entry[name])),)
    ]  # fmt: skip


def _control(
    spec: Spec, context: Context, halves: Halves, racing: list[Entrant], record: dict[str, Plain]
) -> None:
    from dataclasses import replace

    from bedside.methods.contenders import fixed_of, most_telling
    from bedside.stages.train.entry import enter

    name = most_telling(record)
    (entrant,) = (item for item in racing if item.name == name)
    entry = _entry(spec, context, halves, entrant)
    fixed = fixed_of(context.run.read_json(f"models/{name}/model.json"))
    list(context.executor.map(enter, [replace(entry, fixed=fixed, folder=SHUFFLED)]))


def _headline(record: dict[str, Plain], task: TaskType) -> str:
    from bedside.methods.contenders import headline

    return headline(record, SCORES[task])
