"""The forms that a source of images has, each as one row a sample with a reference to its image.

    .npz            arrays of one length: images, and a column each; or, as MedMNIST has them,
                    `train_images`, `train_labels` and so on for each part of a given split
    .csv, .parquet  a table with a column of paths, beside the files
    folder, archive a pattern with names in braces: `images/{patient}.nii.gz`; `*` is anything
    made-up:NAME    images that bedside draws itself

Columns that are added to the source's own: `bedside.sample` (which image), `bedside.image` and
`bedside.mask` (references), and `bedside.same` where no patient is named.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.adapters.archive import ARCHIVES
from bedside.adapters.csv import read_csv
from bedside.adapters.parquet import read_parquet
from bedside.core.errors import DataError, StudyError
from bedside.core.inputs import MASK, SAME, SAMPLE
from bedside.core.study import Data
from bedside.modalities.images.prepare_patterns import NAME, Found, matching, one_of_each
from bedside.modalities.images.references import (
    BETWEEN,
    PLAIN,
    content_digest,
    members,
    open_arrays,
)
from bedside.modalities.images.settings import Spec

IMAGE = "bedside.image"
_PARTS = ("train", "val", "test")
_TABLES = (".csv", ".tsv", ".parquet", ".pq", ".gz")
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".nii", ".nii.gz")
"""How names of images end, where they tell it."""


def source_rows(
    path: Path, settings: Spec, data: Data, text: Collection[str] = (), *, whole: bool = True
) -> pl.DataFrame:
    """One row a sample; DataError where the source holds no image, or not what the settings say.

    `text`: columns of a table that must stay text. `whole`: each row of a table must name a file
    that is there; else `bedside.image` is what it names, or null.
    """
    if path.suffix == ".npz":
        frame = _of_arrays(path, settings)
    elif path.is_dir() or path.suffix in ARCHIVES:
        frame = _of_pattern(path, settings)
    elif path.suffix in _TABLES:
        frame = _of_table(path, settings, data, text, whole=whole)
    else:
        raise DataError(path.name, expected="a folder, a table, an .npz, .tar or .zip of images",
                        found="another kind of file")  # fmt: skip
    if not frame.height:
        raise DataError(path.name, expected="images", found="none",
                        hint="check image in [images]")  # fmt: skip
    return frame.with_columns(pl.int_range(pl.len()).cast(pl.String).alias(SAMPLE))


def with_patients(frame: pl.DataFrame) -> pl.DataFrame:
    """For a source without patients: identical images are of one."""
    digests = [content_digest(reference) for reference in frame[IMAGE].to_list()]
    return frame.with_columns(pl.Series(SAME, digests))


def strangers(path: Path, frame: pl.DataFrame) -> int:
    """Images in a folder, or beside a table, that are no row's."""
    if not path.is_dir() and path.suffix not in _TABLES:
        return 0
    named = {Path(text) for name in (IMAGE, MASK) for text in frame[name].drop_nulls().to_list()}
    root, own = (path if path.is_dir() else path.parent).resolve(), path.resolve()
    there = (file for file in root.rglob("*") if is_picture(file.name))
    return sum(
        file not in named and not named & set(file.parents) and file.is_file()
        for file in there if file != own and not hidden(str(file.relative_to(root)))
    )  # fmt: skip


def _of_arrays(path: Path, settings: Spec) -> pl.DataFrame:
    arrays = open_arrays(path)
    if settings.image in arrays:
        return _of_part(path, arrays, settings)
    parts = [part for part in _PARTS if f"{part}_images" in arrays]
    if not parts:
        raise StudyError(
            "[images] image", expected="the name of an array in the source",
            found=f"'{settings.image}'", hint="the source has " + ", ".join(sorted(arrays)[:20]),
        )  # fmt: skip
    frames = []
    for part in parts:
        images, labels = f"{part}_images", arrays.get(f"{part}_labels")
        if labels is None:
            raise DataError(path.name, expected=f"the array '{part}_labels' beside '{images}'",
                            found="no such array")  # fmt: skip
        frame = _columns(path, {"label": labels}, _count(path, arrays, images))
        frames.append(frame.with_columns(
            pl.lit(part).alias("split"),
            pl.Series(IMAGE, _rows_of(path, images, frame.height)),
            pl.lit(None, dtype=pl.String).alias(MASK),
        ))  # fmt: skip
    return pl.concat(frames)


def _of_part(path: Path, arrays: Mapping[str, NDArray[np.generic]], settings: Spec) -> pl.DataFrame:
    total = _count(path, arrays, settings.image)
    images = (settings.image, settings.mask)
    frame = _columns(path, {n: a for n, a in arrays.items() if n not in images}, total)
    masks: Sequence[str | None] = [None] * total
    if settings.mask:
        if settings.mask not in arrays or _count(path, arrays, settings.mask) != total:
            raise DataError(f"{path.name} '{settings.mask}'", expected="a mask for each image",
                            found="no such array, or of another length")  # fmt: skip
        masks = _rows_of(path, settings.mask, total)
    return frame.with_columns(
        pl.Series(IMAGE, _rows_of(path, settings.image, total)),
        pl.Series(MASK, masks, dtype=pl.String),
    )


def _count(path: Path, arrays: Mapping[str, NDArray[np.generic]], name: str) -> int:
    """How many images an array holds."""
    if arrays[name].ndim < 3 or arrays[name].dtype.kind not in PLAIN:
        raise DataError(f"{path.name} '{name}'", expected="images as numbers, one a row",
                        found=f"{arrays[name].ndim} axes of {arrays[name].dtype.type.__name__}",
                        hint="check image and mask in [images]")  # fmt: skip
    return len(arrays[name])


