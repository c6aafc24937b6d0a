"""Prepare for tables: read a file of rows, freeze its fields, encode it once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from bedside.adapters.arff import read_arff
from bedside.adapters.csv import read_csv
from bedside.adapters.parquet import read_parquet
from bedside.core.dataset import Field
from bedside.core.errors import DataError, StudyError
from bedside.core.inputs import Inputs, Recipe
from bedside.core.study import Study
from bedside.methods.columns import Made, make, record, roles, task_records
from bedside.methods.groups import comparator, group
from bedside.methods.moments import moments
from bedside.modalities.tables.encode import Arrays, encode_fields
from bedside.modalities.tables.prepare_columns import freeze

_SUFFIXES = {".parquet": "parquet", ".pq": "parquet", ".arff": "arff"}


def read(paths: list[Path], study: Study) -> pl.DataFrame:
    """All rows of the source; the columns of a second file stand beside those of the first."""
    frames: list[pl.DataFrame] = []
    for path in paths:
        taken = sum(frame.width for frame in frames)
        frames.append(_one(path, study, study.data.names[taken:]))
    heights = {frame.height for frame in frames}
    names = [name for frame in frames for name in frame.columns]
    if len(heights) > 1:
        raise DataError(
            f"{study.file.name} [data] beside",
            expected="as many rows in both files",
            found=" and ".join(f"{height:,}" for height in sorted(heights)),
        )
    if study.data.names and len(study.data.names) > len(names):
        raise StudyError(
            f"{study.file.name} [data] names",
            expected=f"{len(names)} names, as many as there are columns",
            found=f"{len(study.data.names)}",
        )
    if len(set(names)) < len(names):
        raise DataError(
            f"{study.file.name} [data] beside", expected="each column name once", found="one twice"
        )
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="horizontal")


def arrange(
    frame: pl.DataFrame, train: npt.NDArray[np.bool_], study: Study, recipe: Recipe
) -> Inputs:
    """Fields frozen on the training rows, and all rows encoded by them.

    frame: S rows; train: [S], which of them models learn from.
    """
    found = roles(frame, study, recipe)
    moment = moments(frame[study.data.time], "[data] time") if study.data.time else None
    rows = pl.Series(train)
    wanted = [name for name, role in found.items() if role in ("feature", "group", "comparator")]
    made = {name: make(frame, name, study, moment) for name in wanted}
    if _is_site_group(study):
        made[study.data.site] = make(frame, study.data.site, study, moment)
    features = [item for name, item in made.items() if found[name] == "feature"]
    _something_known(features, study)
    fields, arrays = _frozen(features, rows, study, recipe)
    by_name = {field.name: field for field in fields}
    groups = [item for item in made.values() if _is_group(item, found[item.name])]
    others = [made[name] for name in wanted if found[name] == "comparator"]
    return Inputs(
        fields=fields,
        arrays=arrays,
        groups=pl.DataFrame([group(item, rows, recipe.fewest_per_category) for item in groups]),
        comparators=pl.DataFrame([comparator(item) for item in others]),
        columns=(
            *(record(made[name], found[name], by_name.get(name), frame.height) for name in wanted),
            *task_records(found, frame),
        ),
    )


def _is_site_group(study: Study) -> bool:
    declared = study.columns.get(study.data.site)
    return declared is not None and (declared.group or declared.role == "group")


def _is_group(made: Made, role: str) -> bool:
    return role in ("group", "site") or (role == "feature" and made.declared.group)


def _frozen(
    features: list[Made], train: pl.Series, study: Study, recipe: Recipe
) -> tuple[tuple[Field, ...], Arrays]:
    fields = [freeze(item, train, study, recipe) for item in features]
    # A stated vocabulary is a promise about all rows; one that was found in training rows is not.
    found_here = [
        item.name for item in features if item.kind != "boolean" and not item.declared.categories
    ]
    arrays = encode_fields(pl.DataFrame([item.values for item in features]), fields, found_here)
    train_PS = np.asarray(arrays["numeric"], np.float32)[train.to_numpy()].T
    return _with_seen(fields, train_PS, recipe.fewest_per_category), arrays


def _one(path: Path, study: Study, names: tuple[str, ...]) -> pl.DataFrame:
    data = replace(study.data, names=names)
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    kind = _SUFFIXES.get(suffix.lower(), "csv") if data.format == "auto" else data.format
    if kind == "parquet":
        return read_parquet(path)
    if kind == "arff":
        return read_arff(path, data.encoding)
    return read_csv(path, data, _text_columns(study))


def _text_columns(study: Study) -> set[str]:
    """Columns that must not lose a leading zero: who, where, and declared categories."""
    named = {study.data.subject, study.data.site} - {""}
    declared = {name for name, column in study.columns.items() if column.type == "category"}
    return named | declared


def _something_known(features: list[Made], study: Study) -> None:
    if not features:
        raise DataError(
            study.file.name,
            expected="at least one column that is a feature",
            found="none",
            hint="see the roles in [columns], and undeclared in [prepare]",
        )
    if all(item.values.null_count() == len(item.values) for item in features):
        raise DataError(
            study.data.source,
            expected="values in at least one feature",
            found=f"all of the {len(features)} features missing in every row",
            hint="check separator and the codes for missing",
        )


def _with_seen(
    fields: list[Field], train_PS: npt.NDArray[np.float32], fewest: int
) -> tuple[Field, ...]:
    """Fields with the ends of what training rows hold."""
    columns = iter(train_PS)
    return tuple(
        _seen(field, next(columns), fewest) if field.kind == "numeric" else field
        for field in fields
    )


def _seen(field: Field, values: npt.NDArray[np.float32], fewest: int) -> Field:
    """The ends that `fewest` rows reach: the very smallest and largest are one patient's own."""
    known = values[~np.isnan(values)]
    if len(known) < max(fewest, 1):
        return field
    at = max(fewest, 1) - 1
    known.partition((at, len(known) - 1 - at))
    low, high = sorted((float(known[at]), float(known[len(known) - 1 - at])))
    return replace(field, seen_low=low, seen_high=high)
