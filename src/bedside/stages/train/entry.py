"""One model's way through the race, in a process of its own: learn, calibrate, export, write.

The model's folder appears when all that belongs into it is there; one that is there already is left
as it is, so that a killed race goes on with the models that are missing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bedside.core import cells
from bedside.core.dataset import Dataset, Schema, read_schema
from bedside.core.decision import Decision
from bedside.core.spec import plain

if TYPE_CHECKING:
    from bedside.core.spec import Plain
    from bedside.core.study import TaskType
    from bedside.methods.calibration import Calibrator
    from bedside.methods.entrant import Arrays, Entrant, Fixed, Learned, Lesson
    from bedside.methods.halves import Halves
    from bedside.methods.label_calibration import LabelCalibrators
    from bedside.methods.label_policy import AnyPolicy
    from bedside.methods.pretraining.start import Start
    from bedside.methods.tune import Setting
    from bedside.stages.train import Cell, Spec

Rows = NDArray[np.int64]
SHARED = "shared"
"""Folder of a run for what several models need and one computes; it goes when the race is over."""
Edges = NDArray[np.float64] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a worker needs to know: plain values and places on disk."""

    entrant: Entrant
    spec: Spec
    modality: str
    prepared: Path
    """The folder of the data set."""
    run: Path
    """The folder of this run."""
    halves: Halves
    decision: Decision
    seed: int
    fixed: Fixed | None = None
    """Train the control with these settings, on permuted outcomes."""
    folder: str = ""
    """Name of the model's folder, where it is not the model's own."""
    chain: Plain = None
    """How samples are changed in training, as the stage `augment` left it."""
    start: Path | None = None
    """Weights that the network starts from; None: it starts at random."""
    like: Mapping[str, Setting] = field(default_factory=dict)
    """Settings of the architecture of weights beside which this network races from scratch."""

    @property
    def learns(self) -> str:
        """The name by which the modality knows the model."""
        if self.start is None:
            return self.entrant.name
        from bedside.methods.pretraining.start import scratch_name

        return scratch_name(self.entrant.name)


