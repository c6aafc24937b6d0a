"""One generation that outlines: trained on windows, and asked about whole images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import nn

from bedside.methods.entrant import Lesson
from bedside.methods.fit import Fitted, Part, predict
from bedside.methods.ladder import Course, Predict, Reached, climb_one
from bedside.methods.networks.images.generations import Generation, segmenter
from bedside.methods.networks.images.inward import image_facts
from bedside.methods.outlining import Outliner
from bedside.methods.rung import Allowance, Rung
from bedside.modalities.images.settings import axes_of, frozen
from bedside.modalities.images.train_masks import augmented, goal, patch_of
from bedside.modalities.images.train_windows import Patch, Values, middles


def climb_masks(
    generation: Generation, rung: Rung, lesson: Lesson, allowance: Allowance
) -> Reached:
    """Train it within the allowance; what it predicts are masks [N, *spatial]."""
    patch, structures = patch_of(lesson), len(lesson.schema.target.classes)
    seen = middles(lesson.train["image"], lesson.train["extent"], patch)
    settings = frozen(lesson.schema)
    mirror = tuple(at for at, name in enumerate(axes_of(settings.kind)) if name in settings.mirrors)
    facts = image_facts(seen, each=settings.kind == "volume", mirror=mirror)

    def network() -> nn.Module:
        return segmenter(generation, facts, structures)

    return climb_one(rung, network, _course(lesson, allowance, patch),
                     lambda fitted: _outlines(fitted, patch, structures))  # fmt: skip


def _course(lesson: Lesson, allowance: Allowance, patch: Patch) -> Course:
    train_masks, select_masks = lesson.masks or (None, None)
    if train_masks is None or select_masks is None:
        raise ValueError("a segmentation is learnt from masks")
    structures, select = len(lesson.schema.target.classes), lesson.select
    of_select = middles(select_masks[:, None], select["extent"], patch)[:, 0].astype(np.uint8)
    return Course(
        lesson=lesson, allowance=allowance, augment=augmented(lesson, patch),
        train=Part(
            arrays=(lesson.train["image"], lesson.train["extent"]),
            outcome=goal(train_masks, lesson.train_outcome.weights, structures),
        ),
        select=Part(
            arrays=(middles(select["image"], select["extent"], patch),),
            outcome=goal(of_select, lesson.select_outcome.weights, structures),
        ),
    )  # fmt: skip


def _outlines(fitted: Fitted, patch: Patch, structures: int) -> Predict:
    def patches(asked: Mapping[str, Values]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chances = predict(fitted.network, (asked["image"],)).astype(np.float32)
        return chances, np.zeros(len(chances), np.float32)

    outliner = Outliner(patches=patches, patch=patch, structures=structures)
    return lambda asked: outliner.outlines(asked).masks
