"""U-Nets that outline, several under one graph: tuned, trained and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from bedside.adapters.onnx.images_export import export_images
from bedside.adapters.session import open_graph
from bedside.core.spec import Source, build
from bedside.methods.batches import Arrays, Augment, Rows
from bedside.methods.entrant import Learned, Lesson
from bedside.methods.fit import Fitted, Part, Schedule, bfloat16_pays, predict
from bedside.methods.members import fit_members, folds
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.masks import MaskGoal
from bedside.methods.networks.images.segmenter import Segmenter
from bedside.methods.networks.images.unet import UNetSettings, unet
from bedside.methods.outlining import Outliner, patch_for
from bedside.methods.pretraining.begin import begun
from bedside.methods.searches import Search, searched
from bedside.methods.tune import Between, OneOf, Setting
from bedside.modalities.images.train_augment import chain_of
from bedside.modalities.images.train_deep import facts_of
from bedside.modalities.images.train_simple import features_of
from bedside.modalities.images.train_windows import Patch, Values, drawn_place, middles, window

Settings = Mapping[str, Setting]
MULTIPLE = 8
MOST = {2: (256, 256), 3: (64, 96, 96)}
"""Sides of a patch at most; larger images are seen window by window."""
MEMBERS = 2
"""Networks that are trained side by side, and whose probabilities are averaged."""
_SCHEDULE = ("rate", "decay")
BATCH = {2: 8, 3: 2}
"""Patches in a step, of pictures and of volumes."""
SEARCH = Search(
    space={
        "rate": Between(low=1e-3, high=1e-2, log=True),
        "decay": Between(low=1e-4, high=1e-1, log=True),
        "width": OneOf(values=(8, 12, 16)),
    },
    defaults={"rate": 3e-3, "decay": 1e-2, "width": 16},
)


def patch_of(lesson: Lesson) -> Patch:
    """The patch that models of this lesson take."""
    return patch_of_extents(lesson.train["extent"])


def patch_of_extents(extents: Values) -> Patch:
    """The patch for images of `extents` [N, axes]."""
    return patch_for(extents, multiple=MULTIPLE, most=MOST[extents.shape[1]])


def unet_of(facts: ImageFacts, structures: int, settings: Settings) -> Segmenter:
    """The network, untrained; settings of the training are left aside."""
    own = {key: value for key, value in settings.items() if key not in _SCHEDULE}
    return unet(facts, structures, build(UNetSettings, own, Source("settings")))


def architecture() -> Settings:
    """Its settings that training does not touch, as they are where nothing is searched."""
    return {key: value for key, value in SEARCH.defaults.items() if key not in _SCHEDULE}


def learn_unet(lesson: Lesson) -> Learned:
    """Tune and train a U-Net; with `lesson.fixed`, train it once as that says."""
    patch = patch_of(lesson)
    seen = middles(lesson.train["image"], lesson.train["extent"], patch)
    facts = facts_of(seen, lesson.schema)
    parts = _parts(lesson, patch)

    def attempt(tried: Settings, seconds: float) -> tuple[float, Fitted]:
        fitted = _fitted(lesson, facts, parts, settings=tried, seconds=seconds)
        return fitted.score, fitted

    found = searched(SEARCH, attempt, lesson)
    fitted = found.fitted
    shape, dtype = seen.shape[1:], seen.dtype
    graph = finished(export_images(fitted.network, shape, dtype=dtype), seen, lesson.shared)
    state = fitted.network.state_dict()
    # The network itself answers here, so that the graph has something to be compared with.
    novel = open_graph(graph)

    def patches(arrays: Mapping[str, Values]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chances = predict(fitted.network, (arrays["image"],))
        return chances.astype(np.float32), novel(arrays)[1]

    outliner = Outliner(patches=patches, patch=patch, structures=_structures(lesson))
    return Learned(
        predict=lambda arrays: outliner(arrays)[0].astype(np.float64), outliner=outliner,
        export=lambda: graph,
        settings=lesson.fixed.settings if lesson.fixed else found.best.settings,
        length=fitted.epochs, parameters=fitted.parameters, score=found.best.score,
        trials=found.trials, seconds=found.seconds, cut=found.cut or fitted.cut,
        weights={name: value.numpy() for name, value in state.items()},
    )  # fmt: skip


def finished(graph: bytes, seen: Values, shared: Path | None = None) -> bytes:
    """A graph of patches with the novelty of hand-crafted features beside its answer."""
    return features_of(seen, shared).under(graph)


def _structures(lesson: Lesson) -> int:
    return len(lesson.schema.target.classes)


def goal(masks: NDArray[np.uint8], weights: NDArray[np.float32], structures: int) -> MaskGoal:
    """Masks to learn; rows without an outline have the weight 0."""
    return MaskGoal(labels=masks, weights=weights, structures=structures)


def _fitted(
    lesson: Lesson, facts: ImageFacts, parts: Sequence[tuple[Part, Part]], *, settings: Settings,
    seconds: float,
) -> Fitted:  # fmt: skip
    structures, patch = _structures(lesson), parts[0][1].arrays[0].shape[2:]
    schedule = Schedule(
        epochs=lesson.epochs, patience=0, every=max(1, lesson.epochs // 5),
        batch=BATCH[len(patch)], rate=float(settings["rate"]), decay=float(settings["decay"]),
        course="one-cycle", rise=0.2, average=0.99, bfloat16=bfloat16_pays(), seconds=seconds,
    )  # fmt: skip

    def network() -> nn.Module:
        return begun(unet_of(facts, structures, settings), lesson.start)

    return fit_members(network, parts, schedule, seed=lesson.seed, augment=augmented(lesson, patch))


def _parts(lesson: Lesson, patch: Patch) -> list[tuple[Part, Part]]:
    """What each member learns from, and what it is judged by.

    Settings are chosen by patients whom the member that is judged has not seen; the other members
    learn from them, as labels are scarce.
    """
    if lesson.masks is None:
        raise ValueError("a segmentation is learnt from masks")
    structures, select = _structures(lesson), lesson.select
    labels = np.concatenate(lesson.masks)
    weights = np.concatenate([lesson.train_outcome.weights, lesson.select_outcome.weights])
    arrays = tuple(
        np.concatenate([lesson.train[name], select[name]]) for name in ("image", "extent")
    )
    known = lesson.select_outcome.weights.max(axis=1) > 0
    parts = []
    for judged in folds(known, lesson.select_subjects, MEMBERS):
        new = judged + len(lesson.train_outcome.weights)
        own = weights.copy()
        own[new] = 0
        extents = arrays[1][new]
        image = middles(arrays[0][new], extents, patch)
        mask = middles(labels[new][:, None], extents, patch)[:, 0].astype(np.uint8)
        parts.append((
            Part(arrays=arrays, outcome=goal(labels, own, structures)),
            Part(arrays=(image,), outcome=goal(mask, weights[new], structures)),
        ))  # fmt: skip
    return parts


def augmented(lesson: Lesson, patch: Patch) -> Augment:
    """Windows at random places, changed by the study's chain."""
    chain = chain_of(lesson, patch)

    def augment(
        arrays: Arrays, labels: NDArray[np.generic], rows: Rows, *, epoch: int
    ) -> tuple[Arrays, NDArray[np.generic]]:
        images, extents = arrays
        cut, masks = [], []
        for at, row in enumerate(rows.tolist()):
            where = drawn_place(row, patch, seed=lesson.seed, epoch=epoch)
            cut.append(window(images[at], extents[at], patch, where))
            masks.append(window(labels[at][None], extents[at], patch, where)[0])
        if chain is None:
            return (np.stack(cut).astype(np.float32),), np.stack(masks)
        made, kept = chain.batch(
            np.stack(cut), keys=rows.tolist(), seed=lesson.seed, epoch=epoch,
            labels=np.stack(masks).astype(np.uint8),
        )  # fmt: skip
        return (made,), np.stack(masks) if kept is None else kept

    return augment
