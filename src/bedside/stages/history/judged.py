"""The generations before the held-out patients: each measured, each beside the best, as evidence.

One set of resamples serves all, so that every difference is paired by patient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from bedside.core.context import Context
from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import DataError
from bedside.core.evidence import Evidence
from bedside.core.spec import Plain
from bedside.methods.evaluation.comparison import Measured, measured
from bedside.methods.evaluation.record import Record, clean, target_units
from bedside.methods.evaluation.truth import Truth, primary_measure, truth_of
from bedside.methods.generations import Contender, Ladder, Sufficiency, sufficient
from bedside.methods.intervals import Resamples
from bedside.methods.masks.scores import dice_measure, dice_of_images
from bedside.methods.measures import Measure, primary
from bedside.methods.multilabel import label_values
from bedside.methods.rung import Rung
from bedside.stages.history.entry import FOLDER

if TYPE_CHECKING:
    from bedside.stages.history import Spec

TOLD = (
    "parameters", "seconds", "seconds_all", "steps", "batch", "trials", "settings", "cut",
)  # fmt: skip
"""Of `result.json`."""
Values = NDArray[np.generic]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that the page and the record tell."""

    rungs: Sequence[Rung]
    sufficiency: Sufficiency
    results: Mapping[str, Mapping[str, Plain]]
    """What each generation left in `result.json`."""
    lines: Sequence[Evidence]
    measure: str
    unit: str

    def parameters(self, name: str) -> int:
        """Trained numbers of a generation."""
        return int(cast("int", self.results[name]["parameters"]))

    def seconds(self, name: str) -> float:
        """Processor time of the training that was kept."""
        return float(cast("float", self.results[name]["seconds"]))

    def cut(self) -> list[str]:
        """Titles of the generations whose time ran out."""
        return [rung.title for rung in self.rungs if self.results[rung.name]["cut"]]

    def to_json(self) -> dict[str, Plain]:
        """As `history.json`."""
        said, found = self.sufficiency, self.sufficiency.enough
        return {
            "sentence": said.sentence(),
            "enough": found.name if found else None,
            "best": said.best.name,
            "worthwhile": clean(said.margin),
            "measure": self.measure,
            "unit": self.unit,
            "subjects": said.ladder.subjects,
            "generations": [self._entry(rung) for rung in self.rungs],
        }

    def _entry(self, rung: Rung) -> dict[str, Plain]:
        (one,) = (c for c in self.sufficiency.ladder.contenders if c.name == rung.name)
        value, low, high = map(clean, one.measured.intervals()[self.measure])
        gap = self.sufficiency.gaps[rung.name]
        result = self.results[rung.name]
        return {
            "name": rung.name, "title": rung.title, "year": rung.year, "added": rung.added,
            "source": rung.source, "value": value, "low": low, "high": high,
            "minus_best": dict(zip(("value", "low", "high"), map(clean, gap), strict=True)),
            "standing": self.sufficiency.standings[rung.name],
            **{key: result[key] for key in TOLD},
        }  # fmt: skip


