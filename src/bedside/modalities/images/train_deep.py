"""One network of images, tuned and trained with augmentation, and exported beside its novelty."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from bedside.adapters.onnx.images_export import export_images
from bedside.core.dataset import Schema
from bedside.methods.entrant import Learned, Lesson
from bedside.methods.fit import Fitted, Part, Schedule
from bedside.methods.networks.images.inward import ImageFacts, image_facts
from bedside.methods.outcome import Outcome
from bedside.methods.pretraining.begin import encoder_rate
from bedside.methods.pretraining.probe import fit_from
from bedside.methods.pretraining.start import scratch_name
from bedside.methods.searches import searched
from bedside.modalities.images.settings import axes_of, frozen
from bedside.modalities.images.train_augment import augmentation
from bedside.modalities.images.train_networks import (
    Settings,
    in_bfloat16,
    network_of,
    search_of,
)
from bedside.modalities.images.train_simple import features_of

_LOOKS = 6
"""At selecting patients in a training, about: each costs as much as many steps."""


def learn_deep(name: str, lesson: Lesson) -> Learned:
    """Tune and train a network; with `lesson.fixed`, train it once as that says."""
    images = lesson.train["image"]
    facts = facts_of(images, lesson.schema)

    def attempt(settings: Settings, seconds: float) -> tuple[float, Fitted]:
        def build() -> nn.Module:
            return network_of(name, facts, lesson.train_outcome, settings)

        fitted = _fitted(build, lesson, settings, seconds, bfloat16=in_bfloat16(name))
        return fitted.score, fitted

    found = searched(search_of(name, facts.dims), attempt, lesson)
    fitted = found.fitted

    def export() -> bytes:
        network = export_images(fitted.network, images.shape[1:], dtype=images.dtype)
        return features_of(images, lesson.shared).under(network)

    state = fitted.network.state_dict()
    return Learned(
        predict=lambda arrays: fitted.predict(arrays["image"]), export=export,
        settings=lesson.fixed.settings if lesson.fixed else found.best.settings,
        length=fitted.epochs, parameters=fitted.parameters, score=found.best.score,
        trials=found.trials, seconds=found.seconds, cut=found.cut or fitted.cut,
        weights={name: value.numpy() for name, value in state.items()},
    )  # fmt: skip


def facts_of(images: NDArray[np.generic], schema: Schema) -> ImageFacts:
    """What the network must know of its images; MR numbers have no unit, so each is brought to one
    scale by itself."""
    settings = frozen(schema)
    names = axes_of(settings.kind)
    mirror = tuple(at for at, name in enumerate(names) if name in settings.mirrors)
    return image_facts(images, each=settings.kind == "volume", mirror=mirror)


def rebuilt(folder: Path, images: NDArray[np.generic], outcome: Outcome, schema: Schema,
            settings: Settings) -> nn.Module:  # fmt: skip
    """The trained network again, from what train left in its folder; in evaluation mode."""
    name = scratch_name(folder.name) or folder.name
    network = network_of(name, facts_of(images, schema), outcome, settings)
    network.load_state_dict(load_file(folder / "weights.safetensors"))
    return network.eval()


def _fitted(
    build: Callable[[], nn.Module],
    lesson: Lesson,
    settings: Settings,
    seconds: float,
    *,
    bfloat16: bool,
) -> Fitted:
    batch = batch_size(len(lesson.train["image"]))
    steps = lesson.epochs * len(lesson.train["image"]) / batch
    schedule = Schedule(
        epochs=lesson.epochs, patience=0, every=max(1, lesson.epochs // _LOOKS), batch=batch,
        rate=float(settings["rate"]), decay=float(settings["decay"]), course="one-cycle",
        average=min(0.99, max(0.5, 1 - 10 / max(steps, 1))), bfloat16=bfloat16,
        seconds=seconds, encoder=encoder_rate(lesson.start),
    )  # fmt: skip
    return fit_from(
        lesson.start, build,
        Part(arrays=(lesson.train["image"],), outcome=lesson.train_outcome),
        Part(arrays=(lesson.select["image"],), outcome=lesson.select_outcome),
        schedule, seed=lesson.seed, augment=augmentation(lesson),
    )  # fmt: skip


def batch_size(rows: int) -> int:
    """At least about thirty batches an epoch, of 16 to 128 images, in powers of two.

    >>> batch_size(400), batch_size(3_000), batch_size(20_000)
    (16, 64, 128)
    """
    return min(128, max(16, 1 << (max(rows // 32, 1).bit_length() - 1)))