def _columns(path: Path, arrays: Mapping[str, NDArray[np.generic]], total: int) -> pl.DataFrame:
    """Arrays of the right length as columns; others are no column of a sample."""
    found = {}
    for name, values in arrays.items():
        flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
        if flat.ndim == 1 and len(flat) == total:
            found[name] = pl.Series(name, flat.tolist() if flat.dtype.kind in "US" else flat)
        elif flat.ndim == 1:
            raise DataError(f"{path.name} '{name}'", expected=f"{total:,} values, one an image",
                            found=f"{len(flat):,}")  # fmt: skip
    return pl.DataFrame(found) if found else pl.DataFrame({"row": np.arange(total)})


def _rows_of(path: Path, name: str, total: int) -> list[str]:
    return [f"{path.resolve()}{BETWEEN}{name}{BETWEEN}{row}" for row in range(total)]


def _of_table(
    path: Path, settings: Spec, data: Data, text: Collection[str], *, whole: bool
) -> pl.DataFrame:
    table = path.suffix in (".parquet", ".pq")
    named = {settings.image, settings.mask, *text} - {""}
    frame = read_parquet(path) if table else read_csv(path, data, named)
    return frame.with_columns(
        _paths(path, frame, settings.image, IMAGE, whole=whole),
        _paths(path, frame, settings.mask, MASK, whole=whole),
    )


def _paths(path: Path, frame: pl.DataFrame, name: str, as_name: str, *, whole: bool) -> pl.Series:
    """References of a column of paths, which lie beside the table; if `whole`, all must be
    there."""
    if not name:
        return pl.Series(as_name, [None] * frame.height, dtype=pl.String)
    if name not in frame.columns:
        raise DataError(path.name, expected=f"the column '{name}', which names files",
                        found="no such column", hint="see [images]")  # fmt: skip
    root = path.resolve().parent
    texts = frame[name].cast(pl.String).to_list()
    found = [_below(root, text) for text in texts]
    absent = [at for at, text in enumerate(found) if text is not None and not os.path.exists(text)]
    nameless = found.count(None) if as_name == IMAGE else 0
    if whole and (absent or nameless):
        first = min([*absent[:1], *([found.index(None)] if nameless else [])])
        raise DataError(
            f"{path.name} column '{name}'", expected="a file for each row",
            found=f"none for {len(absent) + nameless:,} of {frame.height:,} rows, the first in row "
            f"{first + 1}",
            hint="paths are read from the table's own folder on",
        )  # fmt: skip
    return pl.Series(as_name, found, dtype=pl.String)


def _below(root: Path, text: str | None) -> str | None:
    """Any text as a path: one that is far too long, or no path at all, names no file."""
    if not text:
        return None
    return os.path.realpath(root / text.replace("\0", "?"))


def _of_pattern(path: Path, settings: Spec) -> pl.DataFrame:
    if "{" not in settings.image:
        raise StudyError(
            "[images] image", expected="a pattern for a folder or an archive",
            found=f"'{settings.image}'", hint='for example image = "images/{patient}.nii.gz"',
        )  # fmt: skip
    names = _names(path)
    images = one_of_each(matching(settings.image, names), names, series=settings.kind == "volume")
    outlines = matching(settings.mask, names)
    masks = {_key(found): name for name, found in outlines}
    if settings.mask:
        _told_apart(path, images, outlines)
    rows = [
        {**found, IMAGE: _reference(path, name), MASK: _held(path, masks.get(_key(found)))}
        for name, found in sorted(images)
    ]
    unused = len(set(masks) - {_key(found) for _, found in images})
    if unused and settings.mask:
        raise DataError(path.name, expected="an image for each mask",
                        found=f"{unused:,} masks without one")  # fmt: skip
    named = re.findall(NAME, settings.image)
    schema = dict.fromkeys([*dict.fromkeys(named), IMAGE, MASK], pl.String)
    return pl.DataFrame(rows, schema=schema)


def _told_apart(path: Path, images: Found, masks: Found) -> None:
    """DataError where the pattern finds two images, or two masks, under the same names."""
    for found, what in ((images, "image"), (masks, "mask")):
        twice = len(found) - len({_key(names) for _, names in found})
        if twice:
            raise DataError(
                path.name, expected=f"one {what} for what the pattern names",
                found=f"two or more for {twice:,}",
                hint='name the folders that tell them apart: "{site}/images/{patient}.png"',
            )  # fmt: skip
    if not masks:
        raise DataError(path.name, expected="masks as [images] mask names them", found="none")


def _names(path: Path) -> list[str]:
    """Files and folders below a folder, or the members of an archive; none that is hidden."""
    if path.suffix in ARCHIVES:
        every = list(members(path))
    else:
        every = [str(item.relative_to(path)) for item in sorted(path.rglob("*"))]
    return [name for name in every if not hidden(name)]


def is_picture(name: str) -> bool:
    """Whether a file is called as images are; one without a suffix may be one all the same."""
    return name.lower().endswith(PICTURES)


def hidden(name: str) -> bool:
    """Whether a file, or a folder that it is in, is hidden, as what programs leave behind is."""
    return any(part.startswith(".") and part not in (".", "..") for part in name.split("/"))


def _key(found: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(found.items()))


def _reference(path: Path, name: str) -> str:
    inside = path.suffix in ARCHIVES
    return f"{path.resolve()}{BETWEEN}{name}" if inside else str((path / name).resolve())


def _held(path: Path, name: str | None) -> str | None:
    return None if name is None else _reference(path, name)
