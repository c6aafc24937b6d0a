"""One network of images, tuned and trained with augmentation, and exported beside its novelty."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from bedside.adapters.onnx.images_export import export_images
from bedside.core.dataset import Schema
from bedside.core.spec import Source, build
from bedside.methods.entrant import Learned, Lesson
from bedside.methods.fit import Fitted, Part, Schedule, bfloat16_pays
from bedside.methods.networks.images.classifier import Classifier
from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
from bedside.methods.networks.images.inward import ImageFacts, image_facts
from bedside.methods.outcome import Outcome
from bedside.methods.pretraining.begin import encoder_rate
from bedside.methods.pretraining.probe import fit_from
from bedside.methods.searches import Search, searched
from bedside.methods.tune import Between, OneOf, Setting
from bedside.modalities.images.settings import axes_of, frozen
from bedside.modalities.images.train_augment import augmentation
from bedside.modalities.images.train_simple import features_of

Settings = Mapping[str, Setting]
_SCHEDULE = ("rate", "decay")
_LOOKS = 6
"""At selecting patients in a training, about: each costs as much as many steps."""
SEARCH = Search(
    space={
        "rate": Between(low=1e-3, high=1e-2, log=True),
        "decay": Between(low=1e-4, high=1e-1, log=True),
        "dropout": Between(low=0.0, high=0.4),
        "width": OneOf(values=(12, 16, 24)),
    },
    defaults={"rate": 3e-3, "decay": 0.05, "dropout": 0.0, "width": 16},
)


def learn_deep(lesson: Lesson) -> Learned:
    """Tune and train the network; with `lesson.fixed`, train it once as that says."""
    images = lesson.train["image"]
    facts = facts_of(images, lesson.schema)

    def attempt(settings: Settings, seconds: float) -> tuple[float, Fitted]:
        fitted = _fitted(lesson, facts, settings, seconds)
        return fitted.score, fitted

    found = searched(SEARCH, attempt, lesson)
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
    network = network_of(facts_of(images, schema), outcome, settings)
    network.load_state_dict(load_file(folder / "weights.safetensors"))
    return network.eval()


def _fitted(lesson: Lesson, facts: ImageFacts, settings: Settings, seconds: float) -> Fitted:
    batch = batch_size(len(lesson.train["image"]))
    steps = lesson.epochs * len(lesson.train["image"]) / batch
    schedule = Schedule(
        epochs=lesson.epochs, patience=0, every=max(1, lesson.epochs // _LOOKS), batch=batch,
        rate=float(settings["rate"]), decay=float(settings["decay"]), course="one-cycle",
        average=min(0.99, max(0.5, 1 - 10 / max(steps, 1))), bfloat16=bfloat16_pays(),
        seconds=seconds, encoder=encoder_rate(lesson.start),
    )  # fmt: skip
    return fit_from(
        lesson.start, lambda: network_of(facts, lesson.train_outcome, settings),
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


def network_of(facts: ImageFacts, outcome: Outcome, settings: Settings) -> Classifier:
    """The network, untrained; settings of the training are left aside."""
    own = {key: value for key, value in settings.items() if key not in _SCHEDULE}
    return convnet(facts, outcome, build(ConvNetSettings, own, Source("settings")))
