"""Prepare for images: find them, decode each once in parallel, and freeze their form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from bedside.core.dataset import Field
from bedside.core.errors import BedsideError, DataError
from bedside.core.executor import usable_cores
from bedside.core.inputs import MASK, Inputs, Recipe
from bedside.core.spec import plain
from bedside.core.study import Study
from bedside.methods.columns import make, record, roles, task_records
from bedside.methods.groups import comparator, group
from bedside.modalities.images.decode import DTYPES, Placed, decode, placed_mask
from bedside.modalities.images.prepare_made_up import made_up
from bedside.modalities.images.prepare_sources import (
    IMAGE,
    source_rows,
    strangers,
    with_patients,
)
from bedside.modalities.images.references import open_image, open_mask, require_real
from bedside.modalities.images.settings import Spec

_TOLD = 3
"""Broken images that an error tells of."""


def settings_of(study: Study) -> Spec:
    """The study's `[images]`."""
    settings = study.settings
    return settings if isinstance(settings, Spec) else Spec()


def read(paths: list[Path], study: Study) -> pl.DataFrame:
    """One row a sample, with references to its image and mask."""
    settings = settings_of(study)
    path = paths[0] if paths else made_up(study.data.source)
    text = {study.data.subject, study.data.site} - {""}
    text |= {name for name, column in study.columns.items() if column.type == "category"}
    frame = source_rows(path, settings, study.data, text)
    if not study.data.subject:
        frame = with_patients(frame)
    return frame.with_columns(pl.lit(strangers(path, frame)).alias("bedside.strangers"))


