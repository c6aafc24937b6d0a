"""An unlabelled pool of images: found as the study's own are, decoded by its frozen settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Field, Schema
from bedside.core.errors import BedsideError, DataError, StudyError
from bedside.core.executor import usable_cores
from bedside.core.study import Study
from bedside.methods.entrant import Arrays
from bedside.methods.labels import task_columns
from bedside.methods.pretraining.pool import POOL
from bedside.modalities.images.decode import decode
from bedside.modalities.images.fingerprints import pixel_hashes
from bedside.modalities.images.prepare_sources import IMAGE, source_rows, strangers
from bedside.modalities.images.references import open_image, require_real
from bedside.modalities.images.serve import admitted
from bedside.modalities.images.settings import Spec, frozen

_STRANGERS = "bedside.strangers"
_TOLD = 3
"""Broken images that an error tells of."""


def require_outcome(schema: Schema) -> None:
    """StudyError where masks are learnt: no encoder is pretrained for them yet."""
    if schema.target.type == "segmentation":
        raise StudyError(
            "[pretrain]", expected="an outcome for each patient", found="masks to be learnt",
            hint="the U-Net is trained from scratch; leave [pretrain] out",
        )  # fmt: skip


def read_pool(path: Path, study: Study, schema: Schema) -> pl.DataFrame:
    """One row an image, with a reference to it; neither outcome nor mask need be there.

    Where `[images] image` names folders by the outcome (`{label}/{patient}.png`) and the pool has
    none such, its images are found without them.
    """
    require_outcome(schema)
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
    """`image` [N, C, *shape] of all rows, and how many images of the source are no row's.

    Raises DataError where images are broken, or of another size or form than the study's.
    """
    settings, field = frozen(schema), schema.fields[0]
    references: list[str] = frame[IMAGE].to_list()
    images = np.empty((len(references), *field.shape), field.dtype)

    def fill(row: int) -> BedsideError | None:
        try:
            images[row] = _seen(references[row], settings, field)
        except BedsideError as error:
            return error
        return None

    with ThreadPoolExecutor(usable_cores()) as pool:
        found = list(pool.map(fill, range(len(references))))
    _require_whole(found)
    return {"image": images}, {"files_without_row": int(frame[_STRANGERS][0])}


def known_by(arrays: Arrays) -> NDArray[np.uint64]:
    """A hash of each image's pixels; 0 for one without content."""
    whole, known = pixel_hashes(arrays["image"])
    return np.where(known, np.maximum(whole, 1), 0).astype(np.uint64)


def _seen(reference: str, settings: Spec, field: Field) -> NDArray[np.generic]:
    placed = decode(require_real(open_image(reference, settings)), settings)
    admitted(placed, field, 0)
    return placed.array


def _require_whole(found: list[BedsideError | None]) -> None:
    broken = [(row, error) for row, error in enumerate(found) if error is not None]
    if not broken:
        return
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