def enter(entry: Entry) -> str:
    """Train one model and write all that is left of it; gives its name."""
    name = entry.folder or entry.entrant.name
    final = entry.run / "models" / name
    if final.is_dir():
        return name
    part = final.with_name(f".{name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    from bedside.methods.one_thread import one_thread

    with one_thread():
        _learn(entry, part)
    part.replace(final)
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    entry: Entry
    cell: Cell
    dataset: Dataset
    schema: Schema
    edges: Edges
    """Ends of the intervals of a survival curve."""

    @property
    def outlines(self) -> bool:
        """Whether the answer is a mask."""
        return self.schema.target.type == "segmentation"

    @property
    def labels(self) -> bool:
        """Whether there are several labels a sample."""
        return self.schema.target.type == "multilabel"

    def arrays(self, rows: Rows) -> Arrays:
        return self.cell.arrays(self.dataset, self.schema, rows)


def _learn(entry: Entry, part: Path) -> None:
    from bedside.methods.survival import time_grid_of

    dataset = Dataset(entry.prepared)
    schema = read_schema((entry.run / "schema.json").read_text(encoding="utf-8"))
    cell: Cell = cells.cell(entry.modality, "train")
    edges = time_grid_of(dataset, schema, entry.spec.intervals)
    work = _Work(entry=entry, cell=cell, dataset=dataset, schema=schema, edges=edges)
    lesson = _lesson(work)
    learned = cell.learn(entry.learns, lesson)
    calibrator = _calibrated(work, learned)
    graph = _graph(work, learned, calibrator)
    (part / "graph.onnx").write_bytes(graph)
    if not entry.fixed:
        policy = _policy(work, graph, learned)
        (part / "policy.json").write_text(json.dumps(policy.to_json(), indent=1))
        _write_native(work, learned, calibrator, part)
    if learned.weights:
        write_weights(learned.weights, part / "weights.safetensors")
    record = _record(work, lesson, learned, calibrator)
    (part / "model.json").write_text(json.dumps(record, indent=1, allow_nan=False))


def write_weights(weights: Mapping[str, NDArray[np.generic]], path: Path) -> None:
    """A network's weights as safetensors, in rows whatever their order in memory: the format writes
    memory as it lies, and weights that lie channels last would be read back shuffled."""
    from safetensors.numpy import save_file

    save_file({name: np.require(value, requirements="C") for name, value in weights.items()}, path)


def _lesson(work: _Work) -> Lesson:
    from bedside.methods.entrant import Lesson
    from bedside.methods.outcome import outcome_of
    from bedside.methods.tune import Budget
    from bedside.stages.train.outlines import masks_of

    entry, dataset, target = work.entry, work.dataset, work.schema.target
    train, tune = dataset.rows("train"), dataset.rows("tune")
    outcome = outcome_of(dataset.samples[train], target, work.edges)
    seed = seed_of(entry.seed, entry.learns)
    if entry.fixed:
        order = np.random.Generator(np.random.Philox(key=seed)).permutation(len(train))
        outcome = outcome.rows(order)
    # Weights for those lost to follow-up are estimated on all of tune, then halved.
    of_tune = outcome_of(dataset.samples[tune], target, work.edges)
    return Lesson(
        schema=work.schema, train=work.arrays(train), train_outcome=outcome,
        select=work.arrays(entry.halves.select),
        select_outcome=of_tune.rows(np.isin(tune, entry.halves.select)),
        select_subjects=dataset.subjects(entry.halves.select),
        budget=Budget(trials=entry.spec.trials, seconds=entry.spec.seconds),
        epochs=entry.spec.epochs, patience=entry.spec.patience, seed=seed, fixed=entry.fixed,
        masks=masks_of(dataset, work.schema, entry.halves), chain=entry.chain,
        shared=entry.run / SHARED,
        start=_start(entry.start), like=entry.like,
    )  # fmt: skip


def _start(path: Path | None) -> Start | None:
    if path is None:
        return None
    from bedside.methods.pretraining.saved import read_start

    return read_start(path)


def seed_of(seed: int, name: str) -> int:
    """A model's own seed, below 2^31, whoever else races.

    >>> seed_of(0, "tabm") == seed_of(0, "tabm") != seed_of(1, "tabm")
    True
    """
    return int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=4).digest()) >> 1


def _calibrated(work: _Work, learned: Learned) -> Calibrator | LabelCalibrators:
    """Fitted on the other half of tune; the control stays as it is."""
    from bedside.methods.calibration import IDENTITY, fit_calibrator
    from bedside.methods.evaluation.truth import truth_of
    from bedside.stages.train.labels import label_calibrators

    if work.entry.fixed or work.outlines:
        return IDENTITY
    rows, task = work.entry.halves.calibrate, work.schema.target.type
    if work.labels:
        value = learned.predict(work.arrays(rows))
        return label_calibrators(work.dataset, work.schema, rows, value)
    truth = truth_of(work.dataset, work.schema, rows)
    known = truth.known
    value = learned.predict(work.arrays(rows))[known]
    if task in ("binary", "survival", "regression"):
        value = 1.0 - value[:, -1] if task == "survival" else value[:, 0]
    target, counts = truth.target[known], truth.counts[known]
    fitted = fit_calibrator(task, target, value, counts)
    # Separable patients can defeat the fit; then the model speaks for itself.
    worse = _loss(task, target, counts, fitted.apply(value)) > _loss(task, target, counts, value)
    return IDENTITY if worse else fitted


def _loss(
    task: TaskType, target: NDArray[np.float64], counts: NDArray[np.float64],
    value: NDArray[np.float64],
) -> float:  # fmt: skip
    """The proper score of predictions whose outcomes are known; of a risk for survival."""
    from bedside.methods.outcome import binary, multiclass, regression

    if task == "multiclass":
        return multiclass(target.astype(np.int64), value.shape[1]).score(value)
    if task == "regression":
        return regression(target).score(value[:, None])
    return binary(target > 0, counts.astype(np.float32)).score(value[:, None])


