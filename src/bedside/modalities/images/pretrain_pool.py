"""An unlabelled pool of images: found as the study's own are, decoded by its frozen settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Field, Schema
from bedside.core.errors import BedsideError, DataError
from bedside.core.executor import usable_cores
from bedside.core.study import Study
from bedside.methods.entrant import Arrays
from bedside.methods.labels import task_columns
from bedside.methods.pretraining.pool import POOL
from bedside.modalities.images.decode import Placed, decode
from bedside.modalities.images.fingerprints import pixel_hashes
from bedside.modalities.images.prepare_sources import IMAGE, source_rows, strangers
from bedside.modalities.images.references import open_image, require_real
from bedside.modalities.images.serve import admitted, stacked
from bedside.modalities.images.settings import Spec, frozen

_STRANGERS = "bedside.strangers"
_TOLD = 3
"""Broken images that an error tells of."""


def read_pool(path: Path, study: Study, schema: Schema) -> pl.DataFrame:
    """One row an image, with a reference to it; neither outcome nor mask need be there.

    Where `[images] image` names folders by the outcome (`{label}/{patient}.png`) and the pool has
    none such, its images are found without them.
    """
    settings = replace(frozen(schema), mask="")
    patterns = dict.fromkeys((settings.image, without(settings.image, task_columns(study.task))))
    refused: list[BedsideError] = []
    for image in patterns:
        try:
            frame = source_rows(
                path, replace(settings, image=image), study.data, {study.data.subject}
            )
        except DataError as error:
            refused.append(error)
            continue
        return frame.with_columns(pl.lit(strangers(path, frame)).alias(_STRANGERS))
    first = refused[0]
    raise DataError(
        f"{POOL}, {first.where}", expected=first.expected, found=first.found, hint=first.hint
    )


def without(pattern: str, names: Collection[str]) -> str:
    """A pattern less the folders that only some columns name.

    >>> without("images/{label}/{patient}_*.png", ["label"])
    'images/{patient}_*.png'
    """
    gone = {f"{{{name}}}" for name in names}
    return "/".join(part for part in pattern.split("/") if part not in gone)


def pool_arrays(
    frame: pl.DataFrame,
    study: Study,  # noqa: ARG001  # one form for all modalities
    schema: Schema,
) -> tuple[Arrays, Mapping[str, int]]:
    """What models take of all rows, `image` [N, C, *shape] at least, and how many images of the
    source are no row's.

    Raises DataError where images are broken, or of another size or form than the study's.
    """
    settings, field = frozen(schema), schema.fields[0]

    def see(reference: str) -> Placed | BedsideError:
        try:
            return _seen(reference, settings, field)
        except BedsideError as error:
            return error

    with ThreadPoolExecutor(usable_cores()) as pool:
        found = list(pool.map(see, frame[IMAGE].to_list()))
    arrays = stacked(_whole(found), schema)
    return arrays, {"files_without_row": int(frame[_STRANGERS][0])}


def known_by(arrays: Arrays) -> NDArray[np.uint64]:
    """A hash of each image's pixels; 0 for one without content."""
    whole, known = pixel_hashes(arrays["image"], arrays.get("extent"))
    return np.where(known, np.maximum(whole, 1), 0).astype(np.uint64)


def _seen(reference: str, settings: Spec, field: Field) -> Placed:
    placed = decode(require_real(open_image(reference, settings)), settings)
    admitted(placed, field, 0)
    return placed


def _whole(found: Sequence[Placed | BedsideError]) -> list[Placed]:
    """All images; DataError where some are broken, with how many and why the first ones are."""
    broken = [(row, item) for row, item in enumerate(found) if isinstance(item, BedsideError)]
    if not broken:
        return [item for item in found if isinstance(item, Placed)]
    told = "; ".join(
        f"row {row + 1}: expected {error.expected}, found {error.found}"
        for row, error in broken[:_TOLD]
    )
    more = f"; and {len(broken) - _TOLD:,} more" if len(broken) > _TOLD else ""
    raise DataError(
        POOL, expected=f"{len(found):,} images of the study's form",
        found=f"{len(broken):,} that are not ({told}{more})",
        hint=broken[0][1].hint or "mend them, or take them out of the pool",
    )  # fmt: skip
