"""One generation's way up the ladder, in a process of its own: learn, answer, write.

Its folder appears when all that belongs into it is there; one that is there already is left as it
is, so that a killed history goes on with the generations that are missing.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bedside.core import cells
from bedside.core.dataset import Dataset, Schema, read_schema
from bedside.core.spec import plain

if TYPE_CHECKING:
    from bedside.core.spec import Plain
    from bedside.methods.entrant import Lesson
    from bedside.methods.halves import Halves
    from bedside.methods.ladder import Reached
    from bedside.methods.rung import Allowance, Rung
    from bedside.stages.history import Cell

FOLDER = "generations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a worker needs to know: plain values and places on disk."""

    rung: Rung
    allowance: Allowance
    intervals: int
    modality: str
    prepared: Path
    """The folder of the data set."""
    run: Path
    """The folder of this run."""
    halves: Halves
    seed: int
    chain: Plain = None
    """How samples are changed in training, as the stage `augment` left it."""


def enter(entry: Entry) -> str:
    """Train one generation and write what it says of the held-out patients; gives its title."""
    final = entry.run / FOLDER / entry.rung.name
    if final.is_dir():
        return entry.rung.title
    part = final.with_name(f".{entry.rung.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    from bedside.methods.one_thread import one_thread

    with one_thread():
        _learn(entry, part)
    part.replace(final)
    return entry.rung.title


def _learn(entry: Entry, part: Path) -> None:
    from bedside.methods.survival import time_grid_of

    dataset = Dataset(entry.prepared)
    schema = read_schema((entry.run / "schema.json").read_text(encoding="utf-8"))
    cell: Cell = cells.cell(entry.modality, "history")
    edges = time_grid_of(dataset, schema, entry.intervals)
    lesson = _lesson(entry, dataset, schema, edges)
    reached = cell.climb(entry.rung.name, lesson, entry.allowance)
    said = reached.predict(cell.arrays(dataset, schema, dataset.rows("held_out")))
    name = "masks" if schema.target.type == "segmentation" else "value"
    np.save(part / f"{name}.npy", said, allow_pickle=False)
    record = _record(entry, reached, edges)
    (part / "result.json").write_text(json.dumps(record, indent=1, allow_nan=False))


def _lesson(
    entry: Entry, dataset: Dataset, schema: Schema, edges: NDArray[np.float64] | None
) -> Lesson:
    """The same for every generation, the seed included: they see the same batches in one order."""
    from bedside.methods.entrant import Lesson
    from bedside.methods.outcome import outcome_of
    from bedside.methods.tune import Budget

    cell: Cell = cells.cell(entry.modality, "history")
    target, select = schema.target, entry.halves.select
    train, tune = dataset.rows("train"), dataset.rows("tune")
    masks = None
    if target.type == "segmentation":
        of_all = dataset.array("mask")
        masks = np.asarray(of_all[train], np.uint8), np.asarray(of_all[select], np.uint8)
    # Weights for those lost to follow-up are estimated on all of tune, then halved.
    of_tune = outcome_of(dataset.samples[tune], target, edges)
    return Lesson(
        schema=schema, train=cell.arrays(dataset, schema, train),
        train_outcome=outcome_of(dataset.samples[train], target, edges),
        select=cell.arrays(dataset, schema, select),
        select_outcome=of_tune.rows(np.isin(tune, select)),
        select_subjects=dataset.subjects(select),
        budget=Budget(trials=entry.allowance.trials, seconds=entry.allowance.seconds),
        epochs=0, patience=0,  # unused: the ladder counts steps
        seed=entry.seed, masks=masks, chain=entry.chain,
    )  # fmt: skip


def _record(entry: Entry, reached: Reached, edges: NDArray[np.float64] | None) -> dict[str, object]:
    return {
        "name": entry.rung.name,
        "settings": plain(reached.settings),
        "parameters": reached.parameters,
        "steps": reached.steps,
        "batch": entry.allowance.pace.batch,
        "trials": reached.trials,
        "seconds": round(reached.seconds, 3),
        "seconds_all": round(reached.seconds_all, 3),
        "cut": reached.cut,
        "select_score": reached.score,
        "edges": None if edges is None else edges.tolist(),
    }
