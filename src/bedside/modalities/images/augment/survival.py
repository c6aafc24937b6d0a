"""Whether labels survive augmentation, on training images.

Of masks: no label appears that was not there, and each structure keeps its volume, as far as the
map says that it should. Of classes: a quick model of hand-crafted features, fitted to the originals
of half of the patients, gives the images of the other half the same class after an op as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
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
    found: list[Survived] = []
    for column in dataset.schema.target.columns:
        target = dataset.samples[column].cast(float).to_numpy()[rows]
        known = Known(rows=rows[np.isfinite(target)], target=target[np.isfinite(target)])
        label = column.removeprefix("target").removeprefix(".")
        found += [
            (measure, slice_of(label, about) if label else about, of, values)
            for measure, about, of, values in _of_one(dataset, known, record, seed)
        ]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Rows of the data set whose class was observed, and the class."""

    rows: Ints
    target: NDArray[np.float64]


def _of_one(dataset: Dataset, known: Known, record: Plain, seed: int) -> list[Survived]:
    rows, target = known.rows, known.target
    fit = dataset.subjects(rows) % 2 == 0
    if min(fit.sum(), (~fit).sum()) < FEWEST or len(np.unique(target[fit])) < 2:
        return []
    images = dataset.array("image")
    features = fitted_features(np.asarray(images[rows[fit]]))
    model = HistGradientBoostingClassifier(max_iter=60, random_state=seed, early_stopping=False)
    model.fit(_features(features, np.asarray(images[rows[fit]])), target[fit])
    other = np.asarray(images[rows[~fit]])
    before = model.predict(_features(features, other))
    chain, keys = chain_from(record, images.shape[2:]), rows[~fit]
    found: list[Survived] = []
    for about, ops in _alone(chain.ops):
        made, _ = replace(chain, ops=ops).batch(other, keys=keys.tolist(), seed=seed, epoch=0)
        same = model.predict(_features(features, made)) == before
        found.append(("augment.agreement", about, keys, same.astype(np.float64)))
    return found


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
