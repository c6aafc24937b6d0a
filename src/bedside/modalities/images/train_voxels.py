"""The simple model that outlines: boosted trees that see each place and its surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.exporting import exported
from bedside.adapters.onnx.joined import joined
from bedside.adapters.onnx.places import as_patches
from bedside.adapters.onnx.simple import simple_graph
from bedside.adapters.session import open_graph
from bedside.methods.entrant import Learned, Lesson
from bedside.methods.networks.images.masks import MaskGoal
from bedside.methods.outcome import Outcome, multiclass
from bedside.methods.outlining import Outliner, Patches
from bedside.methods.searches import searched
from bedside.methods.simple_models import SIMPLE, Fit, Material, fit_simple, parts_of
from bedside.methods.tabular_inputs import Inputs
from bedside.methods.tune import Setting
from bedside.methods.voxel_features import VoxelFeatures
from bedside.modalities.images.train_masks import finished, patch_of
from bedside.modalities.images.train_windows import Patch, Values, middles

PLACES = 120_000
"""Places that trees learn from, about; likewise a quarter of them to stop by."""
_JUDGED = 12
"""Images by which settings are compared at most: a mask takes its time."""


def learn_voxels(lesson: Lesson) -> Learned:
    """Tune and train trees on places drawn from the training images."""
    masks = lesson.masks
    if masks is None:
        raise ValueError("a segmentation is learnt from masks")
    patch, classes = patch_of(lesson), len(lesson.schema.target.classes) + 1
    learn, judge = (
        _Pool(
            images=middles(part["image"], part["extent"], patch),
            labels=middles(outlined[:, None], part["extent"], patch)[:, 0],
            rows=np.flatnonzero(outcome.weights[:, 0] > 0),
        )
        for part, outlined, outcome in (
            (lesson.train, masks[0], lesson.train_outcome),
            (lesson.select, masks[1], lesson.select_outcome),
        )
    )
    features = _features_graph(patch, learn.images)
    material = Material(
        train=learn.drawn(features, PLACES, lesson.seed, classes),
        select=judge.drawn(features, PLACES // 4, lesson.seed + 1, classes),
        epochs=lesson.epochs, patience=lesson.patience, seed=lesson.seed,
        length=lesson.fixed.length if lesson.fixed else 0,
    )  # fmt: skip

    def attempt(settings: Mapping[str, Setting], _: float) -> tuple[float, Fit]:
        fitted = fit_simple("trees", material, settings)
        return fitted.score, fitted

    found = searched(SIMPLE["trees"], attempt, lesson)
    model = found.fitted.model
    parts = parts_of(model)
    table = simple_graph(parts.kind, parts.link, parts.arrays, cardinalities=(),
                         numbers=material.train[0].numeric.shape[1])  # fmt: skip
    graph = as_patches(joined(features, table, by={"numeric": "voxels"}), patch, classes)
    graph = finished(graph, learn.images, lesson.shared)
    novel, session = open_graph(graph), Graph(features)

    def patches(arrays: Mapping[str, Values]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        numeric = np.asarray(session.run(arrays)["voxels"], np.float32)
        chances = model.predict(_inputs(numeric)).reshape(-1, *patch, classes)
        return np.moveaxis(chances, -1, 1).astype(np.float32), novel(arrays)[1]

    outliner = Outliner(patches=patches, patch=patch, structures=classes - 1)
    return Learned(
        predict=lambda arrays: outliner(arrays)[0].astype(np.float64), outliner=outliner,
        export=lambda: graph,
        settings=lesson.fixed.settings if lesson.fixed else found.best.settings,
        length=found.fitted.length, parameters=model.parameters,
        score=judge.score(patches, classes - 1),
        trials=found.trials, seconds=found.seconds, cut=found.cut,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """Patches, and which structure each place of them belongs to."""

    images: Values
    labels: Values
    rows: NDArray[np.int64]
    """Those that somebody outlined."""

    def drawn(self, features: bytes, most: int, seed: int, classes: int) -> tuple[Inputs, Outcome]:
        """About `most` places, drawn evenly, as a table with the structure of each."""
        session = Graph(features)
        each = max(1, most // max(len(self.rows), 1))
        numeric, index = [], []
        for row in self.rows:
            random = np.random.Generator(np.random.Philox(key=[seed, int(row)]))
            place = random.integers(0, self.labels[row].size, each)
            seen = session.run({"image": self.images[row : row + 1]})["voxels"]
            numeric.append(np.asarray(seen[place], np.float32))
            index.append(self.labels[row].reshape(-1)[place])
        outcome = multiclass(np.concatenate(index).astype(np.int64), classes)
        return _inputs(np.concatenate(numeric)), outcome

    def score(self, patches: Patches, structures: int) -> float:
        """1 - mean Dice of some images, as the U-Net's score is."""
        rows = self.rows[:_JUDGED]
        value = np.concatenate([patches({"image": self.images[row : row + 1]})[0] for row in rows])
        goal = MaskGoal(
            labels=self.labels[rows].astype(np.uint8), structures=structures,
            weights=np.ones((len(rows), 1), np.float32),
        )  # fmt: skip
        return goal.score(value)


def _features_graph(patch: Patch, images: Values) -> bytes:
    kind = torch.from_numpy(np.zeros(1, images.dtype)).dtype
    example = torch.zeros(2, *images.shape[1:], dtype=kind)
    return exported(
        VoxelFeatures(patch).eval(), [example], inputs=["image"], outputs=["voxels"],
        free=[{0: torch.export.Dim("N", min=1)}],
    )  # fmt: skip


def _inputs(numeric: NDArray[np.float32]) -> Inputs:
    codes = np.zeros((len(numeric), 0), np.int64)
    return Inputs(numeric=numeric, codes=codes, cardinalities=())
