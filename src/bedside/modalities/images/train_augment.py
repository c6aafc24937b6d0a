"""The augmentation of training images, as the loop of training takes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.methods.batches import Arrays, Augment, Rows
from bedside.methods.entrant import Lesson
from bedside.modalities.images.augment import Chain, chain_from


def chain_of(lesson: Lesson, shape: tuple[int, ...]) -> Chain | None:
    """The study's chain on samples of a shape; None where it asks for none."""
    if lesson.chain is None:
        return None
    chain = chain_from(lesson.chain, shape=shape)
    return chain if chain.ops else None


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
