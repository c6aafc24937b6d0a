"""Made-up images: a bright blob whose place is the class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from bedside.methods import outcome as outcomes
from bedside.methods.fit import Part
from bedside.methods.outcome import Outcome


@dataclass(frozen=True)
class Blobs:
    images: np.ndarray
    place: np.ndarray
    outcome: Outcome

    def part(self, rows: slice) -> Part:
        return Part(arrays=(self.images[rows],), outcome=self.outcome.rows(rows))


def blobs(
    samples: int, shape: tuple[int, ...], *, channels: int = 1, classes: int = 2, seed: int = 0
) -> Blobs:
    """Class k has its blob in the k-th part of the last axis, anywhere along the others."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, classes, samples)
    part = shape[-1] / classes
    centre = np.stack(
        [
            *(rng.uniform(0.2, 0.8, samples) * side for side in shape[:-1]),
            (place + rng.uniform(0.3, 0.7, samples)) * part,
        ]
    )
    grid = np.stack(np.meshgrid(*(np.arange(side) for side in shape), indexing="ij"))
    wide = (..., *(None for _ in shape))
    far = ((grid[:, None] - centre[wide]) ** 2).sum(axis=0) / (0.12 * shape[-1]) ** 2
    values = 60 + 120 * np.exp(-far) + rng.normal(0, 12, far.shape)
    images = np.repeat(np.clip(values, 0, 255).astype(np.uint8)[:, None], channels, axis=1)
    outcome = outcomes.binary(place > 0) if classes == 2 else outcomes.multiclass(place, classes)
    return Blobs(images=images, place=place, outcome=outcome)


@pytest.fixture
def made_up_blobs() -> Callable[..., Blobs]:
    return blobs
