"""Made-up images data sets, as prepare leaves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Dataset, Field, Schema, Target, write_dataset

DatasetOf = Callable[..., Dataset]


@pytest.fixture
def dataset_of(tmp_path: Path) -> DatasetOf:
    """`dataset_of(images, target=..., subject=..., split=..., mask=..., task=...)`."""

    def make(images: np.ndarray, **given) -> Dataset:
        size = len(images)
        subject = np.asarray(given.get("subject", np.arange(size)))
        part = np.asarray(given.get("split", np.where(np.arange(size) < 0.6 * size, 0, 2)))
        names = np.array(["train", "tune", "held_out"])[part]
        samples = pl.DataFrame({
            "sample": np.arange(size), "subject": subject.astype(str), "split": names,
            "site": pl.Series(given.get("site", [None] * size), dtype=pl.String),
            "time": pl.Series([None] * size, dtype=pl.Date),
            "target": pl.Series(given.get("target", [None] * size), dtype=pl.Float64),
            "duration": pl.Series([None] * size, dtype=pl.Float64),
            "event": pl.Series([None] * size, dtype=pl.Int8),
            "given_split": pl.Series(given.get("given", [None] * size), dtype=pl.String),
        })  # fmt: skip
        task = given.get("task", "binary")
        schema = Schema(
            fields=(Field(name="image", modality="images", kind="image"),),
            target=Target(type=task, outcome="sick", classes=given.get("classes", ("well", "ill"))),
        )
        extra = {name: given[name] for name in ("mask", "extent", "spacing") if name in given}
        folder = tmp_path / "prepared"
        folder.mkdir(exist_ok=True)
        dataset = write_dataset(folder, schema, samples, {"image": images, **extra})
        if "facts" in given:
            given["facts"].write_parquet(folder / "facts.parquet")
        (folder / "columns.json").write_text("[]")
        return dataset

    return make


@pytest.fixture
def blobs() -> Callable[..., np.ndarray]:
    """`blobs(seed, rows, size=32)`: smooth grey pictures uint8 [rows, 1, size, size]."""

    def make(seed: int, rows: int, size: int = 32) -> np.ndarray:
        generator = np.random.Generator(np.random.Philox(seed))
        coarse = generator.random((rows, 8, 8))
        scale = np.ones((size // 8, size // 8))
        smooth = np.stack([np.kron(one, scale) for one in coarse])
        noise = generator.normal(0, 0.02, smooth.shape)
        return (np.clip(0.2 + 0.6 * smooth + noise, 0, 1) * 255).astype(np.uint8)[:, None]

    return make
