"""The ladder for images: from the perceptron to ConvNeXt, and for masks from it to MedNeXt."""

from __future__ import annotations

from bedside.core.study import TaskType
from bedside.methods.entrant import Lesson
from bedside.methods.fit import Part
from bedside.methods.ladder import Course, Reached, climb_one
from bedside.methods.networks.images.generations import (
    CLASSIFIERS,
    SEGMENTERS,
    Generation,
    classifier,
)
from bedside.methods.rung import Allowance, Pace, Rung
from bedside.modalities.images.history_masks import climb_masks
from bedside.modalities.images.train import arrays
from bedside.modalities.images.train_augment import augmentation
from bedside.modalities.images.train_deep import facts_of

__all__ = ["arrays", "climb", "ladder", "pace"]


def ladder(task: TaskType) -> tuple[Rung, ...]:
    """Generations that can learn a task, oldest first."""
    return tuple(_rung(one) for one in _generations(task))


def pace(task: TaskType) -> Pace:
    """Augmented images are not soon learnt by heart, and a look costs as much as many steps."""
    return Pace(steps=200, batch=2 if task == "segmentation" else 32, looks=2)


def climb(name: str, lesson: Lesson, allowance: Allowance) -> Reached:
    """Train one generation within the allowance."""
    task = lesson.schema.target.type
    (generation,) = (one for one in _generations(task) if one.name == name)
    rung = _rung(generation)
    if task == "segmentation":
        return climb_masks(generation, rung, lesson, allowance)
    facts = facts_of(lesson.train["image"], lesson.schema)
    course = Course(
        lesson=lesson, allowance=allowance, augment=augmentation(lesson),
        train=Part(arrays=(lesson.train["image"],), outcome=lesson.train_outcome),
        select=Part(arrays=(lesson.select["image"],), outcome=lesson.select_outcome),
    )  # fmt: skip
    return climb_one(
        rung, lambda: classifier(generation, facts, lesson.train_outcome), course,
        lambda fitted: lambda asked: fitted.predict(asked["image"]),
    )  # fmt: skip


def _generations(task: TaskType) -> tuple[Generation, ...]:
    return SEGMENTERS if task == "segmentation" else CLASSIFIERS


def _rung(generation: Generation) -> Rung:
    return Rung(
        name=generation.name, title=generation.title, year=generation.year,
        added=generation.added, source=generation.source, rate=generation.rate,
    )  # fmt: skip
