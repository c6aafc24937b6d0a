"""Images in any form that prepare takes, batch after batch, into the arrays of a model.

An image that cannot be read, that the schema does not admit or that the study's pattern does not
name is a problem of its own row; the others are scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.errors import BedsideError, DataError
from bedside.core.executor import usable_cores
from bedside.core.new_folder import NewFolder
from bedside.modalities.images.decode import Placed, decode
from bedside.modalities.images.references import BETWEEN, open_image
from bedside.modalities.images.score_sources import listed
from bedside.modalities.images.serve import admitted, mask_file, stacked
from bedside.modalities.images.settings import frozen

_BATCH_BYTES = 32 << 20
Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Images of a batch; satisfies `stages.score.Examined`."""

    arrays: Arrays
    """An image with a problem is all zeros here."""
    problem: NDArray[np.int64]
    sentences: tuple[str, ...]
    names: tuple[str, ...]
    """By which the source knows each image."""
    placed: tuple[Placed | None, ...]
    """The way back to each image's own geometry."""

    @property
    def made_up(self) -> int:
        """How many say that `bedside synthesize` made them."""
        return sum(item is not None and item.made_up for item in self.placed)


def batches(path: Path, schema: Schema, rows: int) -> Iterator[Examined]:
    """The images of a source in its order, examined; at most `rows`, or 32 MiB, at a time."""
    found = listed(path, frozen(schema))
    references = (*found.images, *found.misnamed)
    misnamed = frozenset(found.misnamed)
    size = max(1, min(rows, _BATCH_BYTES // _bytes_of(schema)))
    with ThreadPoolExecutor(usable_cores()) as pool:
        for start in range(0, len(references), size):
            part = references[start : start + size]
            seen = list(pool.map(lambda one: _seen(one, schema, misnamed=one in misnamed), part))
            yield _examined(seen, [_name(path, reference) for reference in part], schema)


def keep_outlines(batch: Examined, masks: NDArray[np.uint8], folder: NewFolder) -> list[str | None]:
    """Write each mask, in its image's own geometry, under its image's name; None: no image.

    The name keeps the image's own suffix, so that `a.png` and `a.jpg` have a mask each.
    """
    kept: list[str | None] = []
    for name, found, mask in zip(batch.names, batch.placed, masks, strict=True):
        kept.append(None if found is None else folder.write(_below(name), *mask_file(found, mask)))
    return kept


def _below(name: str) -> str:
    """A name that is safe as a path below a folder."""
    parts = [part for part in Path(name).parts if part not in ("/", "..", ".")]
    return str(Path(*parts)) if parts else "image"


def size(path: Path, schema: Schema) -> int:
    """How many images."""
    found = listed(path, frozen(schema))
    return len(found.images) + len(found.misnamed)


def passed_over(path: Path, schema: Schema) -> str:
    """How many files were not scored and why, but never which: a name may be a patient's."""
    settings = frozen(schema)
    found = listed(path, settings)
    told = []
    if strays := len(found.misnamed):
        told.append(f"{strays:,} image{'s' * (strays > 1)} not named like '{settings.image}', in "
                    "the last rows without a prediction")  # fmt: skip
    if others := found.others:
        told.append(f"{others:,} other file{'s' * (others > 1)}, hidden or no image")
    return "; ".join(told)


def _bytes_of(schema: Schema) -> int:
    field = schema.fields[0]
    return max(1, int(np.prod([n or 256 for n in field.shape])) * np.dtype(field.dtype).itemsize)


def _seen(reference: str, schema: Schema, *, misnamed: bool) -> Placed | BedsideError:
    settings = frozen(schema)
    try:
        if misnamed:
            raise DataError("name", expected=f"one like '{settings.image}'", found="another")
        if not reference:
            raise DataError("image", expected="the name of a file", found="none")
        found = decode(open_image(reference, settings), settings)
        admitted(found, schema.fields[0], 0)
    except BedsideError as error:
        return error
    return found


def _examined(
    found: Sequence[Placed | BedsideError], names: Sequence[str], schema: Schema
) -> Examined:
    good = [item for item in found if isinstance(item, Placed)]
    problem = np.zeros(len(found), np.int64)
    sentences: list[str] = []
    for row, item in enumerate(found):
        if isinstance(item, BedsideError):
            where = item.where.removeprefix("row 0, ")
            sentences.append(f"{where}: expected {item.expected}, found {item.found}")
            problem[row] = len(sentences)
    arrays = stacked(good, schema) if good else _empty(schema)
    spread = {}
    for name, values in arrays.items():
        spread[name] = np.zeros((len(found), *values.shape[1:]), values.dtype)
        spread[name][problem == 0] = values[: len(good)]
    if "extent" in spread:
        spread["extent"][problem > 0] = 1
    return Examined(
        arrays=spread, problem=problem, sentences=tuple(sentences), names=tuple(names),
        placed=tuple(item if isinstance(item, Placed) else None for item in found),
    )  # fmt: skip


def _empty(schema: Schema) -> Arrays:
    """One image of nothing, so that a batch without any good one still has a shape."""
    field = schema.fields[0]
    shape = tuple(n or 8 for n in field.shape)
    empty: Arrays = {"image": np.zeros((1, *shape), field.dtype)}
    if schema.target.type == "segmentation":
        empty["extent"] = np.ones((1, len(shape) - 1), np.int32)
        empty["spacing"] = np.ones((1, len(shape) - 1), np.float32)
    return {name: values[:0] for name, values in empty.items()}


def _name(path: Path, reference: str) -> str:
    """As the source has it: a path below it, a member of it, or a row of it."""
    where, _, inside = reference.partition(BETWEEN)
    if not where:
        return ""
    if inside:
        return inside.replace(BETWEEN, " ")
    root = path.resolve() if path.is_dir() else path.resolve().parent
    return (
        str(Path(where).relative_to(root)) if Path(where).is_relative_to(root) else Path(where).name
    )
