"""The simple models of images: on hand-crafted features, and the novelty score of every model.

Features come from their graph, in training as later, so that a tree decides on the very numbers it
was trained with. All models of a race need the same graph and the same numbers: where the lesson
has a folder to share, the first makes them and the others read them, in files that are named by
what went in.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.features_export import export_features
from bedside.adapters.onnx.joined import joined, with_novelty
from bedside.adapters.onnx.simple import simple_graph
from bedside.core.made_once import made_once
from bedside.methods import novelty
from bedside.methods.entrant import Arrays, Learned, Lesson
from bedside.methods.image_features import ImageFeatures, fitted_features
from bedside.methods.outcome import Outcome
from bedside.methods.searches import searched
from bedside.methods.simple_models import SIMPLE, Fit, Material, fit_simple, parts_of
from bedside.methods.tabular_inputs import Floats, Inputs, Predictor, Values
from bedside.methods.tune import Setting

ELEMENTS = 1 << 20
"""Elements whose features are computed at a time, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Features fitted to the training images: their names and the graph that computes them."""

    names: tuple[str, ...]
    """[P] in words."""
    graph: bytes
    """`image` -> `numeric` [N, P]"""
    novelty: novelty.Novelty
    """How unlike the training images an image is, by its features."""
    shared: Path | None = None
    """Folder of what is computed once for several processes; None: computed each time."""

    def of(self, images: NDArray[np.generic]) -> Floats:
        """`numeric` [N, P] of images like those of training; either may be mapped from disk."""
        return _known(self.graph, images, self.shared)

    def under(self, model: bytes) -> bytes:
        """A graph `image -> value` with the novelty score as a second output."""
        return with_novelty(model, self.graph, self.novelty.params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The images of a lesson as features; computed once for all models that learn it."""

    features: Features
    train: Floats
    """[N, P]"""
    select: Floats


def features_of(images: NDArray[np.generic], shared: Path | None = None) -> Features:
    """Features and novelty fitted to training images [N, C, H, W] or [N, C, D, H, W]."""
    return _fitted(images, shared)[0]


def seen(lesson: Lesson) -> Seen:
    """Fit the features to the training images and compute them for both parts."""
    features, train = _fitted(lesson.train["image"], lesson.shared)
    return Seen(features=features, train=train, select=features.of(lesson.select["image"]))


def learn_simple(name: str, lesson: Lesson, known: Seen | None = None) -> Learned:
    """Tune and train one model of `SIMPLE` on features; with `lesson.fixed`, once as that says.

    `known` is what `seen` gave for the same lesson, so that it need not be computed again.
    """
    known = known or seen(lesson)
    features = known.features
    material = Material(
        train=_split(known.train, lesson.train_outcome),
        select=_split(known.select, lesson.select_outcome),
        epochs=lesson.epochs, patience=lesson.patience, seed=lesson.seed,
        length=lesson.fixed.length if lesson.fixed else 0,
    )  # fmt: skip

    def attempt(settings: Mapping[str, Setting], _: float) -> tuple[float, Fit]:
        fitted = fit_simple(name, material, settings)
        return fitted.score, fitted

    found = searched(SIMPLE[name], attempt, lesson)
    model = found.fitted.model

    def predict(asked: Arrays) -> Values:
        return model.predict(_inputs(features.of(asked["image"])))

    return Learned(
        predict=predict, export=lambda: features.under(_model_graph(model, features)),
        settings=lesson.fixed.settings if lesson.fixed else found.best.settings,
        length=found.fitted.length, parameters=model.parameters, score=found.best.score,
        trials=found.trials, seconds=found.seconds, cut=found.cut,
    )  # fmt: skip


def _model_graph(model: Predictor, features: Features) -> bytes:
    parts = parts_of(model)
    table = simple_graph(
        parts.kind, parts.link, parts.arrays, numbers=len(features.names), cardinalities=()
    )
    return joined(features.graph, table, by={"numeric": "numeric"})


def _fitted(images: NDArray[np.generic], shared: Path | None) -> tuple[Features, Floats]:
    module = fitted_features(images)
    asked = (module.shape, module.low, module.high, module.own, images.dtype)
    if shared is None:
        graph = _graph(*asked)
    else:
        name = f"features-{_digest(repr(asked).encode())}.onnx"
        graph = made_once(shared / name, lambda: _graph(*asked)).read_bytes()
    numeric = _known(graph, images, shared)
    distance = novelty.fit(numeric, _no_codes(numeric))
    return Features(names=module.names, graph=graph, novelty=distance, shared=shared), numeric


@lru_cache(maxsize=8)
def _graph(
    shape: tuple[int, ...], low: float, high: float, own: bool, dtype: np.dtype[np.generic]
) -> bytes:
    features = ImageFeatures(shape, low=low, high=high, own=own).eval()
    return export_features(features, shape, dtype=dtype)


def _known(graph: bytes, images: NDArray[np.generic], shared: Path | None) -> Floats:
    """Features, by the graph or as an earlier process left them; then mapped, and never written."""
    if shared is None:
        return _computed(graph, images)
    form = repr((images.shape, images.dtype.str)).encode()
    name = f"features-{_digest(graph, form, np.ascontiguousarray(images))}.npy"

    def make() -> bytes:
        held = io.BytesIO()
        np.save(held, _computed(graph, images), allow_pickle=False)
        return held.getvalue()

    # Copy on write: torch takes no array that cannot be written.
    values: Floats = np.load(made_once(shared / name, make), mmap_mode="c", allow_pickle=False)
    return values


def _digest(*parts: bytes | NDArray[np.generic]) -> str:
    total = blake2b(digest_size=16)
    for part in parts:
        total.update(part if isinstance(part, bytes) else part.data)
    return total.hexdigest()


def _computed(graph: bytes, images: NDArray[np.generic]) -> Floats:
    session = Graph(graph)
    step = max(1, ELEMENTS // max(int(np.prod(images.shape[1:])), 1))
    parts = [
        np.asarray(session.run({"image": images[start : start + step]})["numeric"], np.float32)
        for start in range(0, max(len(images), 1), step)
    ]
    return np.concatenate(parts)


def _split(numeric: Floats, outcome: Outcome) -> tuple[Inputs, Outcome]:
    return _inputs(numeric), outcome


def _inputs(numeric: Floats) -> Inputs:
    return Inputs(numeric=numeric, codes=_no_codes(numeric), cardinalities=())


def _no_codes(numeric: Floats) -> NDArray[np.int64]:
    return np.zeros((len(numeric), 0), np.int64)
