"""A prepared table on which labels matter: eight weak fields, a linear risk, one patient a row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from bedside.core.dataset import Field, Schema, Target, write_dataset
from bedside.core.run import Run
from bedside.methods.cases import Cases

FIELDS = 8
TARGETS = {
    "binary": Target(type="binary", outcome="death", classes=("no", "yes")),
    "multiclass": Target(type="multiclass", outcome="ward", classes=("a", "b", "c")),
    "regression": Target(type="regression", outcome="pressure", unit="mmHg"),
    "survival": Target(type="survival", outcome="death", horizon=500.0, unit="days"),
}


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Fields [N, 8] and risk scores [N] with their noise."""
    rng = np.random.default_rng(seed)
    fields = rng.normal(size=(count, FIELDS)).astype(np.float32)
    return fields, 0.6 * fields.sum(axis=1) + rng.logistic(size=count)


def prepared(
    folder: Path, task: str = "binary", patients: int = 2400, threshold: float = 0.5,
    constant: bool = False,
) -> Run:  # fmt: skip
    """A third held out."""
    folder.mkdir(parents=True)
    fields, noisy = drawn(patients, seed=4)
    if constant:
        fields[:, 1] = 3.0
    rng = np.random.default_rng(5)
    target = {"binary": noisy > threshold, "multiclass": np.digitize(noisy, [-1, 1.5])}.get(
        task, 120 + 9 * noisy
    )
    duration, event = np.full(patients, np.nan), np.zeros(patients, np.int8)
    if task == "survival":
        time, lost = 400 * np.exp(-noisy), rng.uniform(100, 1500, patients)
        duration, event = np.minimum(time, lost), (time <= lost).astype(np.int8)
        known = ((event > 0) & (time <= 500)) | (duration >= 500)
        target = np.where(known, (event > 0) & (time <= 500), np.nan)
    numbers = np.arange(patients)
    splits = np.array(["train", "train", "train", "tune", "held_out", "held_out"])
    frame = pl.DataFrame(
        {"sample": numbers, "subject": [f"S{n}" for n in numbers],
         "split": splits[numbers % 6],
         "target": np.asarray(target, np.float64), "duration": duration, "event": event,
         "group.sex": np.array(["F", "M", None])[rng.choice(3, patients, p=[0.5, 0.48, 0.02])]}
    ).with_columns(pl.col("target").fill_nan(None), pl.col("duration").fill_nan(None))  # fmt: skip
    schema = Schema(
        fields=tuple(Field(name=f"f{n}") for n in range(FIELDS)), target=TARGETS[task],
        groups=("sex",),
    )  # fmt: skip
    arrays = {"numeric": fields, "codes": np.zeros((patients, 0), np.int64)}
    write_dataset(folder, schema, frame, arrays)
    return Run(folder)


@dataclass
class Perfect:
    """A generator that knows nature: its cases are as good as real ones."""

    shuffled: bool = False

    def sample(self, count: int, *, seed: int, where: object = None) -> Cases:
        fields, noisy = drawn(count, seed=seed + 100)
        target = (noisy > 0.5).astype(float)
        if self.shuffled:
            target = np.random.default_rng(seed).permutation(target)
        nothing = np.full(count, np.nan)
        return Cases(
            arrays={"numeric": fields, "codes": np.zeros((count, 0), np.int64)},
            subjects=-1 - np.arange(count), target=target, duration=nothing, event=nothing,
        )  # fmt: skip
