"""Frames of a multi-frame file: where each lies and how it is rescaled.

Enhanced objects say it in functional groups, shared or one a frame; dose grids by offsets from the
first plane; older multi-frame objects (ultrasound, angiography) not at all.
Source: DICOM PS3.3, C.7.6.16 and C.8.8.3.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydicom.dataset import Dataset

from bedside.adapters.dicom.geometry import Plane
from bedside.adapters.dicom.header import Header, absurd, axes, positive
from bedside.adapters.dicom.parsed import FAILURES, quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a multi-frame file says of its frames."""

    planes: tuple[Plane, ...] = ()
    """One a frame, or none where the file does not place them."""
    scales: tuple[tuple[float, float], ...] = ()
    """Slope and intercept of each frame, or none where the header's own hold for all."""
    kind: str = ""
    """Rescale type, where the groups give one."""
    window: tuple[float, float] | None = None
    """Centre and width of the first frame's window."""


def layout(dataset: Dataset, header: Header, where: str) -> Layout:
    """Of all frames; DataError where the groups are incomplete or absurd."""
    try:
        with quiet():
            if "PerFrameFunctionalGroupsSequence" in dataset:
                return _of_groups(dataset, header, where)
            if "GridFrameOffsetVector" in dataset:
                return Layout(planes=_of_offsets(dataset, header))
    except FAILURES:
        raise absurd(where, "functional groups that can be read", "others") from None
    return Layout()


def _of_groups(dataset: Dataset, header: Header, where: str) -> Layout:
    own = dataset.PerFrameFunctionalGroupsSequence
    if len(own) != header.frames:
        raise absurd(where, f"functional groups of {header.frames} frames", f"of {len(own)}")
    shared = dataset.get("SharedFunctionalGroupsSequence") or [Dataset()]
    both = [(group, shared[0]) for group in own]
    planes = [_plane(pair, where) for pair in both]
    scales = [_scale(pair, where) for pair in both]
    transform = _part(both[0], "PixelValueTransformationSequence")
    window = _part(both[0], "FrameVOILUTSequence")
    return Layout(
        planes=tuple(plane for plane in planes if plane) if all(planes) else (),
        scales=tuple(scale for scale in scales if scale) if all(scales) else (),
        kind=str(transform.get("RescaleType", "")) if transform else "",
        window=_window(window) if window and "WindowCenter" in window else None,
    )


def _part(groups: tuple[Dataset, ...], keyword: str) -> Dataset | None:
    """A functional group of a frame: its own, else the shared one."""
    for group in groups:
        if group.get(keyword):
            first: Dataset = group[keyword].value[0]
            return first
    return None


def _plane(groups: tuple[Dataset, ...], where: str) -> Plane | None:
    position = _part(groups, "PlanePositionSequence")
    turned = _part(groups, "PlaneOrientationSequence")
    measures = _part(groups, "PixelMeasuresSequence")
    if not (position and turned and measures and "PixelSpacing" in measures):
        return None
    orientation = axes(_numbers(turned.ImageOrientationPatient, 6, where), where)
    spacing = _numbers(measures.PixelSpacing, 2, where)
    positive(spacing, "PixelSpacing", where)
    return Plane(
        position=_numbers(position.ImagePositionPatient, 3, where),
        orientation=orientation or (), spacing=(spacing[0], spacing[1]),
    )  # fmt: skip


def _numbers(values: object, count: int, where: str) -> tuple[float, ...]:
    found = tuple(float(value) for value in values)  # type: ignore[attr-defined]  # pydicom's own sequence
    if len(found) != count or not all(map(math.isfinite, found)):
        raise absurd(where, f"{count} finite numbers in a functional group", "others")
    return found


def _scale(groups: tuple[Dataset, ...], where: str) -> tuple[float, float] | None:
    transform = _part(groups, "PixelValueTransformationSequence")
    if transform is None:
        return None
    slope, intercept = float(transform.RescaleSlope), float(transform.RescaleIntercept)
    if not (math.isfinite(slope) and slope != 0 and math.isfinite(intercept)):
        raise absurd(where, "a finite rescale slope other than 0, and a finite intercept", "others")
    return slope, intercept


def _window(group: Dataset) -> tuple[float, float]:
    centre, width = group.WindowCenter, group.WindowWidth
    first = [v if isinstance(v, float | int) else v[0] for v in (centre, width)]
    return float(first[0]), float(first[1])


def _of_offsets(dataset: Dataset, header: Header) -> tuple[Plane, ...]:
    offsets = [float(value) for value in dataset.GridFrameOffsetVector]
    if None in (header.position, header.orientation, header.spacing):
        return ()
    if len(offsets) != header.frames or offsets[0] != 0:
        return ()
    first = Plane(
        position=header.position or (), orientation=header.orientation or (),
        spacing=header.spacing or (1.0, 1.0),
    )  # fmt: skip
    return tuple(
        Plane(
            position=tuple(
                p + offset * n for p, n in zip(first.position, first.normal, strict=True)
            ),
            orientation=first.orientation, spacing=first.spacing,
        )
        for offset in offsets
    )  # fmt: skip
