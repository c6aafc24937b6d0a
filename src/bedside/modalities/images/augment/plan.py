"""From parameters to work: one resampling pass, and one more pass for each filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.core.spec import nearest
from bedside.modalities.images.augment import frame as frames
from bedside.modalities.images.augment.frame import Frame
from bedside.modalities.images.augment.kernel_steps import WIDTH
from bedside.modalities.images.augment.op import Filter, Op, Params, Spatial, Steps, Tone, Toned

Role = Literal["spatial", "tone", "filter"]
Ops = Mapping[str, type[Op]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A filter and the tone ops after it; the first stretch of a plan has no filter."""

    filter: Params | None
    steps: Steps
    """[C, n, WIDTH]."""
    keys: NDArray[np.uint32]
    """[n, 2], the low and the high half of each key."""


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
    made: list[Stretch] = []
    filter_: Params | None = None
    steps: list[Steps] = []
    keys: list[tuple[int, int]] = []
    for one in params:
        kind = kind_of(ops, one)
        what = role(kind)
        if what == "filter":
            made.append(_stretch(filter_, steps, keys, tone))
            filter_, steps, keys = one, [], []
        elif what == "tone":
            toned: type[Toned] = kind  # type: ignore[assignment]  # that is what the role says
            changed, key = toned.steps(one, tone)
            steps.append(changed)
            keys += [(key & 0xFFFFFFFF, key >> 32)] * changed.shape[1]
    return [*made, _stretch(filter_, steps, keys, tone)]


def _stretch(
    filter_: Params | None, steps: list[Steps], keys: list[tuple[int, int]], tone: Tone
) -> Stretch:
    whole = np.concatenate(steps, axis=1) if steps else np.zeros((len(tone.means), 0, WIDTH))
    return Stretch(
        filter=filter_, steps=whole, keys=np.asarray(keys, np.uint32).reshape(len(keys), 2)
    )


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
