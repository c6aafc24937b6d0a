"""Mixup and CutMix: ops of a batch, which mix each sample with a partner and so its target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.core.randomness import stream

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """How a batch is mixed: plain numbers that can be logged and replayed."""

    partners: tuple[int, ...]
    """For each sample the place in the batch of the one it is mixed with."""
    shares: tuple[float, ...]
    """How much of each sample is its own; its target counts so much, its partner's the rest."""
    boxes: tuple[tuple[tuple[float, float], ...], ...] = ()
    """CutMix: first and last share along each axis of the box that comes from the partner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixup:
    """A weighted mean of two images (Zhang et al., 2018)."""

    alpha: float = 0.2
    """Both parameters of the beta distribution of the share."""

    def draw(self, keys: Sequence[int], *, seed: int, epoch: int) -> Mixed:
        """For the batch of samples `keys`."""
        random = _stream(keys, seed, epoch)
        shares = random.beta(self.alpha, self.alpha, len(keys))
        own = np.maximum(shares, 1 - shares)
        return Mixed(
            partners=tuple(random.permutation(len(keys)).tolist()), shares=tuple(own.tolist())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CutMix:
    """A box of each image comes from another (Yun et al., 2019)."""

    alpha: float = 1.0
    """Both parameters of the beta distribution of the share that is the sample's own."""

    def draw(self, keys: Sequence[int], *, seed: int, epoch: int, axes: int = 2) -> Mixed:
        """For the batch of samples `keys`, with images of so many axes."""
        random = _stream(keys, seed, epoch)
        partners = random.permutation(len(keys))
        shares, boxes = [], []
        for own in random.beta(self.alpha, self.alpha, len(keys)).tolist():
            edge = (1 - own) ** (1 / axes)
            first = random.uniform(0, 1 - edge, axes).tolist()
            boxes.append(tuple((start, start + edge) for start in first))
            shares.append(own)
        return Mixed(partners=tuple(partners.tolist()), shares=tuple(shares), boxes=tuple(boxes))


def mix(images: Floats, mixed: Mixed) -> tuple[Floats, NDArray[np.float64]]:
    """Mixed images [B, C, *spatial] (the batch given is left alone), and the share of each sample
    that is its own: exact, for a box of whole elements."""
    other = images[list(mixed.partners)]
    own = np.asarray(mixed.shares)
    if not mixed.boxes:
        share = own.astype(np.float32).reshape(-1, *[1] * (images.ndim - 1))
        return np.asarray(share * images + (1 - share) * other, np.float32), own
    made, size = images.copy(), images.shape[2:]
    for at, box in enumerate(mixed.boxes):
        ends = [(round(a * n), round(b * n)) for (a, b), n in zip(box, size, strict=True)]
        inside = (slice(None), *(slice(a, b) for a, b in ends))
        made[at][inside] = other[at][inside]
        own[at] = 1 - np.prod([(b - a) / n for (a, b), n in zip(ends, size, strict=True)])
    return made, own


def mixed_targets(targets: NDArray[Any], mixed: Mixed, own: NDArray[np.float64]) -> NDArray[Any]:
    """Soft targets [B, K] of a mixed batch from those of the samples."""
    share = own.reshape(-1, *[1] * (targets.ndim - 1))
    return np.asarray(share * targets + (1 - share) * targets[list(mixed.partners)])


def _stream(keys: Sequence[int], seed: int, epoch: int) -> np.random.Generator:
    total = 0
    for key in keys:
        total = (total * 6364136223846793005 + int(key) + 1442695040888963407) & ((1 << 64) - 1)
    return stream(seed, epoch, total, 7)
