"""From parameters to work: one resampling pass, and one more pass for each filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from bedside.core.errors import DataError
from bedside.core.spec import nearest
from bedside.modalities.images.augment import frame as frames
from bedside.modalities.images.augment.frame import Frame
from bedside.modalities.images.augment.op import Filter, Op, Params, Spatial, Step, Tone, Toned

Role = Literal["spatial", "tone", "filter"]
Ops = Mapping[str, type[Op]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A filter and the tone ops after it; the first stretch of a plan has no filter."""

    filter: Params | None
    steps: list[Step]


def framed(ops: Ops, params: Sequence[Params], begin: Frame) -> Frame:
    """The frame after all spatial ops, of the shape that the chain is to end in."""
    frame = begin
    for one in params:
        kind = kind_of(ops, one)
        if role(kind) == "spatial":
            spatial: type[Spatial] = kind  # type: ignore[assignment]  # that is what the role says
            frame = spatial.moved(frame, one)
    return frame if frame.shape == frame.goal else frames.resized(frame, frame.goal)


def stretches(ops: Ops, params: Sequence[Params], tone: Tone) -> list[Stretch]:
    """What is done to the intensities, cut at the filters."""
    now = Stretch(filter=None, steps=[])
    made = [now]
    for one in params:
        kind = kind_of(ops, one)
        what = role(kind)
        if what == "filter":
            now = Stretch(filter=one, steps=[])
            made.append(now)
        elif what == "tone":
            toned: type[Toned] = kind  # type: ignore[assignment]  # that is what the role says
            now.steps.append(toned.step(one, tone))
    return made


@cache
def role(kind: type[Op]) -> Role:
    """Which of the three kinds of op a class is."""
    if issubclass(kind, Spatial):
        return "spatial"
    return "filter" if issubclass(kind, Filter) else "tone"


def kind_of(ops: Ops, params: Params) -> type[Op]:
    """The class of an op by the name in its parameters, or a DataError."""
    name = str(params.get("op", ""))
    if name not in ops:
        raise DataError(
            "augmentation parameters",
            expected="the name of an op",
            found=f"'{name}'",
            hint=nearest(name, ops),
        )
    return ops[name]
