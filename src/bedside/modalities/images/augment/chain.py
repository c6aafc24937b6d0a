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
from bedside.modalities.images.augment.philox import numbers
from bedside.modalities.images.augment.plan import framed, kind_of, stretches
from bedside.modalities.images.augment.sample import (
    Sample,
    check_places,
    label_volumes,
    volumes,
)
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
        source = volumes(sample.image[None])
        check_places(sample, len(self.shape))
        labels = label_volumes(None if sample.labels is None else sample.labels[None], source)
        out = np.empty((1, source.shape[1], *self._goal), np.float32)
        out_labels = None if labels is None else np.empty((1, *self._goal), np.uint8)
        frame = self._into((source, labels), [params], (out, out_labels))[0]
        made = Sample(
            image=out.reshape(source.shape[1], *self.shape),
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
        drawn_for = [int(key) for key in keys]
        made = self._room(images, drawn_for, out)
        copied = None if labels is None else np.empty((len(drawn_for), *self.shape), np.uint8)
        source = volumes(images)
        mask = label_volumes(labels, source)
        image = made.reshape(*source.shape[:2], *self._goal)
        target = None if copied is None else copied.reshape(-1, *self._goal)

        def some(part: slice) -> None:
            drawn = self._drawn(drawn_for[part], seed=seed, epoch=epoch)
            begin = (source[part], None if mask is None else mask[part])
            self._into(begin, drawn, (image[part], None if target is None else target[part]))

        parts = _parts(len(drawn_for), threads)
        if len(parts) == 1:
            some(parts[0])
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(some, parts))
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

    def _drawn(self, samples: list[int], *, seed: int, epoch: int) -> list[list[Params]]:
        """What `draw` draws for each of some samples."""
        axes = len(self.shape)
        return [
            [params for op, row in zip(self.ops, words, strict=True)
             for params in op.draw(Draw(row, axes=axes))]
            for words in numbers(seed, epoch, samples, len(self.ops)).tolist()
        ]  # fmt: skip

    def _tones(self, source: Array, drawn: Sequence[Sequence[Params]]) -> list[Tone]:
        """Of each sample the window and, where an op looks at values, the means."""
        window = self.window or ((0.0, 255.0) if source.dtype == np.uint8 else None)
        if window is None:
            found = zip(*seen(source), strict=True)
            return [
                Tone(low=low, high=high, means=means, shape=self._goal)
                for low, high, means in found
            ]
        low, high = window
        if any(kind_of(OPS, one).NAME == "contrast" for params in drawn for one in params):
            return [
                Tone(low=low, high=high, means=means, shape=self._goal)
                for means in channel_means(source)
            ]
        none = (0.0,) * source.shape[1]
        return [Tone(low=low, high=high, means=none, shape=self._goal)] * len(drawn)

    def _into(
        self,
        source: tuple[Array, NDArray[np.uint8] | None],
        drawn: Sequence[Sequence[Params]],
        made: tuple[NDArray[np.float32], NDArray[np.uint8] | None],
    ) -> list[Frame]:
        """Apply to [B, C, D, H, W], to each sample its own, and write into the arrays given."""
        if not drawn:
            return []
        depth, height, width = source[0].shape[2:]
        begin = start((depth, height, width), self._goal, spacing=self.spacing, axes=self.names)
        frames = [framed(OPS, params, begin) for params in drawn]
        tones = self._tones(source[0], drawn)
        fills = [tone.low if self.fill is None else self.fill for tone in tones]
        plans = [stretches(OPS, params, tone) for params, tone in zip(drawn, tones, strict=True)]
        resampled(source, made, frames, [plan[0].steps for plan in plans], fills)
        for image, plan, tone in zip(made[0], plans, tones, strict=True):
            for stretch in plan[1:]:
                filtered(kind_of(OPS, stretch.filter or {}), image, stretch, tone)
        return frames


def _parts(count: int, threads: int) -> list[slice]:
    """Parts of a batch, one for each thread."""
    size = max(1, -(-count // max(threads, 1)))
    return [slice(first, first + size) for first in range(0, max(count, 1), size)]
