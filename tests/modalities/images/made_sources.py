"""Small made-up images on disk, and studies of them, for tests of the cells of images.

Names of files, folders and values of columns hold a canary: no message may repeat it.
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.adapters.nifti import nifti_bytes
from bedside.adapters.raster import write_png
from bedside.core.dataset import Field, Schema, Target
from bedside.core.image import Grid, affine_of
from bedside.core.inputs import Inputs, Recipe
from bedside.core.spec import plain
from bedside.core.study import Study, build_study
from bedside.modalities.images import prepare
from bedside.modalities.images.settings import Spec

CANARY = "KANARIENVOGEL"


def grey(seed: int, side: int = 12, dtype: str = "uint8") -> NDArray[np.generic]:
    """Noise [side, side]."""
    low, high = (0, 256) if dtype == "uint8" else (-1000, 1000)
    values = np.random.default_rng(seed).integers(low, high, (side, side))
    return values.astype(dtype)


def colour(seed: int, side: int = 12) -> NDArray[np.uint8]:
    """Noise [side, side, 3]."""
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)


def matrix(spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> NDArray[np.float64]:
    """The affine of a volume that lies as the patient does, off the origin."""
    found = np.zeros((4, 4))
    for at, world in enumerate((2, 1, 0)):
        found[world, at] = spacing[at]
    found[:3, 3] = (-7.0, 4.0, 11.0)
    found[3, 3] = 1.0
    return found


def grid(
    shape: tuple[int, int, int], spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> Grid:
    """Of a volume that lies as the patient does."""
    return Grid(shape=shape, affine=affine_of(matrix(spacing)))


def volume(seed: int, shape: tuple[int, int, int] = (6, 8, 7), dtype: str = "int16") -> bytes:
    """A NIfTI file of noise."""
    low, high = (0, 256) if dtype == "uint8" else (-1000, 1000)
    values = np.random.default_rng(seed).integers(low, high, shape).astype(dtype)
    return nifti_bytes(values, grid(shape))


def study_of(
    folder: Path, source: str, images: Mapping[str, object], **more: Mapping[str, object]
) -> Study:
    """A study of the images of a source in `folder`; by default, whether a label is 1."""
    table: dict[str, object] = {
        "study": {"name": "made_up", "question": "What is it?", "modality": "images"},
        "data": {"source": source},
        "task": {"type": "binary", "target": "label", "positive": "1", "outcome": "it"},
        "images": dict(images),
    }
    return build_study(table | more, path=folder / "study.toml")


SEGMENTATION = {"type": "segmentation", "structures": ["front", "back"], "outcome": "outline"}


def arranged(study: Study, path: Path) -> Inputs:
    """What prepare makes of a source, without a split."""
    frame = prepare.read([path], study)
    return prepare.arrange(frame, np.ones(frame.height, bool), study, Recipe())


def folder_of(root: Path, files: Mapping[str, bytes]) -> Path:
    """Files below a folder."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def tar_of(path: Path, folder: Path) -> Path:
    """The files below a folder as an archive."""
    with tarfile.open(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.add(file, str(file.relative_to(folder)), recursive=False)
    return path


def table_of(folder: Path, files: Mapping[str, bytes], **columns: list[object]) -> Path:
    """`labels.csv` with a column `file`, beside the files that it names."""
    folder_of(folder, files)
    frame = pl.DataFrame({"file": list(files), **columns})
    frame.write_csv(folder / "labels.csv")
    return folder / "labels.csv"


def png(seed: int, side: int = 12) -> bytes:
    """A grey picture of 8 bits."""
    return write_png(grey(seed, side))


def schema_of(
    shape: tuple[int, ...], dtype: str, *, task: str = "binary", **settings: object
) -> Schema:
    """The schema of a model of such images."""
    axes = ("C", "H", "W") if len(shape) == 3 else ("C", "D", "H", "W")
    kind = "picture" if len(shape) == 3 else "volume"
    table = plain(Spec(kind=kind, **settings))  # type: ignore[arg-type]  # keys of Spec
    assert isinstance(table, dict)
    classes = ("front", "back") if task == "segmentation" else ("no", "yes")
    return Schema(
        fields=(Field(name="image", modality="images", kind="image", axes=axes, shape=shape,
                      dtype=dtype),),
        target=Target(type=task, outcome="it", classes=classes),  # type: ignore[arg-type]  # a task's name
        settings=table,
    )  # fmt: skip
