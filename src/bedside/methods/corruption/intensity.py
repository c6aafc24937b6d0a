"""Corruptions that change values where they are: noise, contrast, fields, JPEG, things in the way.

Each takes images float32 [N, C, *spatial], a level and the `Scene`, and gives new images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image as Picture

from bedside.methods.corruption.spread import Floats, Spread, lifted


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a corruption goes by."""

    spread: Spread
    random: Sequence[np.random.Generator]
    """One for each image, and the same at every level: a level is more of the same."""

    def low(self, images_NCS: Floats) -> Floats:
        """[C, 1, ...] what counts as dark."""
        return lifted(self.spread.low, images_NCS.ndim - 2)

    def wide(self, images_NCS: Floats) -> Floats:
        """[C, 1, ...] from dark to bright."""
        return self.spread.wide(images_NCS.ndim - 2)

    def normal(self, images_NCS: Floats) -> Floats:
        """Standard normal values, one for each of the images'."""
        shape = images_NCS.shape[1:]
        return np.stack([one.standard_normal(shape, np.float32) for one in self.random])

    def uniform(self, images_NCS: Floats) -> Floats:
        """[N, 1, ...] one value in [0, 1) for each image."""
        values = np.array([one.random() for one in self.random], np.float32)
        return values.reshape(-1, *[1] * (images_NCS.ndim - 1))

    def window(self, images_NCS: Floats) -> tuple[Floats, Floats]:
        """[N, C, 1, ...] where each image saturates: the spread, or its own ends beyond it."""
        axes = tuple(range(2, images_NCS.ndim))
        low = self.low(images_NCS)
        floor = np.minimum(images_NCS.min(axis=axes, keepdims=True), low)
        top = np.maximum(images_NCS.max(axis=axes, keepdims=True), low + self.wide(images_NCS))
        return floor, top


def noise(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """Gaussian noise; the level is its standard deviation as a share of the spread."""
    return images_NCS + level * scene.wide(images_NCS) * scene.normal(images_NCS)


def rician(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """The noise of magnitude MR: both parts of a complex signal are noisy, its size is seen.

    Dark places brighten (Gudbjartsson and Patz, Magn Reson Med 1995;34:910). Level as for noise.
    """
    low = scene.low(images_NCS)
    sigma = level * scene.wide(images_NCS)
    real = np.maximum(images_NCS - low, 0) + sigma * scene.normal(images_NCS)
    seen = np.hypot(real, sigma * scene.normal(images_NCS))
    return np.asarray(low + seen + np.minimum(images_NCS - low, 0), np.float32)


def contrast(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """Distances from the image's mean times the level; what goes beyond the window saturates."""
    mean = images_NCS.mean(axis=tuple(range(2, images_NCS.ndim)), keepdims=True)
    changed = mean + level * (images_NCS - mean)
    return np.asarray(np.clip(changed, *scene.window(images_NCS)), np.float32)


def brightness(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """Brighter or darker, drawn by image, by that share of the spread; saturates as contrast."""
    sign = np.where(scene.uniform(images_NCS) < 0.5, -1.0, 1.0).astype(np.float32)
    moved = images_NCS + sign * level * scene.wide(images_NCS)
    return np.asarray(np.clip(moved, *scene.window(images_NCS)), np.float32)


def bias_field(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """A smooth field times the values above dark: up to the level, down to one part in it."""
    shape = images_NCS.shape[2:]
    axes = np.meshgrid(*[np.linspace(-1, 1, size, dtype=np.float32) for size in shape],
                       indexing="ij", sparse=True)  # fmt: skip
    low = scene.low(images_NCS)
    fields = [np.exp(np.log(level) * _smooth(axes, one))[None] for one in scene.random]
    return np.asarray(low + (images_NCS - low) * np.stack(fields), np.float32)


def _smooth(axes: Sequence[Floats], random: np.random.Generator) -> Floats:
    """A polynomial of the second degree in the place, within -1 and 1."""
    field = np.zeros(np.broadcast_shapes(*[axis.shape for axis in axes]), np.float32)
    for at, axis in enumerate(axes):
        field += np.float32(random.normal()) * axis
        for other in axes[at:]:
            field += np.float32(random.normal()) * axis * other
    field -= (field.max() + field.min()) / 2
    largest = np.abs(field).max()
    return field / largest if largest > 0 else field


def occlusion(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """A box over that share of the image, anywhere in it, of the training images' mean value."""
    shape = images_NCS.shape[2:]
    edges = [max(1, round(size * level ** (1 / len(shape)))) for size in shape]
    fill = lifted(scene.spread.centre, len(shape))
    covered = images_NCS.copy()
    for image, random in zip(covered, scene.random, strict=True):
        starts = [
            int(random.random() * (size - edge + 1))
            for size, edge in zip(shape, edges, strict=True)
        ]
        box = tuple(slice(at, at + edge) for at, edge in zip(starts, edges, strict=True))
        image[(slice(None), *box)] = fill
    return covered


def polarity(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """That share of the images has dark and bright exchanged, as where a header is not heeded."""
    low = scene.low(images_NCS)
    turned = 2 * low + scene.wide(images_NCS) - images_NCS
    return np.where(scene.uniform(images_NCS) < level, turned, images_NCS)


def jpeg(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """JPEG at that quality (1 to 100), in 8 bits of the image's window, volumes plane by plane."""
    floor, top = scene.window(images_NCS)
    bytes_NCS = np.rint((images_NCS - floor) / (top - floor) * 255).astype(np.uint8)
    colour = images_NCS.shape[1] == 3
    planes = np.moveaxis(bytes_NCS, 1, -1) if colour else bytes_NCS
    size = planes.shape[-3:] if colour else planes.shape[-2:]
    flat = planes.reshape(-1, *size)
    read = np.stack([_through_jpeg(plane, int(level)) for plane in flat]).reshape(planes.shape)
    back = np.moveaxis(read, -1, 1) if colour else read
    return floor + back.astype(np.float32) / 255 * (top - floor)


def _through_jpeg(plane: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], quality: int) -> Floats:
    held = BytesIO()
    Picture.fromarray(plane).save(held, "JPEG", quality=quality)
    return np.asarray(Picture.open(held), np.float32)
