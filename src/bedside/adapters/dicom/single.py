"""One DICOM file, with one frame or many, to an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from bedside.adapters.dicom.decode import Frames, frames
from bedside.adapters.dicom.facts import facts_of
from bedside.adapters.dicom.files import empty
from bedside.adapters.dicom.geometry import Plane, grid, one_position, order, same_frame
from bedside.adapters.dicom.groups import Layout, layout
from bedside.adapters.dicom.header import Header, header_of, unit_of
from bedside.adapters.dicom.parsed import elements, guarded, opened
from bedside.adapters.dicom.pixels import Scale, doubts, rescaled, scale_of
from bedside.adapters.dicom.window import windowed
from bedside.core.errors import DataError
from bedside.core.image import Grid, Image

_NO_PLACE = "frames without a place in space: their axis is time or order, not depth"


def read_file(
    source: Path | bytes, *, window: bool = False, expected: str = "", where: str = "the image"
) -> Image:
    """One file (or its bytes): a picture [H, W], frames [F, H, W], or a volume with its grid.

    With `window`, a grey image goes through the file's own display window to 0..255 in 8 bits: for
    a person to look at, not for a model. `expected` is the modality that it must be, such as `CT`.
    `where` is what errors call the file, as its name may be a patient's.
    """
    if _no_bytes(source):
        raise empty(where)
    with guarded(where):
        return _read(source, window=window, expected=expected, where=where)


def _read(source: Path | bytes, *, window: bool, expected: str, where: str) -> Image:
    dataset = opened(source, where)
    header = header_of(elements(dataset, where), where)
    right_modality(header, expected, where)
    if header.modality == "SEG":
        raise DataError(
            where, expected="an image", found="a segmentation (SEG)",
            hint="it is a mask of another series, not an image: leave it out",
        )  # fmt: skip
    decoded = frames(dataset, header, where)
    if decoded.stored.ndim == 4:
        return _in_colour(decoded, header)
    plan = layout(dataset, header, where)
    image = _grey(decoded, header, plan, where)
    return _for_the_eye(image, dataset, decoded, plan, where=where) if window else image


def right_modality(header: Header, expected: str, where: str) -> None:
    """DataError where the caller says which modality it wants and this is another."""
    if expected and header.modality != expected:
        raise DataError(
            where, expected=f"an image of modality {expected}",
            found=header.modality or "one that does not say its modality",
            hint="is it in the right folder?",
        )  # fmt: skip


def _no_bytes(source: Path | bytes) -> bool:
    if isinstance(source, bytes):
        return not source
    return source.is_file() and source.stat().st_size == 0


def _in_colour(decoded: Frames, header: Header) -> Image:
    many = header.frames > 1
    return Image(
        values=decoded.stored if many else decoded.stored[0], colour=True,
        spacing=header.spacing or (), facts=facts_of(header),
        notes=decoded.notes + ((_NO_PLACE,) if many else ()),
    )  # fmt: skip


def _grey(decoded: Frames, header: Header, plan: Layout, where: str) -> Image:
    notes, stored = list(decoded.notes), decoded.stored
    scales = _scales(decoded, header, plan)
    spacing = plan.planes[0].spacing if plan.planes else header.spacing or ()
    lattice: Grid | None = None
    if header.frames > 1 and plan.planes:
        places, lattice, uneven = _placed(plan.planes, header, where)
        stored, scales = stored[places], [scales[at] for at in places]
        notes.extend(uneven)
    elif header.frames > 1:
        notes.append(_NO_PLACE)
    notes.extend(doubts(header))
    if len(set(plan.scales)) > 1:
        notes.append("rescale differs between frames; each frame has its own")
    values = rescaled(list(stored), scales)
    return Image(
        values=values if header.frames > 1 else values[0], grid=lattice, notes=tuple(notes),
        unit="" if header.turned else _unit(header, plan), facts=facts_of(header),
        spacing=() if lattice else spacing,
    )  # fmt: skip


def _scales(decoded: Frames, header: Header, plan: Layout) -> list[Scale]:
    if not plan.scales:
        return [decoded.scale] * header.frames
    return [
        scale_of(replace(header, slope=slope, intercept=intercept))
        for slope, intercept in plan.scales
    ]


def _unit(header: Header, plan: Layout) -> str:
    return unit_of(header.elements, kind=plan.kind) if plan.scales else header.unit


def _placed(
    planes: Sequence[Plane], header: Header, where: str
) -> tuple[list[int], Grid, tuple[str, ...]]:
    """The order of the frames in space, their grid, and notes."""
    same_frame(planes, where)
    places = order(planes)
    inorder = [planes[at] for at in places]
    if pairs := one_position(inorder):
        raise DataError(
            where, expected="one frame at each position",
            found=f"{len(pairs)} of {len(planes)} at a position that is taken",
            hint="several times, echoes or directions in one file: take them apart",
        )  # fmt: skip
    lattice, notes = grid(inorder, (header.rows, header.columns), where)
    return places, lattice, notes


def _for_the_eye(
    image: Image, dataset: Dataset, decoded: Frames, plan: Layout, *, where: str
) -> Image:
    """The image in 8 bits through the file's window."""
    header = header_of(elements(dataset, where), where)
    stored, pairs = decoded.stored, plan.scales
    if image.grid is not None:
        places = order(plan.planes)
        stored, pairs = stored[places], tuple(pairs[at] for at in places) if pairs else ()
    before = [Scale(slope=a, intercept=b) for a, b in pairs] or [decoded.before] * len(stored)
    values = np.stack(
        [s.astype(np.float64) * one.slope + one.intercept
         for s, one in zip(stored, before, strict=True)]
    )  # fmt: skip
    shown: NDArray[np.uint8]
    shown, note = windowed(values, dataset, header, plan.window, where)
    return replace(
        image, values=shown if header.frames > 1 else shown[0], unit="", notes=(*image.notes, note)
    )
