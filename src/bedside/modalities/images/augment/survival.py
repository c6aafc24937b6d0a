"""Whether labels survive augmentation, on training images.

Of masks: no label appears that was not there, and each structure keeps its volume, as far as the
map says that it should. Of classes: a quick model of hand-crafted features, fitted to the originals
of half of the patients, gives the images of the other half the same class after an op as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from bedside.core.dataset import Dataset
from bedside.core.spec import Plain
from bedside.methods.image_features import fitted_features
from bedside.methods.multilabel import slice_of
from bedside.modalities.images.augment.chain import OPS, Chain
from bedside.modalities.images.augment.frame import start
from bedside.modalities.images.augment.op import Op
from bedside.modalities.images.augment.plan import framed
from bedside.modalities.images.augment.policies import Rand, Trivial
from bedside.modalities.images.augment.record import chain_from
from bedside.modalities.images.augment.sample import Sample

Ints = NDArray[np.int64]
Survived = tuple[str, str, Ints, NDArray[np.float64]]
KEPT = 0.5
"""A structure counts as kept with at least this share of the volume that the map gives it."""
FEWEST = 20
"""Samples on each side of the quick model."""


def of_masks(dataset: Dataset, rows: Ints, record: Plain, *, seed: int) -> list[Survived]:
    """`augment.labels_exact` and `augment.labels_kept`, the latter also for each structure."""
    images, masks = dataset.array("image"), dataset.array("mask")
    chain = chain_from(record, images.shape[2:])
    exact, kept, structure, owner = [], [], [], []
    for row in rows.tolist():
        before = np.asarray(masks[row], np.uint8)
        params = chain.draw(seed=seed, epoch=0, sample=row)
        made = chain.apply(Sample(image=np.asarray(images[row]), labels=before), params)
        after = cast("NDArray[np.uint8]", made.labels)
        exact.append(float(set(np.unique(after)) <= {0, *np.unique(before).tolist()}))
        for label in np.unique(before[before > 0]).tolist():
            whole = _expected(chain, params, before == label)
            kept.append(float((after == label).sum() >= KEPT * whole))
            structure.append(label)
            owner.append(row)
    found: list[Survived] = [("augment.labels_exact", "all", rows, np.asarray(exact))]
    of, labels, values = np.asarray(owner, np.int64), np.asarray(structure), np.asarray(kept)
    if len(values):
        found.append(("augment.labels_kept", "all", of, values))
    for label in np.unique(labels).tolist():
        same = labels == label
        found.append(("augment.labels_kept", f"structure={label}", of[same], values[same]))
    return found


def _expected(chain: Chain, params: Sequence[dict[str, Plain]], mask: NDArray[np.bool_]) -> float:
    """Output elements that a structure would fill if none of it left the image."""
    z, y, x = (1,) * (3 - mask.ndim) + mask.shape
    begin = start((z, y, x), (z, y, x), spacing=(), axes=chain.names)
    frame = framed(OPS, params, begin)
    return float(mask.sum() / abs(np.linalg.det(frame.matrix[:3, :3])))


def of_classes(dataset: Dataset, rows: Ints, record: Plain, *, seed: int) -> list[Survived]:
    """`augment.agreement` under the whole chain, and under each op alone, done to every sample.

    Of a multi-label question for each label, among the samples in which it was observed.
    """
    target = dataset.samples.select(dataset.schema.target.columns).cast(pl.Float64)
    target_NL = target.to_numpy()[rows]
    known = np.isfinite(target_NL).any(axis=1)
    rows, target_NL = rows[known], target_NL[known]
    fit = dataset.subjects(rows) % 2 == 0 if len(rows) else np.zeros(0, np.bool_)
    images = dataset.array("image")
    quick = _quick_models(images, (rows, target_NL, fit), target.columns, seed)
    if not quick:
        return []
    features, models = quick
    other = np.asarray(images[rows[~fit]])
    seen = _features(features, other)
    before = {name: model.predict(seen) for name, (model, _) in models.items()}
    chain, keys = chain_from(record, images.shape[2:]), rows[~fit]
    found: list[Survived] = []
    for about, ops in _alone(chain.ops):
        made, _ = replace(chain, ops=ops).batch(other, keys=keys.tolist(), seed=seed, epoch=0)
        after = _features(features, made)
        for name, (model, at) in models.items():
            label = name.removeprefix("target").removeprefix(".")
            same = (model.predict(after) == before[name])[at]
            part = slice_of(label, about) if label else about
            found.append(("augment.agreement", part, keys[at], same.astype(np.float64)))
    return found


Halved = tuple[Ints, NDArray[np.float64], NDArray[np.bool_]]
"""Rows [N], their classes [N, L], NaN where unobserved, and whether the model is fitted to them."""


def _quick_models(
    images: NDArray[np.generic], halved: Halved, names: Sequence[str], seed: int
) -> tuple[torch.nn.Module, dict[str, tuple[Any, NDArray[np.bool_]]]] | None:
    """Features, and of each column a model with which of the other samples it may be asked of.

    None where no column has samples enough of two classes.
    """
    rows, target_NL, fit = halved
    known_NL = np.isfinite(target_NL)
    able = [
        column
        for column in range(target_NL.shape[1])
        if min((fit & known_NL[:, column]).sum(), (~fit & known_NL[:, column]).sum()) >= FEWEST
        and len(np.unique(target_NL[fit & known_NL[:, column], column])) > 1
    ]
    if not able:
        return None
    features = fitted_features(np.asarray(images[rows[fit]]))
    seen = _features(features, np.asarray(images[rows[fit]]))
    models = {}
    for column in able:
        model = HistGradientBoostingClassifier(max_iter=60, random_state=seed, early_stopping=False)
        there = known_NL[fit, column]
        model.fit(seen[there], target_NL[fit, column][there])
        models[names[column]] = (model, known_NL[~fit, column])
    return features, models


def _alone(ops: tuple[Op, ...]) -> list[tuple[str, tuple[Op, ...]]]:
    """The whole chain, then each op of it by itself and done to every sample."""
    single: dict[str, Op] = {}
    for op in ops:
        for part in op.ops if isinstance(op, Trivial | Rand) else (op,):
            name, n = part.NAME, 2
            while name in single:
                name, n = f"{part.NAME} {n}", n + 1
            single[name] = part
    alone = [(f"op={name}", (_always(op),)) for name, op in single.items()]
    return [("all", ops), *alone]


def _always(op: Op) -> Op:
    return cast("Op", replace(cast("Any", op), p=1.0))


def _features(features: torch.nn.Module, images: NDArray[Any]) -> NDArray[np.float32]:
    """Of images [N, C, *spatial], some at a time."""
    parts = []
    with torch.no_grad():
        for first in range(0, len(images), 64):
            chunk = torch.from_numpy(np.ascontiguousarray(images[first : first + 64], np.float32))
            parts.append(features(chunk).numpy())
    return np.concatenate(parts)