def arrange(
    frame: pl.DataFrame, train: npt.NDArray[np.bool_], study: Study, recipe: Recipe
) -> Inputs:
    """All images decoded, in one form; groups and comparators from the other columns."""
    settings = settings_of(study)
    structures = len(study.task.structures) or 1
    seen = _decoded(frame, settings, structures)
    segmentation = study.task.type == "segmentation"
    arrays, field = _stacked(seen, settings, segmentation=segmentation)
    own = [name for name in frame.columns if name.startswith("bedside.")]
    named = {settings.image, settings.mask}
    columns = frame.drop(*own, *(name for name in named if name in frame.columns))
    # No column beside the image is an input, whatever [prepare] says of columns that are not named.
    found = roles(columns, study, replace(recipe, undeclared="ignore"))
    asked = {name: study.columns[name] for name in found if name in study.columns}
    groups = [name for name, item in asked.items() if item.group or item.role == "group"]
    others = [name for name, item in asked.items() if item.role == "comparator"]
    made = {name: make(columns, name, study, None) for name in (*groups, *others)}
    rows, fewest = pl.Series(train), recipe.fewest_per_category
    return Inputs(
        fields=(field,), arrays=arrays,
        groups=pl.DataFrame([group(made[name], rows, fewest) for name in groups]),
        comparators=pl.DataFrame([comparator(made[name]) for name in others]),
        columns=(
            {"column": "image", "role": "feature", "type": "image", "files_without_row":
             int(frame["bedside.strangers"][0]) if frame.height else 0},
            *(record(made[name], found[name], None, frame.height) for name in (*groups, *others)),
            *task_records(found, columns),
        ),
        facts=_facts(seen), settings=_frozen(settings),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One sample, decoded."""

    placed: Placed
    mask: npt.NDArray[np.uint8] | None
    facts: Mapping[str, str | float]
    notes: tuple[str, ...]


def _decoded(frame: pl.DataFrame, settings: Spec, structures: int) -> list[_Seen]:
    """Every sample, in order; DataError tells how many are broken, and of the first of them why."""
    references = list(zip(frame[IMAGE].to_list(), frame[MASK].to_list(), strict=True))

    def one(reference: tuple[str, str | None]) -> _Seen | BedsideError:
        try:
            return _see(*reference, settings, structures)
        except BedsideError as error:
            return error

    with ThreadPoolExecutor(usable_cores()) as pool:
        found = list(pool.map(one, references))
    broken = [(at, item) for at, item in enumerate(found) if isinstance(item, BedsideError)]
    if broken:
        told = "; ".join(f"row {at + 1}: {error.where}: expected {error.expected}, found "
                         f"{error.found}" for at, error in broken[:_TOLD])  # fmt: skip
        more = f"; and {len(broken) - _TOLD:,} more" if len(broken) > _TOLD else ""
        raise DataError(
            "images", expected=f"{len(found):,} that can be read",
            found=f"{len(broken):,} that cannot ({told}{more})",
            hint=broken[0][1].hint or "mend them, or take their rows out of the source",
        )  # fmt: skip
    return [item for item in found if isinstance(item, _Seen)]


def _see(reference: str, of_mask: str | None, settings: Spec, structures: int) -> _Seen:
    image = require_real(open_image(reference, settings))
    placed = decode(image, settings)
    mask = None
    if of_mask is not None:
        mask = placed_mask(open_mask(of_mask, image, structures), placed)
    shape = {
        "image " + name: float(n) for name, n in zip(_axes(placed), placed.native, strict=True)
    }
    return _Seen(placed=placed, mask=mask, facts={**shape, **image.facts}, notes=image.notes)


def _axes(placed: Placed) -> tuple[str, ...]:
    return ("slices", "rows", "columns")[-len(placed.native) :]


def _stacked(
    seen: Sequence[_Seen], settings: Spec, *, segmentation: bool
) -> tuple[dict[str, npt.NDArray[np.generic]], Field]:
    """The arrays of all samples, and the field that tells their form."""
    shapes = {item.placed.array.shape for item in seen}
    if len(shapes) > 1 and not segmentation:
        raise DataError(
            "images", expected="one size and number of channels for all",
            found=f"{len(shapes)} that differ",
            hint="set size in [images], such as size = [224, 224]",
        )  # fmt: skip
    dtype = max((item.placed.array.dtype.name for item in seen), key=DTYPES.index)
    largest = tuple(max(shape[at] for shape in shapes) for at in range(len(next(iter(shapes)))))
    image = np.zeros((len(seen), *largest), dtype)
    for row, item in enumerate(seen):
        array = item.placed.array
        widths = [(0, n - m) for n, m in zip(largest, array.shape, strict=True)]
        image[row] = np.pad(array, widths, constant_values=array.min())
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "image": image,
        "spacing": np.array([item.placed.spacing for item in seen], np.float32),
    }
    if any(item.mask is not None for item in seen):
        arrays["mask"] = _masks(seen, largest[1:])
    if segmentation:
        arrays["extent"] = np.array([item.placed.array.shape[1:] for item in seen], np.int32)
    axes = ("C", "D", "H", "W") if len(largest) == 4 else ("C", "H", "W")
    shape = (largest[0], *(0 for _ in largest[1:])) if segmentation else largest
    field = Field(
        name="image", modality="images", kind="image", axes=axes, shape=shape, dtype=dtype,
        description="a volume" if settings.kind == "volume" else "a picture",
    )  # fmt: skip
    return arrays, field


def _masks(seen: Sequence[_Seen], spatial: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    masks = np.zeros((len(seen), *spatial), np.uint8)
    for row, item in enumerate(seen):
        if item.mask is not None:
            masks[row][tuple(slice(0, n) for n in item.mask.shape)] = item.mask
    return masks


def _facts(seen: Sequence[_Seen]) -> pl.DataFrame:
    """A column a fact, numbers where all are numbers; null where a sample does not have it."""
    names = dict.fromkeys(name for item in seen for name in item.facts)
    columns = []
    for name in names:
        held = [item.facts.get(name) for item in seen]
        numbers = all(value is None or isinstance(value, (int, float)) for value in held)
        form: Callable[[object], object] = (lambda value: value) if numbers else str
        values = [None if value is None else form(value) for value in held]
        columns.append(pl.Series(name, values, dtype=pl.Float64 if numbers else pl.String))
    columns.append(pl.Series("repairs", [float(len(item.notes)) for item in seen]))
    return pl.DataFrame(columns)


def _frozen(settings: Spec) -> Mapping[str, object]:
    """What a later image is read by."""
    table = plain(settings)
    return {**table, "mask": ""} if isinstance(table, dict) else {}
