"""Evaluate: every model that raced, as the graph that would be released, on patients none has seen.

Run folder: evidence.jsonl; verdict.json (is deep learning warranted, and who is released);
curves.json (the released model's calibration, decisions, silence, importance); patients.json
(table 1, by split).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from bedside.core.context import Context
from bedside.core.errors import RunError
from bedside.core.run import Outcome, Run
from bedside.core.spec import Plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bedside.core.dataset import Dataset, Schema, Split
    from bedside.methods.evaluation.comparison import Measured
    from bedside.methods.evaluation.judged import Said
    from bedside.methods.evaluation.label_race import LabelTrial
    from bedside.methods.evaluation.looking import Looking, Model
    from bedside.methods.evaluation.race import Race
    from bedside.methods.evaluation.record import Record
    from bedside.methods.evaluation.released import Beside
    from bedside.methods.evaluation.truth import Truth
    from bedside.methods.evaluation.verdict import Verdict
    from bedside.methods.intervals import Resamples
    from bedside.methods.label_policy import AnyPolicy, LabelPolicies
    from bedside.methods.policy import Policy

    Arrays = Mapping[str, NDArray[np.generic]]
    Rows = NDArray[np.int64]

NEEDS = ("prepare", "train")
READS = ("modality", "seed")
TINY: dict[str, object] = {"replicates": 200, "importance_repeats": 2, "importance_replicates": 100}
SHUFFLED = "_shuffled"
"""The model that was trained on shuffled labels, where train left one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[evaluate]`."""

    replicates: int = 1000
    """Bootstrap resamples of patients behind an interval."""
    level: float = 0.95
    """Nominal coverage of the intervals."""
    worthwhile: float | None = None
    """The smallest benefit of a deep model worth having, in the primary measure's unit. None: 0.01
    of AUROC or concordance, 2 % of the simple model's RMSE."""
    thresholds: tuple[float, ...] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
    """Risks over which net benefit is drawn."""
    fewest_subjects: int = 50
    """A subgroup, or a verdict, of fewer patients is unknown."""
    fewest_events: int = 10
    """Likewise with the rarer outcome."""
    importance_repeats: int = 5
    """How often each field's values change hands."""
    importance_replicates: int = 200
    importance_rows: int = 5_000
    """Rows that importance is measured on at most, drawn by the seed."""


class Cell(Protocol):
    """What evaluate asks of a modality."""

    def arrays(self, dataset: Dataset, schema: Schema, rows: Rows) -> Arrays:
        """Inputs of the graph for some rows, of the fields that `schema` keeps."""

    def look(self, looking: Looking) -> dict[str, Plain]:
        """What only this modality can ask of the released model: which inputs mattered, what it
        withstands. Evidence goes to `looking.record`, the rest into curves.json."""

    def missing_share(self, arrays: Arrays) -> NDArray[np.float64]:
        """[N] share of the inputs that are missing."""

    def summaries(
        self, dataset: Dataset, schema: Schema, rows: Rows
    ) -> dict[str, dict[str, Plain]]:
        """Each field in a few numbers, for table 1."""


def run(spec: Spec, context: Context) -> Outcome:
    """Measure all models on held-out and external patients, judge, and look at the one released."""
    from bedside.core.dataset import read_schema
    from bedside.methods.evaluation.race import read_race

    train = context.input("train")
    schema = read_schema(_text(train, "schema.json"))
    if schema.target.type == "segmentation":
        return _of_masks(spec, context, schema)
    work = _Work(
        spec=spec, context=context, dataset=context.dataset(), schema=schema,
        race=read_race(train.read_json("race.json")),
    )  # fmt: skip
    work.advance(0, "held-out patients")
    held_out = work.split("held_out")
    verdict = _verdict(work, held_out)
    curves = work.look(held_out, verdict.released)
    work.advance(1, "a closer look")
    cell: Cell = context.cell
    curves |= cell.look(_looking(work, held_out, verdict.released))
    lines = held_out.record.lines
    if len(work.dataset.rows("external")):
        work.advance(2, "external patients")
        external = work.split("external")
        work.compare(external)
        curves["external"] = work.look(external, verdict.released)
        lines = [*lines, *external.record.lines]
    context.run.write_json("verdict.json", verdict.record())
    context.run.write_json("curves.json", curves)
    context.run.write_json("patients.json", _patients(work))
    context.run.write_evidence(lines)
    return Outcome(headline=verdict.headline())


def _of_masks(spec: Spec, context: Context, schema: Schema) -> Outcome:
    from bedside.methods.evaluation.race import read_race
    from bedside.stages.evaluate.masks import MaskWork, evaluate_masks

    race = read_race(context.input("train").read_json("race.json"))
    dataset = context.dataset()
    work = _Work(spec=spec, context=context, dataset=dataset, schema=schema, race=race)
    context.run.write_json("patients.json", _patients(work))
    return evaluate_masks(
        MaskWork(spec=spec, context=context, dataset=dataset, schema=schema, race=race)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    """The patients of one split before all models."""

    name: Split
    rows: Rows
    arrays: Arrays
    truth: Truth
    resamples: Resamples
    said: Mapping[str, Said]
    """What each model says; empty for a multi-label question."""
    labels: Mapping[str, tuple[Said, ...]]
    """Of a multi-label question: what each model says, one answer a label."""
    record: Record

    def trial_of(self, labels: tuple[str, ...]) -> LabelTrial:
        """The patients of a multi-label question."""
        from bedside.methods.evaluation.label_race import LabelTrial

        return LabelTrial(
            labels=labels, truth=self.truth, resamples=self.resamples, record=self.record
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What the parts of this stage share."""

    spec: Spec
    context: Context
    dataset: Dataset
    schema: Schema
    race: Race

    def advance(self, done: int, what: str) -> None:
        """Tell what is at work."""
        self.context.progress.advance(done, 3, what)

    def split(self, name: Split) -> _Split:
        """All models' answers on a split."""
        from bedside.methods.evaluation.record import Record, target_units
        from bedside.methods.evaluation.truth import truth_of

        rows = self.dataset.rows(name)
        cell: Cell = self.context.cell
        arrays = cell.arrays(self.dataset, self.schema, rows)
        truth = truth_of(self.dataset, self.schema, rows)
        target, models = self.schema.target, self.race.models
        several = target.type == "multilabel"
        return _Split(
            name=name, rows=rows, arrays=arrays, truth=truth,
            resamples=truth.resamples(self.spec.replicates, self.context.study.about.seed),
            said={} if several else {model: self._said(model, arrays) for model in models},
            labels={m: self._of_labels(m, arrays) for m in models} if several else {},
            record=Record(
                self.dataset.label(name), level=self.spec.level,
                units=target_units(target.type, target.unit),
            ),
        )  # fmt: skip

    def compare(self, split: _Split) -> dict[str, Measured]:
        """All models on a split, and each against the simple one."""
        from bedside.methods.evaluation.label_race import judge_label_race
        from bedside.methods.evaluation.race import judge_race

        if split.labels:
            trial = split.trial_of(self.schema.target.classes)
            return judge_label_race(self.race, split.labels, trial)
        said = list(split.said.values())
        return judge_race(self.race, said, split.truth, split.resamples, split.record)

    def look(self, split: _Split, model: str) -> dict[str, Plain]:
        """The model to be released, from all sides."""
        from bedside.methods.evaluation.judged import Trial
        from bedside.methods.evaluation.label_race import judge_labels
        from bedside.methods.evaluation.released import judge_released

        if split.labels:
            trial_of = split.trial_of(self.schema.target.classes)
            return judge_labels(split.labels[model], trial_of, self._beside(split))
        trial = Trial(
            truth=split.truth, said=split.said[model], resamples=split.resamples,
            record=split.record,
        )  # fmt: skip
        return judge_released(trial, self._beside(split))

    def policy(self, model: str) -> AnyPolicy:
        """By which a model decides."""
        from bedside.methods.label_policy import read_policy

        table = self.context.input("train").read_json(f"models/{model}/policy.json")
        return read_policy(table if isinstance(table, dict) else {})

    def model(self, name: str) -> Model:
        """A model as it would be released."""
        import numpy as np

        from bedside.adapters.session import open_graph
        from bedside.methods.evaluation.looking import Model

        train = self.context.input("train")
        folder = train.folder / "models" / name
        if not (folder / "graph.onnx").is_file():
            raise _no_model(train, name)
        graph = open_graph((folder / "graph.onnx").read_bytes())  # one thread: the same anywhere
        record = train.read_json(f"models/{name}/model.json")
        edges = record.get("edges") if isinstance(record, dict) else None
        return Model(
            name=name, compute=graph, folder=folder,
            edges=np.asarray(edges, np.float64) if edges else None,
        )  # fmt: skip

    def _said(self, name: str, arrays: Arrays) -> Said:
        from bedside.methods.evaluation.judged import Said

        cell: Cell = self.context.cell
        model, policy = self.model(name), cast("Policy", self.policy(name))
        values, novelty = model.compute(arrays)
        decisions = policy.decide(values, novelty, cell.missing_share(arrays))
        return Said(
            name=name, values=values, novelty=novelty, decisions=decisions, policy=policy,
            edges=model.edges,
        )  # fmt: skip

    def _of_labels(self, name: str, arrays: Arrays) -> tuple[Said, ...]:
        from bedside.stages.evaluate.labels import label_said

        cell: Cell = self.context.cell
        policies = cast("LabelPolicies", self.policy(name))
        return label_said(self.model(name), policies, arrays, cell.missing_share(arrays))

    def _beside(self, split: _Split) -> Beside:
        from bedside.methods.evaluation.released import Beside
        from bedside.methods.evaluation.subgroups import Least
        from bedside.methods.served import labels_of

        samples = self.dataset.samples[split.rows]
        schema = self.schema
        return Beside(
            groups={name: samples[f"group.{name}"].to_list() for name in schema.groups},
            comparators={
                name: samples[f"comparator.{name}"].fill_null(float("nan")).to_numpy()
                for name in schema.comparators
            },
            labels=("no", "yes") if split.labels else labels_of(schema.target),
            thresholds=self.spec.thresholds,
            least=Least(subjects=self.spec.fewest_subjects, events=self.spec.fewest_events),
        )


def _verdict(work: _Work, split: _Split) -> Verdict:
    from bedside.methods.evaluation.race import contest, record_need
    from bedside.methods.evaluation.verdict import judge

    truth, spec = split.truth, work.spec
    found = work.compare(split)
    rarest = truth.rarest()
    enough = truth.patients() >= spec.fewest_subjects
    enough = enough and (rarest is None or rarest >= spec.fewest_events)
    verdict = judge(contest(work.race, found, truth, enough=enough), spec.worthwhile)
    record_need(verdict, split.record)
    return verdict


def _looking(work: _Work, split: _Split, name: str) -> Looking:
    """The released model, and the control that learnt shuffled labels, for the modality's look."""
    from bedside.methods.evaluation.looking import Looking

    shuffled = work.context.input("train").folder / "models" / SHUFFLED / "graph.onnx"
    return Looking(
        dataset=work.dataset, schema=work.schema, rows=split.rows, arrays=split.arrays,
        truth=split.truth, resamples=split.resamples, record=split.record,
        model=work.model(name), policy=work.policy(name),
        control=work.model(SHUFFLED) if shuffled.is_file() else None,
        seed=work.context.study.about.seed, repeats=work.spec.importance_repeats,
        replicates=work.spec.importance_replicates, most_rows=work.spec.importance_rows,
        folder=work.context.run.folder,
    )  # fmt: skip


def _patients(work: _Work) -> dict[str, Plain]:
    """Table 1: by split how many, with what outcome, and each field in a few numbers."""
    from bedside.core.dataset import SPLITS

    cell: Cell = work.context.cell
    found: dict[str, Plain] = {}
    for split in SPLITS:
        rows = work.dataset.rows(split)  # type: ignore[arg-type]  # SPLITS holds the names of Split
        if len(rows):
            fields: dict[str, Plain] = dict(cell.summaries(work.dataset, work.schema, rows))
            found[split] = {**_counts(work, rows), "fields": fields}
    return found


def _counts(work: _Work, rows: Rows) -> dict[str, Plain]:
    import polars as pl

    samples = work.dataset.samples[rows]
    target = work.schema.target
    if target.type == "multilabel":
        from bedside.stages.evaluate.labels import label_counts

        n = samples["subject"].n_unique()
        return {"n": n, "rows": len(rows), "outcomes": None, **label_counts(samples, target)}
    people = pl.col("subject").n_unique()
    by_value = samples.drop_nulls("target").group_by("target").agg(people).sort("target")
    counts = {float(value): int(number) for value, number in by_value.iter_rows()}
    known = samples.filter(pl.col("target").is_not_null())["subject"].n_unique()
    subjects = samples["subject"].n_unique()
    said: dict[str, Plain] = {
        "n": subjects,
        "rows": len(rows),
        "unobserved": subjects - known,
        "outcomes": counts.get(1.0, 0) if target.type in ("binary", "survival") else None,
    }
    if target.type == "multiclass":
        said["classes"] = {
            name: counts.get(float(index), 0) for index, name in enumerate(target.classes)
        }
    return said


def _text(run: Run, name: str) -> str:
    path = run.folder / name
    if not path.is_file():
        raise RunError(
            f"{run.name}/{name}", expected="the schema that models were trained on", found="none",
            hint=f"remove the folder {run.name} and run again",
        )  # fmt: skip
    return path.read_text(encoding="utf-8")


def _no_model(run: Run, model: str) -> RunError:
    return RunError(
        f"{run.name}/models/{model}", expected="a graph of the model", found="none",
        hint=f"remove the folder {run.name} and run again",
    )  # fmt: skip
