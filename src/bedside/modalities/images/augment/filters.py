"""Filter ops: what needs the neighbours of a value, a pass over the output each.

Blur, sharpening and low resolution are of any image; ghosting, motion and spikes are what goes
wrong while an MR scanner fills k-space, the image's spatial spectrum (Shaw et al., 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from bedside.core.randomness import Draw, stream
from bedside.modalities.images.augment.frame import resized, start
from bedside.modalities.images.augment.op import ABOUT_0, ABOUT_1, Op, Params, Range, Tone
from bedside.modalities.images.augment.passes import resampled

Floats = NDArray[np.float32]


def _blurred(image: Floats, sd: float) -> Floats:
    along = [0.0, *(sd if size > 1 else 0.0 for size in image.shape[1:])]
    return np.asarray(ndimage.gaussian_filter(image, along, mode="nearest"), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blur:
    """A Gaussian blur."""

    NAME: ClassVar[str] = "blur"

    p: float = 0.2
    sd: Range = field(default=(0.3, 1.2), metadata=ABOUT_0)
    """Standard deviation in output elements."""

    def draw(self, draw: Draw) -> list[Params]:
        """The standard deviation."""
        happens = draw.happens(self.p)
        return [{"op": self.NAME, "sd": draw.between(self.sd)}] if happens else []

    @staticmethod
    def filtered(image: Floats, params: Mapping[str, Any], tone: Tone) -> Floats:  # noqa: ARG004
        """The image, blurred."""
        return _blurred(image, params["sd"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharpen:
    """What a blur would take away, added once more (unsharp masking)."""

    NAME: ClassVar[str] = "sharpen"

    p: float = 0.1
    amount: Range = field(default=(0.2, 1.0), metadata=ABOUT_0)
    """Of the difference from the image blurred by one element."""

    def draw(self, draw: Draw) -> list[Params]:
        """The amount."""
        happens = draw.happens(self.p)
        return [{"op": self.NAME, "amount": draw.between(self.amount)}] if happens else []

    @staticmethod
    def filtered(image: Floats, params: Mapping[str, Any], tone: Tone) -> Floats:  # noqa: ARG004
        """The image, sharpened."""
        return np.asarray(image + params["amount"] * (image - _blurred(image, 1.0)), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class LowResolution:
    """As if taken with larger elements: averaged down, and up again by interpolation."""

    NAME: ClassVar[str] = "low_resolution"

    p: float = 0.1
    share: Range = field(default=(0.5, 1.0), metadata=ABOUT_1)
    """Of the elements along each axis that are left in between."""

    def draw(self, draw: Draw) -> list[Params]:
        """The share."""
        happens = draw.happens(self.p)
        return [{"op": self.NAME, "share": draw.ratio(self.share)}] if happens else []

    @staticmethod
    def filtered(image: Floats, params: Mapping[str, Any], tone: Tone) -> Floats:
        """The image with less detail."""
        size = (image.shape[1], image.shape[2], image.shape[3])
        z, y, x = (max(1, round(n * params["share"])) for n in size)
        small = (1 if size[0] == 1 else z, y, x)
        less = np.empty((1, len(image), *small), np.float32)
        down = resized(start(size, small, spacing=(), axes=()), small)
        whole = np.ascontiguousarray(image)[None]
        resampled((whole, None), (less, None), [down], [[]], [tone.low])
        made: Floats = np.empty(whole.shape, np.float32)
        up = resized(start(small, size, spacing=(), axes=()), size)
        resampled((less, None), (made, None), [up], [[]], [tone.low])
        return made.reshape(image.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ghosting:
    """Copies of the image along one axis, from every n-th line of k-space being weaker."""

    NAME: ClassVar[str] = "ghosting"

    p: float = 0.1
    amount: Range = field(default=(0.1, 0.5), metadata=ABOUT_0)
    """Share of their strength that the lines lose."""

    def draw(self, draw: Draw) -> list[Params]:
        """The amount, the number of ghosts, the axis counted from the last."""
        if not draw.happens(self.p):
            return []
        ghosts, axis = 3 + draw.whole(6), draw.whole(draw.axes)
        return [
            {"op": self.NAME, "amount": draw.between(self.amount), "ghosts": ghosts, "axis": axis}
        ]

    @staticmethod
    def filtered(image: Floats, params: Mapping[str, Any], tone: Tone) -> Floats:  # noqa: ARG004
        """The image with its ghosts; its mean stays."""
        axis = image.ndim - 1 - int(params["axis"])
        lines = fft.rfft(image, axis=axis)
        weaker = np.ones(lines.shape[axis], np.float32)
        weaker[:: int(params["ghosts"])] -= np.float32(params["amount"])
        weaker[0] = 1.0
        shape = [1] * image.ndim
        shape[axis] = len(weaker)
        made = fft.irfft(lines * weaker.reshape(shape), n=image.shape[axis], axis=axis)
        return np.asarray(made, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """The patient moves a few times while the lines of k-space are read, one after another."""

    NAME: ClassVar[str] = "motion"

    p: float = 0.1
    shift: Range = field(default=(0.5, 3.0), metadata=ABOUT_0)
    """How far, in output elements."""

    def draw(self, draw: Draw) -> list[Params]:
        """How far, how often, and the key of when and where to."""
        if not draw.happens(self.p):
            return []
        times = 1 + draw.whole(3)
        return [
            {"op": self.NAME, "shift": draw.between(self.shift), "times": times, "key": draw.key()}
        ]

    @staticmethod
    def filtered(image: Floats, params: Mapping[str, Any], tone: Tone) -> Floats:  # noqa: ARG004
        """The image as its mixed spectrum gives it; at rest while the middle lines are read."""
        axes = tuple(axis for axis in (1, 2, 3) if image.shape[axis] > 1)
        if not axes:
            return image.copy()
        spectrum = fft.fftn(image, axes=axes)
        random = stream(int(params["key"]), 2)
        lines = fft.fftfreq(image.shape[axes[0]]).reshape(
            [-1 if a == axes[0] else 1 for a in range(4)]
        )
        phase = np.zeros([1] * image.ndim)
        for _ in range(int(params["times"])):
            away = random.normal(size=len(axes))
            away *= params["shift"] / np.linalg.norm(away)
            late = lines > random.uniform(0.05, 0.45)
            for axis, step in zip(axes, away, strict=True):
                wave = fft.fftfreq(image.shape[axis])
                wave = wave.reshape([-1 if a == axis else 1 for a in range(image.ndim)])
                phase = phase + late * wave * step
        made = fft.ifftn(spectrum * np.exp(-2j * np.pi * phase), axes=axes)
        return np.asarray(made.real, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spikes:
    """Stripes through the image, from single points of k-space that are far too strong."""

    NAME: ClassVar[str] = "spikes"

    p: float = 0.05
    amount: Range = field(default=(0.02, 0.1), metadata=ABOUT_0)
    """Height of the stripes, share of the window."""

    def draw(self, draw: Draw) -> list[Params]:
        """The height, and along each axis the stripes' cycles per element, and their phase."""
        if not draw.happens(self.p):
            return []
        cycles = [draw.between((-0.5, 0.5)) for _ in range(draw.axes)]
        amount, phase = draw.between(self.amount), draw.number()
        return [{"op": self.NAME, "amount": amount, "cycles": [*cycles], "phase": phase}]

    @staticmethod
    def filtered(image: Floats, params: Mapping[str, Any], tone: Tone) -> Floats:
        """The image with stripes."""
        angle = np.full((1, 1, 1), params["phase"])
        for step, cycles in enumerate(reversed(params["cycles"])):
            axis = 2 - step
            places = np.arange(image.shape[1 + axis]) * cycles
            angle = angle + places.reshape([-1 if a == axis else 1 for a in range(3)])
        stripes = params["amount"] * tone.span * np.cos(2 * np.pi * angle)
        return np.asarray(image + stripes[None], np.float32)


FILTERS: tuple[type[Op], ...] = (Blur, Sharpen, LowResolution, Ghosting, Motion, Spikes)
