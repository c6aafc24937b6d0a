"""Prepared data sets of two samples a subject, for every task, as the stage history takes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from bedside.core.dataset import Field, Schema, Target, write_dataset
from bedside.core.run import Run

TARGETS = {
    "binary": Target(type="binary", outcome="death", classes=("no", "yes")),
    "multiclass": Target(type="multiclass", outcome="ward", classes=("a", "b", "c")),
    "multilabel": Target(type="multilabel", outcome="findings", classes=("a", "b")),
    "regression": Target(type="regression", outcome="pressure", unit="mmHg"),
    "survival": Target(type="survival", outcome="death", horizon=500.0, unit="days"),
}


def prepared_table(folder: Path, task: str = "binary", samples: int = 700) -> Run:
    """`strong` tells the outcome but for some noise; `leak` is the outcome."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(4)
    numeric = rng.normal(size=(samples, 3)).astype(np.float32)
    risk = 3.0 * numeric[:, 0]
    noisy = risk + rng.logistic(size=samples)
    target = {"binary": noisy > 0.5, "multiclass": np.digitize(noisy, [-1, 1.5])}.get(
        task, 40 + 9 * noisy
    )
    duration, event = np.full(samples, np.nan), np.zeros(samples, np.int8)
    if task == "survival":
        time, lost = 300 * rng.exponential(np.exp(-risk)), rng.uniform(50, 900, samples)
        duration, event = np.minimum(time, lost), (time <= lost).astype(np.int8)
        known = event & (time <= 500) | (duration >= 500)
        target = np.where(known, event & (time <= 500), np.nan)
    several = {"target.a": noisy > 0.5, "target.b": numeric[:, 0] < 0}
    numeric[:, 2] = np.nan_to_num(np.asarray(target, np.float64))
    subjects = np.arange(samples) // 2
    frame = pl.DataFrame(
        {"sample": np.arange(samples), "subject": [f"S{number}" for number in subjects],
         "split": np.array(["train", "train", "tune", "held_out"])[subjects % 4],
         "target": np.asarray(target, np.float64), "duration": duration, "event": event}
        | {name: values.astype(np.float64) for name, values in several.items()}
    ).with_columns(pl.col("target").fill_nan(None), pl.col("duration").fill_nan(None))  # fmt: skip
    fields = (Field(name="strong"), Field(name="weak"), Field(name="leak"))
    schema = Schema(fields=fields, target=TARGETS[task])
    write_dataset(
        folder, schema, frame, {"numeric": numeric, "codes": np.zeros((samples, 0), np.int64)}
    )
    return Run(folder)
