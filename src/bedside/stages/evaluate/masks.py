"""Where the answer is a mask: every model's outlines against the truth, patient by patient.

Overlap, surfaces and lesions are measured on the masks. What is said beside a mask (the volume with
its interval, an abstention) is judged as a number is, with the volume as the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.session import open_graph
from bedside.core.context import Context
from bedside.core.dataset import Dataset, Schema, Split
from bedside.core.errors import DataError
from bedside.core.run import Outcome
from bedside.core.spec import Plain
from bedside.methods.evaluation.judged import Said, Trial
from bedside.methods.evaluation.looking import Looking, Model
from bedside.methods.evaluation.race import Race, record_need
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.released import Beside, judge_released
from bedside.methods.evaluation.subgroups import Least
from bedside.methods.evaluation.truth import Truth
from bedside.methods.evaluation.verdict import Verdict, judge
from bedside.methods.intervals import Resamples
from bedside.methods.masks.record import Slices, judge_mask_race, mask_contest, mask_units
from bedside.methods.masks.table import Asked, measure_masks
from bedside.methods.outlining import Outlines, outliner_of, volumes_of
from bedside.methods.policy import Policy

if TYPE_CHECKING:
    from bedside.stages.evaluate import Cell, Spec

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskWork:
    """What the parts of an evaluation of masks share."""

    spec: Spec
    context: Context
    dataset: Dataset
    schema: Schema
    race: Race

    def model(self, name: str) -> Model:
        """A model as it would be released: whole images in, volumes and novelty out."""
        train = self.context.input("train")
        folder = train.folder / "models" / name
        record = train.read_json(f"models/{name}/model.json")
        outliner = outliner_of(
            open_graph((folder / "graph.onnx").read_bytes()),
            record if isinstance(record, dict) else {}, len(self.schema.target.classes),
        )  # fmt: skip
        return Model(name=name, compute=outliner, edges=None, folder=folder)

    def policy(self, name: str) -> Policy:
        """By which a model decides."""
        table = self.context.input("train").read_json(f"models/{name}/policy.json")
        return Policy.from_json(table if isinstance(table, dict) else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskSplit:
    """Outlined patients of a split, and what each model outlined."""

    rows: Rows
    said: dict[str, Outlines]
    found: dict[str, Slices]
    truth: Truth
    """Of the volume of all structures."""
    resamples: Resamples
    record: Record


def evaluate_masks(work: MaskWork) -> Outcome:
    """Measure all models, judge, and look at the one released."""
    context = work.context
    context.progress.advance(0, 3, "held-out patients")
    held_out = _split(work, "held_out")
    verdict = _verdict(work, held_out)
    curves = _released(work, held_out, verdict.released)
    context.progress.advance(1, 3, "a closer look")
    cell: Cell = context.cell
    curves |= cell.look(_looking(work, held_out, verdict.released))
    lines = held_out.record.lines
    if len(work.dataset.rows("external")):
        context.progress.advance(2, 3, "external patients")
        external = _split(work, "external")
        curves["external"] = _released(work, external, verdict.released)
        lines = [*lines, *external.record.lines]
    context.run.write_json("verdict.json", verdict.record())
    context.run.write_json("curves.json", curves)
    context.run.write_evidence(lines)
    return Outcome(headline=verdict.headline())


def _split(work: MaskWork, name: Split) -> MaskSplit:
    dataset, schema = work.dataset, work.schema
    rows = dataset.rows(name)
    rows = rows[dataset.samples["target"][rows].is_not_null().to_numpy()]
    if not len(rows):
        raise DataError(f"split '{name}'", expected="images with a mask", found="none")
    cell: Cell = work.context.cell
    arrays = cell.arrays(dataset, schema, rows)
    masks, spacing = dataset.array("mask")[rows], np.asarray(arrays["spacing"])
    known = bool(np.isfinite(spacing).all())
    axes = masks.ndim - 1
    record = Record(
        dataset.label(name), level=work.spec.level, units=mask_units(axes=axes, spaced=known)
    )
    asked = Asked(structures=schema.target.classes)
    steps = np.where(np.isfinite(spacing), spacing, 1.0)
    said: dict[str, Outlines] = {}
    tables = {}
    for model in work.race.models:
        compute = work.model(model).compute
        said[model] = compute.outlines(arrays)  # type: ignore[attr-defined]  # an Outliner, see MaskWork.model
        inside = [tuple(slice(0, int(n)) for n in extent) for extent in arrays["extent"]]
        tables[model] = measure_masks(
            ((mine[at], true[at], step.tolist())
             for mine, true, at, step in zip(said[model].masks, masks, inside, steps, strict=True)),
            asked,
        )  # fmt: skip
    subjects = dataset.subjects(rows)
    volumes = volumes_of(masks, spacing, len(schema.target.classes)).sum(axis=1)
    truth = Truth(
        task="regression", subjects=subjects, target=volumes.astype(np.float64),
        counts=np.ones(len(rows)),
    )  # fmt: skip
    resamples = truth.resamples(work.spec.replicates, work.context.study.about.seed)
    found = judge_mask_race(work.race, tables, resamples, record)
    return MaskSplit(
        rows=rows, said=said, found=found, truth=truth, resamples=resamples, record=record
    )


def _verdict(work: MaskWork, split: MaskSplit) -> Verdict:
    enough = split.truth.patients() >= work.spec.fewest_subjects
    contest = mask_contest(work.race, split.found, split.resamples, enough=enough)
    verdict = judge(contest, work.spec.worthwhile)
    record_need(verdict, split.record)
    return verdict


def _released(work: MaskWork, split: MaskSplit, name: str) -> dict[str, Plain]:
    """The volume that stands beside the mask: its interval, abstentions, subgroups."""
    outlines, policy = split.said[name], work.policy(name)
    decisions = policy.decide(outlines.volumes, outlines.novelty, np.zeros(len(split.rows)))
    said = Said(
        name=name, values=outlines.volumes.sum(axis=1, keepdims=True), novelty=outlines.novelty,
        decisions=decisions, policy=policy, edges=None,
    )  # fmt: skip
    trial = Trial(truth=split.truth, said=said, resamples=split.resamples, record=split.record)
    samples = work.dataset.samples[split.rows]
    beside = Beside(
        groups={group: samples[f"group.{group}"].to_list() for group in work.schema.groups},
        comparators={}, labels=(), thresholds=work.spec.thresholds,
        least=Least(subjects=work.spec.fewest_subjects, events=work.spec.fewest_events),
    )  # fmt: skip
    return judge_released(trial, beside)


def _looking(work: MaskWork, split: MaskSplit, name: str) -> Looking:
    cell: Cell = work.context.cell
    return Looking(
        dataset=work.dataset, schema=work.schema, rows=split.rows,
        arrays=cell.arrays(work.dataset, work.schema, split.rows), truth=split.truth,
        resamples=split.resamples, record=split.record, model=work.model(name),
        policy=work.policy(name), control=None, seed=work.context.study.about.seed,
        repeats=work.spec.importance_repeats, replicates=work.spec.importance_replicates,
        most_rows=work.spec.importance_rows, folder=work.context.run.folder,
    )  # fmt: skip
