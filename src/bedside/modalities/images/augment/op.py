"""What an op is: ranges to draw from, in two steps.

`draw` turns random numbers into parameters, which are plain JSON; what is done with them depends
on nothing else. There are three kinds of op, by what they need to see:

    Spatial   where a value comes from: all of them become one map from output to source
    Tone      the value and its place: all of them are done in the same pass, row by row
    Filter    the neighbours too: a pass of its own over the output
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields, replace
from typing import Any, ClassVar, Protocol, TypeVar, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bedside.core.randomness import Draw
from bedside.core.spec import Plain
from bedside.modalities.images.augment.frame import Frame

Params = dict[str, Plain]
"""One op as it was drawn: its name under "op", and its numbers."""
Range = tuple[float, float]
Kind = TypeVar("Kind", bound="Op")
Step = tuple[list[list[float]], int]
"""One change of intensity: for each channel its code and what `kernel_steps` says of it; and the
key of its noise, or 0."""
ABOUT_0: Mapping[str, float] = {"neutral": 0.0}
ABOUT_1: Mapping[str, float] = {"neutral": 1.0}
"""The value of a range that changes nothing, as metadata of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """What a change of intensity may know of its sample."""

    low: float
    high: float
    """The window: the ends of the values, to which shares refer."""
    means: tuple[float, ...]
    """Mean of each channel of the source."""
    shape: tuple[int, int, int]
    """Of the output."""

    @property
    def span(self) -> float:
        """Width of the window, never 0."""
        return self.high - self.low or 1.0


class Op(Protocol):
    """One augmentation with its ranges."""

    NAME: ClassVar[str]

    @property
    def p(self) -> float:
        """Probability that it is done to a sample."""

    def draw(self, draw: Draw) -> list[Params]:
        """Parameters for one sample; empty where it is not done."""


@runtime_checkable
class Spatial(Protocol):
    """Moves what is in the picture."""

    @staticmethod
    def moved(frame: Frame, params: Mapping[str, Any]) -> Frame:
        """The frame after the op."""


@runtime_checkable
class Toned(Protocol):
    """Changes values where they are."""

    @staticmethod
    def step(params: Mapping[str, Any], tone: Tone) -> Step:
        """The step of the kernel."""


@runtime_checkable
class Filter(Protocol):
    """Changes values by their neighbours."""

    @staticmethod
    def filtered(
        image: NDArray[np.float32], params: Mapping[str, Any], tone: Tone
    ) -> NDArray[np.float32]:
        """The image [C, D, H, W] after the op; the one given is left alone."""


def neutral(of: Field[Any]) -> float | None:
    """The value of a range that changes nothing; None where the field is no range."""
    return cast("float | None", of.metadata.get("neutral"))


def scaled(op: Kind, strength: float) -> Kind:
    """The op with each range `strength` times as far from what changes nothing.

    >>> from bedside.modalities.images.augment.tone import Contrast
    >>> scaled(Contrast(factor=(0.8, 1.2)), 0.5).factor
    (0.9, 1.1)
    """
    changed = {}
    for one in fields(op):  # type: ignore[arg-type]  # every op is a dataclass
        still = neutral(one)
        if still is not None:
            ends: Sequence[float] = getattr(op, one.name)
            changed[one.name] = tuple(round(still + strength * (end - still), 9) for end in ends)
    return replace(op, **changed)  # type: ignore[type-var]  # every op is a dataclass
