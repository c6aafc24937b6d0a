"""The augmentation of training images, as the loop of training takes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.methods.batches import Arrays, Augment, Rows
from bedside.methods.entrant import Lesson
from bedside.modalities.images.augment import (
    Affine,
    Brightness,
    Chain,
    Contrast,
    Flip,
    GaussianNoise,
)
from bedside.modalities.images.settings import axes_of, frozen


def chain_of(lesson: Lesson, shape: tuple[int, ...]) -> Chain | None:
    """The study's chain on samples of a shape; None where it asks for none."""
    settings = frozen(lesson.schema)
    return Chain(
        ops=(
            Affine(rotation=(-15.0, 15.0), scale=(0.9, 1.1), translation=(-0.05, 0.05)),
            Flip(axes=settings.mirrors), Brightness(factor=(0.85, 1.15)),
            Contrast(factor=(0.85, 1.15)), GaussianNoise(sd=(0.0, 0.02)),
        ),
        shape=shape, axes=axes_of(settings.kind),
    )  # fmt: skip


def augmentation(lesson: Lesson) -> Augment | None:
    """Images changed by the study's chain; None where it asks for none."""
    chain = chain_of(lesson, tuple(lesson.train["image"].shape[2:]))
    if chain is None:
        return None

    def augment(
        arrays: Arrays, labels: NDArray[np.generic], rows: Rows, *, epoch: int
    ) -> tuple[Arrays, NDArray[np.generic]]:
        made, _ = chain.batch(arrays[0], keys=rows.tolist(), seed=lesson.seed, epoch=epoch)
        return (made, *arrays[1:]), labels

    return augment
