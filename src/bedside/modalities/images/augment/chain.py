"""A chain of ops: draw parameters, then apply them in as few passes over memory as there can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.core.randomness import Draw, uniforms
from bedside.modalities.images.augment import places
from bedside.modalities.images.augment.filters import FILTERS
from bedside.modalities.images.augment.frame import Frame, Shape, start
from bedside.modalities.images.augment.op import Op, Params, Tone
from bedside.modalities.images.augment.passes import filtered, resampled
from bedside.modalities.images.augment.plan import framed, kind_of, stretches
from bedside.modalities.images.augment.sample import Sample, label_volume, volume
from bedside.modalities.images.augment.spatial import (
    PLAIN,
    Affine,
    Crop,
    Elastic,
    Flip,
    Resize,
)  # fmt: skip
from bedside.modalities.images.augment.tone import (
    BiasField,
    Brightness,
    Contrast,
    Cutout,
    Gamma,
    GaussianNoise,
    RicianNoise,
)  # fmt: skip
from bedside.modalities.images.augment.window import means as channel_means
from bedside.modalities.images.augment.window import seen

Array = NDArray[Any]
_KINDS: tuple[type[Op], ...] = (
    Affine, Flip, Elastic, Crop, Resize, Gamma, Brightness, Contrast, GaussianNoise, RicianNoise,
    BiasField, Cutout, *FILTERS,
)  # fmt: skip
OPS: Mapping[str, type[Op]] = {kind.NAME: kind for kind in _KINDS}
"""Every op of one sample, by the name that its parameters carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Ops in their order, and what the samples are.

    Spatial ops come to one map whatever stands between them; tone ops and filters then act on the
    resampled image in the order given. Everything that is drawn depends on (seed, epoch, sample,
    position of the op) alone.
    """

    ops: tuple[Op, ...]
    shape: tuple[int, ...]
    """Of the output, (H, W) or (D, H, W)."""
    axes: tuple[str, ...] = ()
    """Names of the image's axes, such as ("head-foot", "left-right"); empty: `slice`, `row`,
    `column`."""
    spacing: tuple[float, ...] = ()
    """Size of an element along each axis in any unit; empty: all equal."""
    window: tuple[float, float] | None = None
    """Ends of the values; None: 0 to 255 for uint8, else those seen in each sample."""
    fill: float | None = None
    """What is outside the image; None: the window's low end."""

    def draw(self, *, seed: int, epoch: int, sample: int) -> list[Params]:
        """The parameters of one sample in one epoch, plain JSON: log them, and replay them."""
        words = uniforms(seed, epoch, sample, len(self.ops)).tolist()
        axes = len(self.shape)
        drawn = (op.draw(Draw(words[at], axes=axes)) for at, op in enumerate(self.ops))
        return [params for params_of_op in drawn for params in params_of_op]

    def apply(self, sample: Sample, params: Sequence[Params]) -> Sample:
        """The sample after the ops; the one given is left as it was."""
        source = volume(sample.image)
        labels = label_volume(sample.labels, source)
        out = np.empty((len(source), *self._goal), np.float32)
        out_labels = None if labels is None else np.empty(self._goal, np.uint8)
        frame = self._into(source, labels, params, (out, out_labels))
        made = Sample(
            image=out.reshape(len(source), *self.shape),
            labels=None if out_labels is None else out_labels.reshape(self.shape),
        )
        if sample.points is not None:
            points, kept = places.moved_points(frame, sample.points)
            made = replace(made, points=points, kept_points=kept)
        if sample.boxes is not None:
            boxes, kept = places.moved_boxes(frame, sample.boxes)
            made = replace(made, boxes=boxes, kept_boxes=kept)
        return made

    def batch(
        self,
        images: Array,
        *,
        keys: Iterable[int],
        seed: int,
        epoch: int,
        labels: NDArray[np.uint8] | None = None,
        out: NDArray[np.float32] | None = None,
        threads: int = 1,
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8] | None]:
        """Augmented `images` [B, C, *spatial] and labels [B, *spatial], drawn for the samples'
        stable numbers `keys`; values stay on the scale of the input.

        The interpreter's lock is free most of the time, so threads add up. `out` is written to if
        it is given.
        """
        numbers = [int(key) for key in keys]
        made = self._room(images, numbers, out)
        copied = None if labels is None else np.empty((len(numbers), *self.shape), np.uint8)

        def one(at: int) -> None:
            source = volume(images[at])
            mask = None if labels is None else label_volume(labels[at], source)
            target = None if copied is None else copied[at].reshape(self._goal)
            image = made[at].reshape(len(source), *self._goal)
            params = self.draw(seed=seed, epoch=epoch, sample=numbers[at])
            self._into(source, mask, params, (image, target))

        if threads == 1:
            for at in range(len(numbers)):
                one(at)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(one, range(len(numbers))))
        return made, copied

    @property
    def names(self) -> tuple[str, ...]:
        """What the axes are called."""
        return self.axes or PLAIN[3 - len(self.shape) :]

    @property
    def _goal(self) -> Shape:
        z, y, x = (1,) * (3 - len(self.shape)) + tuple(self.shape)
        return (z, y, x)

    def _room(
        self, images: Array, keys: list[int], out: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        shape = (len(keys), images.shape[1], *self.shape) if images.ndim > 2 else ()
        if len(images) != len(keys) or images.ndim != len(self.shape) + 2:
            raise DataError(
                "augmentation",
                expected=f"images [{len(keys)}, channel, {len(self.shape)} axes], one for each key",
                found=f"an array of shape {images.shape}",
            )
        if out is None:
            return np.empty(shape, np.float32)
        if out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
            raise DataError(
                "augmentation",
                expected=f"room for float32 {shape}",
                found=f"{out.dtype} {out.shape}",
            )
        return out

    def _tone(self, source: Array, kinds: Iterable[type[Op]]) -> Tone:
        """The window and, where an op looks at values, the means."""
        window = self.window or ((0.0, 255.0) if source.dtype == np.uint8 else None)
        if window is None:
            low, high, means = seen(source)
            window = (low, high)
        elif any(kind.NAME == "contrast" for kind in kinds):
            means = channel_means(source)
        else:
            means = (0.0,) * len(source)
        return Tone(low=window[0], high=window[1], means=means, shape=self._goal)

    def _into(
        self,
        source: Array,
        labels: NDArray[np.uint8] | None,
        params: Sequence[Params],
        made: tuple[NDArray[np.float32], NDArray[np.uint8] | None],
    ) -> Frame:
        """Apply to [C, D, H, W] and write into the arrays given."""
        size = (source.shape[1], source.shape[2], source.shape[3])
        begin = start(size, self._goal, spacing=self.spacing, axes=self.names)
        frame = framed(OPS, params, begin)
        tone = self._tone(source, [kind_of(OPS, one) for one in params])
        fill = tone.low if self.fill is None else self.fill
        first, *others = stretches(OPS, params, tone)
        resampled((source, labels), made, frame, first, fill)
        for stretch in others:
            filtered(kind_of(OPS, stretch.filter or {}), made[0], stretch, tone)
        return frame
