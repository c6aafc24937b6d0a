"""Tone ops: what happens to a value where it is. All are done in the pass that resamples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bedside.core.randomness import Draw, stream
from bedside.modalities.images.augment.kernel_steps import (
    BIAS,
    CUTOUT,
    GAMMA,
    GAUSSIAN,
    LINEAR,
    RICIAN,
)  # fmt: skip
from bedside.modalities.images.augment.op import ABOUT_0, ABOUT_1, Params, Range, Step, Tone

TERMS = 20
"""Terms of a polynomial of degree 3 in three variables."""


def _all(numbers: list[float], tone: Tone) -> list[list[float]]:
    """The same for all channels."""
    return [numbers] * len(tone.means)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamma:
    """((v - low) / (high - low)) to a power, within the window of the values."""

    NAME: ClassVar[str] = "gamma"

    p: float = 0.3
    power: Range = field(default=(0.7, 1.5), metadata=ABOUT_1)
    """Exponent; below 1 is brighter."""

    def draw(self, draw: Draw) -> list[Params]:
        """The exponent."""
        happens = draw.happens(self.p)
        return [{"op": self.NAME, "power": draw.ratio(self.power)}] if happens else []

    @staticmethod
    def step(params: Mapping[str, Any], tone: Tone) -> Step:
        """One step."""
        return _all([GAMMA, tone.low, tone.span, params["power"]], tone), 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Brightness:
    """(v - low) * factor + low + shift * (high - low)."""

    NAME: ClassVar[str] = "brightness"

    p: float = 0.3
    factor: Range = field(default=(0.75, 1.25), metadata=ABOUT_1)
    """Of the height above the window's low end."""
    shift: Range = field(default=(0.0, 0.0), metadata=ABOUT_0)
    """Share of the window."""

    def draw(self, draw: Draw) -> list[Params]:
        """Factor and shift."""
        if not draw.happens(self.p):
            return []
        factor, shift = draw.ratio(self.factor), draw.between(self.shift)
        return [{"op": self.NAME, "factor": factor, "shift": shift}]

    @staticmethod
    def step(params: Mapping[str, Any], tone: Tone) -> Step:
        """One step."""
        add = tone.low * (1 - params["factor"]) + params["shift"] * tone.span
        return _all([LINEAR, params["factor"], add], tone), 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """(v - mean) * factor + mean, the mean of each channel before any op."""

    NAME: ClassVar[str] = "contrast"

    p: float = 0.3
    factor: Range = field(default=(0.75, 1.25), metadata=ABOUT_1)
    """Of the distance to the mean."""

    def draw(self, draw: Draw) -> list[Params]:
        """The factor."""
        happens = draw.happens(self.p)
        return [{"op": self.NAME, "factor": draw.ratio(self.factor)}] if happens else []

    @staticmethod
    def step(params: Mapping[str, Any], tone: Tone) -> Step:
        """One step; each channel has its own mean."""
        factor = params["factor"]
        return [[LINEAR, factor, mean * (1 - factor)] for mean in tone.means], 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianNoise:
    """Normal noise, independent in each element and channel."""

    NAME: ClassVar[str] = "noise"

    p: float = 0.3
    sd: Range = field(default=(0.0, 0.05), metadata=ABOUT_0)
    """Standard deviation, share of the window."""

    def draw(self, draw: Draw) -> list[Params]:
        """Standard deviation, and the key of the noise."""
        if not draw.happens(self.p):
            return []
        return [{"op": self.NAME, "sd": draw.between(self.sd), "key": draw.key()}]

    @staticmethod
    def step(params: Mapping[str, Any], tone: Tone) -> Step:
        """One step."""
        return _all([GAUSSIAN, params["sd"] * tone.span], tone), int(params["key"])


@dataclass(frozen=True, slots=True, kw_only=True)
class RicianNoise:
    """The noise of a magnitude MR image: the length of (signal + noise, noise)."""

    NAME: ClassVar[str] = "rician"

    p: float = 0.2
    sd: Range = field(default=(0.0, 0.05), metadata=ABOUT_0)
    """Standard deviation in each of the two parts, share of the window."""

    def draw(self, draw: Draw) -> list[Params]:
        """Standard deviation, and the key of the noise."""
        if not draw.happens(self.p):
            return []
        return [{"op": self.NAME, "sd": draw.between(self.sd), "key": draw.key()}]

    @staticmethod
    def step(params: Mapping[str, Any], tone: Tone) -> Step:
        """One step."""
        return _all([RICIAN, params["sd"] * tone.span, tone.low], tone), int(params["key"])


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasField:
    """The slow change of brightness of an MR coil: 2 to a polynomial of degree 3
    (Van Leemput, 1999)."""

    NAME: ClassVar[str] = "bias"

    p: float = 0.2
    amount: Range = field(default=(0.0, 0.4), metadata=ABOUT_0)
    """Largest coefficient; 1 doubles or halves at an edge."""

    def draw(self, draw: Draw) -> list[Params]:
        """The amount, and the key of the coefficients."""
        if not draw.happens(self.p):
            return []
        return [{"op": self.NAME, "amount": draw.between(self.amount), "key": draw.key()}]

    @staticmethod
    def step(params: Mapping[str, Any], tone: Tone) -> Step:
        """One step."""
        terms = params["amount"] * stream(int(params["key"]), 1).uniform(-1, 1, TERMS)
        terms[0] = 0.0
        return _all([BIAS, tone.low, *terms.tolist()], tone), 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """A box of the image set to the window's low end; labels stay (DeVries and Taylor, 2017)."""

    NAME: ClassVar[str] = "cutout"

    p: float = 0.2
    size: Range = field(default=(0.1, 0.3), metadata=ABOUT_0)
    """Length of an edge, share of the image's, drawn for each axis."""

    def draw(self, draw: Draw) -> list[Params]:
        """Size and place of the box along each axis, as shares."""
        if not draw.happens(self.p):
            return []
        size = [draw.between(self.size) for _ in range(draw.axes)]
        at = [draw.number() for _ in range(draw.axes)]
        return [{"op": self.NAME, "size": [*size], "at": [*at]}]

    @staticmethod
    def step(params: Mapping[str, Any], tone: Tone) -> Step:
        """One step."""
        given = len(params["size"])
        ends: list[float] = [0, 1] * (3 - given)
        for axis in range(given):
            whole = tone.shape[3 - given + axis]
            long = max(1, round(params["size"][axis] * whole))
            first = int(params["at"][axis] * (whole - long + 1))
            ends += [first, first + long]
        return _all([CUTOUT, *ends, tone.low], tone), 0