def judge(spec: Spec, context: Context, schema: Schema, rungs: Sequence[Rung]) -> Found:
    """Measure every generation on the held-out patients, and say which is enough."""
    work = _work(spec, context, schema)
    results = {rung.name: _result(context, rung.name) for rung in rungs}
    contenders = [
        Contender(
            name=rung.name, title=rung.title, year=rung.year,
            measured=work.measured(_said(context, schema, rung.name), results[rung.name]),
        )
        for rung in rungs
    ]  # fmt: skip
    sufficiency = sufficient(Ladder(
        task=schema.target.type, contenders=contenders, guess=work.guessed(),
        subjects=work.truth.patients(), enough_patients=work.enough(spec),
        worthwhile=spec.worthwhile,
    ))  # fmt: skip
    name = primary(schema.target.type).measure
    unit = target_units(schema.target.type, schema.target.unit).get(name, "")
    record = Record(
        work.dataset.label("held_out"), level=spec.level,
        units={"history.seconds": "s", f"history.{name}": unit, f"history.minus_best.{name}": unit},
    )  # fmt: skip
    for one in contenders:
        _tell(record, one, sufficiency, results[one.name])
    return Found(
        rungs=rungs, sufficiency=sufficiency, results=results, lines=record.lines, measure=name,
        unit=unit,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    dataset: Dataset
    schema: Schema
    truth: Truth
    resamples: Resamples
    level: float
    masks: Values | None = None
    """[N, *spatial] of a segmentation."""

    def measured(self, said: Values, result: Mapping[str, Plain]) -> Measured:
        """The primary measure of one generation."""
        return measured(self._measure(said, result), self.resamples, self.level)

    def guessed(self) -> Measured:
        """The same of an answer that is one for all: no mask, or the training patients' mean."""
        if self.masks is not None:
            return self.measured(np.zeros_like(self.masks), {})
        rows = self.dataset.rows("train")
        if self.truth.task == "multilabel":
            values_NK = label_values(self.dataset.samples[rows], self.schema.target)
            shares_K = np.nanmean(values_NK, axis=0)
            return self.measured(np.tile(shares_K, (len(self.truth), 1)), {})
        target = self.dataset.samples["target"][rows].cast(float).fill_null(float("nan"))
        middle = float(np.nanmean(target.to_numpy()))
        width = len(self.schema.target.classes) if self.truth.task == "multiclass" else 1
        value = np.full((len(self.truth), width), 1 / width if width > 1 else middle)
        return self.measured(value, {"edges": [self.truth.horizon]})

    def enough(self, spec: Spec) -> bool:
        """Whether there are enough patients to decide anything."""
        fewest = spec.fewest_subjects
        if self.masks is not None:
            return self.truth.patients() >= fewest
        rarest = self.truth.rarest()
        few = rarest is not None and rarest < spec.fewest_events
        return self.truth.patients() >= fewest and not few

    def _measure(self, said: Values, result: Mapping[str, Plain]) -> Measure:
        if self.masks is not None:
            names = self.schema.target.classes
            return dice_measure(dice_of_images(said, self.masks, len(names)), self.truth.subjects)
        edges = result.get("edges")
        grid = np.asarray(edges, np.float64) if edges else None
        return primary_measure(self.truth, np.asarray(said, np.float64), grid)


def _work(spec: Spec, context: Context, schema: Schema) -> _Work:
    dataset = context.dataset()
    rows = dataset.rows("held_out")
    masks = None
    if schema.target.type == "segmentation":
        rows = _outlined(dataset)
        masks = np.asarray(dataset.array("mask")[rows], np.uint8)
        truth = Truth(
            task="segmentation", subjects=dataset.subjects(rows),
            target=np.zeros(len(rows)), counts=np.ones(len(rows)),
        )  # fmt: skip
    else:
        truth = truth_of(dataset, schema, rows)
    return _Work(
        dataset=dataset, schema=schema, truth=truth, masks=masks, level=spec.level,
        resamples=truth.resamples(spec.replicates, context.study.about.seed),
    )  # fmt: skip


def _outlined(dataset: Dataset) -> NDArray[np.int64]:
    """Held-out rows that somebody outlined."""
    rows = dataset.rows("held_out")
    known: NDArray[np.bool_] = dataset.samples["target"][rows].is_not_null().to_numpy()
    rows = rows[known]
    if not len(rows):
        raise DataError("split 'held_out'", expected="images with a mask", found="none")
    return rows


def _result(context: Context, name: str) -> Mapping[str, Plain]:
    result = context.run.read_json(f"{FOLDER}/{name}/result.json")
    return result if isinstance(result, dict) else {}


def _said(context: Context, schema: Schema, name: str) -> Values:
    """A generation's answers for the judged rows."""
    folder = context.run.folder / FOLDER / name
    if schema.target.type != "segmentation":
        return cast("Values", np.load(folder / "value.npy", allow_pickle=False))
    dataset = context.dataset()
    kept = np.isin(dataset.rows("held_out"), _outlined(dataset))
    return cast("Values", np.load(folder / "masks.npy", allow_pickle=False)[kept])


def _tell(record: Record, one: Contender, said: Sufficiency, result: Mapping[str, Plain]) -> None:
    name, patients = primary(said.ladder.task).measure, said.ladder.subjects
    record.add(f"history.{name}", one.measured.intervals()[name], subjects=patients, model=one.name)
    record.add(f"history.minus_best.{name}", said.gaps[one.name], subjects=patients, model=one.name)
    for key in ("parameters", "seconds"):
        count = float(cast("float", result[key]))
        record.add(f"history.{key}", (count, count, count), subjects=patients, model=one.name)
