"""Made-up cases of pictures, with classes or masks, and a flow that is trained in a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.methods.cases import Cases
from bedside.methods.networks.images.velocity import VelocitySettings
from bedside.methods.synthesis.image_flow import FlowSettings

QUICK = FlowSettings(
    network=VelocitySettings(widths=(32,), fold=2), batch=16, steps=3, seconds=1e9, turns=2
)


def with_classes(
    count: int = 24, *, side: int = 12, dtype: str = "uint8", shares: tuple[float, ...] = (0.5, 0.5)
) -> Cases:
    """Class k is brighter by 40 k; classes in turn, as often as the shares say."""
    rng = np.random.default_rng(0)
    target = np.repeat(np.arange(len(shares)), np.rint(np.array(shares) * count).astype(int))
    values = 80 + 40 * target[:, None, None, None] + rng.normal(0, 8, (len(target), 1, side, side))
    return _cases({"image": np.rint(values).astype(dtype)}, target.astype(float))


def with_masks(
    count: int = 24, *, sides: tuple[int, int] = (16, 16), padded: bool = False
) -> Cases:
    """A bright blob of structure 1, in every other picture a dark one of structure 2 beside it."""
    rng = np.random.default_rng(1)
    masks = np.zeros((count, *sides), np.uint8)
    for at in range(count):
        top, left = rng.integers(3, 6, 2)
        masks[at, top : top + 4, left : left + 4] = 1
        if at % 2:
            masks[at, top : top + 4, left + 4 : left + 7] = 2
    bright = np.array([0, 60, -50])[masks]
    images = (100 + bright + rng.normal(0, 4, masks.shape)).round().astype(np.uint8)[:, None]
    extents = np.tile(np.array(sides, np.int32), (count, 1))
    if padded:
        extents[::3] = (sides[0] - 3, sides[1] - 2)
        for image, (high, wide) in zip(images, extents, strict=True):
            low = image[:, :high, :wide].min()
            image[:, high:], image[:, :, wide:] = low, low
    spacing = np.ones((count, 2), np.float32)
    arrays = {"image": images, "mask": masks, "extent": extents, "spacing": spacing}
    return _cases(arrays, np.ones(count))


def _cases(arrays: dict[str, NDArray[np.generic]], target: NDArray[np.float64]) -> Cases:
    nothing = np.full(len(target), np.nan)
    return Cases(
        arrays=arrays, subjects=np.arange(len(target)) // 2, target=target, duration=nothing,
        event=nothing,
    )  # fmt: skip