def _graph(work: _Work, learned: Learned, calibrator: Calibrator | LabelCalibrators) -> bytes:
    from bedside.adapters.onnx.finish import append_calibrator, label
    from bedside.methods.measures.sample import PROBABILITY_CLIP

    survival = work.schema.target.type == "survival"
    graph = learned.export()
    if not work.outlines:
        graph = append_calibrator(
            graph, calibrator.kind, calibrator.params, clip=PROBABILITY_CLIP, survival=survival
        )
    name = work.entry.entrant.name
    return label(graph, {"schema": work.schema.digest, "data": work.dataset.digest, "model": name})


def _policy(work: _Work, graph: bytes, learned: Learned) -> AnyPolicy:
    """Fitted to what the graph, not the model, says of the patients of `calibrate`."""
    from bedside.stages.train.easing import eased
    from bedside.stages.train.outlines import true_volumes, volume_policy

    halves = work.entry.halves
    if work.outlines:
        truth = true_volumes(work.dataset, work.schema, halves.calibrate)
        arrays = work.arrays(halves.calibrate)
        fitted = volume_policy(graph, learned, arrays, truth, options=work.entry.decision)
        return eased(fitted, given=True)
    return _policy_of_values(work, graph)


def _policy_of_values(work: _Work, graph: bytes) -> AnyPolicy:
    from bedside.adapters.onnx import Graph
    from bedside.methods.evaluation.truth import truth_of
    from bedside.methods.policy import Horizon, fit_policy
    from bedside.stages.train.easing import eased
    from bedside.stages.train.labels import label_policies

    rows, target = work.entry.halves.calibrate, work.schema.target
    said = Graph(graph).run(work.arrays(rows))
    if work.labels:
        return label_policies(work.dataset, work.schema, rows, said, options=work.entry.decision)
    truth = truth_of(work.dataset, work.schema, rows)
    horizon = None
    if target.horizon is not None:
        index = -1 if work.edges is None else len(work.edges) - 1
        horizon = Horizon(index=index, weights=truth.counts)
    policy = fit_policy(
        target.type, said["value"], truth.target, said["novelty"], np.zeros(len(rows)),
        options=work.entry.decision, horizon=horizon,
    )  # fmt: skip
    return eased(policy, given=work.entry.decision.threshold is not None)


def _write_native(
    work: _Work, learned: Learned, calibrator: Calibrator | LabelCalibrators, part: Path
) -> None:
    from bedside.stages.train.outlines import write_masks

    survival = work.schema.target.type == "survival"
    edge = {path.stem.removeprefix("edge_"): np.load(path, allow_pickle=False)
            for path in work.entry.run.glob("edge_*.npy")}  # fmt: skip
    held = work.arrays(work.dataset.rows("held_out"))
    if work.outlines:
        write_masks(learned, {"native": held, "edge_native": edge}, part)
        return
    for name, arrays in (("native", held), ("edge_native", edge)):
        value = learned.predict(arrays)
        fair = 1.0 - calibrator.apply(1.0 - value) if survival else calibrator.apply(value)
        np.save(part / f"{name}.npy", fair.astype(np.float32), allow_pickle=False)


def _record(
    work: _Work, lesson: Lesson, learned: Learned, calibrator: Calibrator | LabelCalibrators
) -> Mapping[str, object]:
    entrant = work.entry.entrant
    return {
        "name": entrant.name,
        "family": "control" if work.entry.fixed else entrant.family,
        "year": entrant.year,
        "source": entrant.source,
        "task": work.schema.target.type,
        "parameters": learned.parameters,
        "settings": plain(learned.settings),
        "length": learned.length,
        "trials": len(learned.trials),
        "tried": [plain(trial) for trial in learned.trials],
        "seconds": round(learned.seconds, 2),
        "cut": learned.cut,
        "select_score": learned.score,
        "calibrator": {"kind": calibrator.kind, "params": plain(calibrator.params)},
        "patch": None if learned.outliner is None else list(learned.outliner.patch),
        "edges": None if work.edges is None else work.edges.tolist(),
        "train_subjects": len(np.unique(work.dataset.subjects(work.dataset.rows("train")))),
        "seed": lesson.seed,
        "schema": work.schema.digest,
    }
