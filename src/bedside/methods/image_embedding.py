"""Where images lie by their looks: hand-crafted features, and the picture itself made small.

For nearest neighbours: a copy lies close by both, also when its brightness or contrast was changed.
Nothing is learnt but means and deviations of the reference images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from bedside.methods.image_features import ImageFeatures, fitted_features

Floats = NDArray[np.float32]
SIDE = 16
"""Rows and columns of the small picture, at most."""
FAR = 5.0
"""Deviations beyond which a feature counts no more."""
CHUNK = 1 << 19
"""Elements that are looked at at a time, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEmbedding:
    """Fitted to reference images; a unit is about the deviation among them."""

    features: ImageFeatures
    mean: Floats
    """[P] of the features."""
    deviation: Floats

    def looks(self, images: NDArray[np.generic]) -> Floats:
        """[N, P] hand-crafted features, each at mean 0 and deviation 1 over the reference."""
        values = (raw_features(self.features, images) - self.mean) / self.deviation
        return np.asarray(values, np.float32)

    def of(self, images: NDArray[np.generic]) -> Floats:
        """[N, P + Q]: the looks, and the small picture; both halves weigh the same."""
        looks = np.clip(self.looks(images), -FAR, FAR) / np.sqrt(len(self.mean))
        small = small_pictures(images)
        return np.concatenate([looks, small / np.sqrt(small.shape[1])], axis=1)


def image_embedding(images: NDArray[np.generic]) -> ImageEmbedding:
    """Fitted to reference images [N, C, H, W]."""
    features = fitted_features(images)
    values = raw_features(features, images)
    deviation = values.std(axis=0)
    deviation[deviation < 1e-6] = 1.0
    return ImageEmbedding(features=features, mean=values.mean(axis=0), deviation=deviation)


def raw_features(features: ImageFeatures, images: NDArray[np.generic]) -> Floats:
    """[N, P] of images [N, C, H, W], some at a time."""
    step = max(1, CHUNK // max(1, int(np.prod(images.shape[1:]))))
    with torch.inference_mode():
        parts = [
            features(torch.from_numpy(np.ascontiguousarray(images[at : at + step]))).numpy()
            for at in range(0, max(len(images), 1), step)
        ]
    return np.concatenate(parts)


def small_pictures(images: NDArray[np.generic]) -> Floats:
    """[N, Q] images averaged to at most 16 x 16, each at mean 0 and deviation 1."""
    sides = (min(SIDE, images.shape[2]), min(SIDE, images.shape[3]))
    step = max(1, CHUNK // max(1, int(np.prod(images.shape[1:]))))
    parts = []
    for at in range(0, max(len(images), 1), step):
        values = torch.from_numpy(np.asarray(images[at : at + step], np.float32))
        parts.append(torch.nn.functional.adaptive_avg_pool2d(values, sides).flatten(1).numpy())
    flat = np.concatenate(parts)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / (flat.std(axis=1, keepdims=True) + 1e-3), np.float32)
