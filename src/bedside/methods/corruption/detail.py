"""Corruptions that cost sharpness: blur, motion, ghosts, low resolution.

Lengths are shares of the image's own edges, so that they mean the same at 28 and at 512 pixels.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter

from bedside.methods.corruption.intensity import Scene
from bedside.methods.corruption.spread import Floats


def blur(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """A Gaussian whose standard deviation is that share of each edge."""
    del scene
    sigma = (0.0, 0.0, *[level * size for size in images_NCS.shape[2:]])
    return np.asarray(gaussian_filter(images_NCS, sigma, mode="nearest"), np.float32)


def motion(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """The mean along a line in the plane, of that share of its shorter edge, in any direction."""
    rows, columns = images_NCS.shape[-2:]
    length = level * min(rows, columns)
    pad = math.ceil(length / 2) + 2
    margin = [(0, 0)] * (images_NCS.ndim - 2) + [(pad, pad), (pad, pad)]
    padded = np.pad(images_NCS, margin, mode="edge")
    size = padded.shape[-2:]
    down, right = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]
    angles = [one.random() * math.pi for one in scene.random]
    along = np.stack([math.sin(angle) * down + math.cos(angle) * right for angle in angles])
    gain = np.sinc(length * along).astype(np.float32)
    gain = gain.reshape(len(angles), *[1] * (images_NCS.ndim - 3), *gain.shape[1:])
    moved = fft.irfft2(fft.rfft2(padded) * gain, s=size)
    return np.asarray(moved[..., pad : pad + rows, pad : pad + columns], np.float32)


def ghosting(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """One to three faint copies, evenly around the field of view, that take that share of it.

    What a periodic movement leaves along the phase-encoding direction of MR, here the rows or the
    columns, drawn by image.
    """
    low = scene.low(images_NCS)
    above = images_NCS - low
    found = np.empty_like(above)
    for at, (image, random) in enumerate(zip(above, scene.random, strict=True)):
        axis, parts = int(random.integers(-2, 0)), int(random.integers(2, 5))
        steps = [round(image.shape[axis] * part / parts) for part in range(1, parts)]
        copies = sum(np.roll(image, step, axis) for step in steps) / len(steps)
        found[at] = (1 - level) * image + level * copies
    return low + found


def low_resolution(images_NCS: Floats, level: float, scene: Scene) -> Floats:
    """Taken with that share of the elements along each axis, then drawn to full size again."""
    del scene
    found = images_NCS
    for axis in range(2, images_NCS.ndim):
        size = images_NCS.shape[axis]
        through = _down_and_up(size, max(2, round(level * size)))
        if axis == images_NCS.ndim - 1:
            found = found @ through.T
        else:
            ahead = found.reshape(*found.shape[: axis + 1], -1)
            found = (through @ ahead).reshape(found.shape)
    return np.asarray(found, np.float32)


def _down_and_up(size: int, few: int) -> Floats:
    """[size, size]: the mean over each of `few` equal stretches, then linear in between."""
    if few >= size:
        return np.eye(size, dtype=np.float32)
    edges = np.linspace(0, size, few + 1)
    left, right = np.arange(size), np.arange(1, size + 1)
    inside = np.minimum(edges[1:, None], right) - np.maximum(edges[:-1, None], left)
    down = np.clip(inside, 0, None) / (size / few)
    place = np.clip((np.arange(size) + 0.5) * few / size - 0.5, 0, few - 1)
    up = np.clip(1 - np.abs(place[:, None] - np.arange(few)), 0, None)
    return np.asarray(up @ down, np.float32)
