"""The pictures of an evaluation: examples of each class, best and worst cases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Split
from bedside.methods.corruption.spread import Spread
from bedside.methods.evaluation.looking import Looking
from bedside.methods.multilabel import label_values
from bedside.methods.outlining import Outliner
from bedside.methods.served import labels_of
from bedside.modalities.images.pictures import (
    Picture,
    best_and_worst,
    right_and_wrong,
    sheet,
)
from bedside.modalities.images.settings import frozen

_EACH = 8
"""Examples of a class in a split."""
_JUDGED = 60
"""Outlined images at most from which the best and worst are shown."""


def outcome_pictures(looking: Looking, spread: Spread) -> list[Picture]:
    """Examples by class and split; of a classification also the most wrong and the surest."""
    pictures = examples(looking, spread)
    task = looking.truth.task
    if task not in ("binary", "multiclass"):
        return pictures
    known = looking.truth.known
    values = looking.model.predict(looking.arrays).astype(np.float64)[known]
    target = looking.truth.target[known].astype(np.int64)
    chance = np.column_stack([1 - values[:, 0], values[:, 0]]) if task == "binary" else values
    given = chance[np.arange(len(target)), target]
    labels = _names(looking)
    images = np.asarray(looking.arrays["image"])[known]
    words = [labels[index] for index in target]
    return pictures + right_and_wrong(images, given, words, spread)


def _names(looking: Looking) -> tuple[str, ...]:
    """Of the classes, in words that a reader without the data's codes understands."""
    names = labels_of(looking.schema.target)
    return ("no", "yes") if names == ("0", "1") else names


def examples(looking: Looking, spread: Spread) -> list[Picture]:
    """A sheet a class: training images above, held-out ones below, drawn by the seed."""
    target = looking.schema.target
    names = _names(looking) or ("",)
    having = _having(looking, len(names))
    found = []
    for index, name in enumerate(names):
        rows: list[int] = []
        splits: tuple[Split, ...] = ("train", "held_out")
        for split in splits:
            there = looking.dataset.rows(split)
            if len(names) > 1:
                there = there[having[there, index]]
            random = np.random.Generator(np.random.Philox(key=[looking.seed, index]))
            rows += random.permutation(there)[:_EACH].tolist()
        if rows:
            what = f"{target.outcome}: {name}" if name else target.outcome
            found.append(sheet(
                *_shown(looking, looking.dataset.array("image")[np.array(rows)], spread),
                columns=_EACH,
                title=f"Examples, {what}",
                note="Above: training patients. Below: held-out patients. Drawn at random.",
            ))  # fmt: skip
    return found


def _having(looking: Looking, names: int) -> NDArray[np.bool_]:
    """[S, names] which samples of the data set are of each class, or have each label."""
    samples, target = looking.dataset.samples, looking.schema.target
    if target.type == "multilabel":
        return np.asarray(label_values(samples, target) == 1)
    values = samples["target"].cast(float).fill_null(float("nan")).to_numpy()
    return np.asarray(values[:, None] == np.arange(names))


def outlined_pictures(looking: Looking, outliner: Outliner, spread: Spread) -> list[Picture]:
    """The best and the worst outlines, beside the true ones."""
    some = slice(0, _JUDGED)
    arrays = {name: values[some] for name, values in looking.arrays.items()}
    found = outliner.outlines(arrays).masks
    truth = np.asarray(looking.dataset.array("mask")[looking.rows[some]], np.uint8)
    scores = np.array([
        _mean_dice(one, other, outliner.structures)
        for one, other in zip(truth, found, strict=True)
    ])  # fmt: skip
    images, window = _shown(looking, arrays["image"], spread)
    return best_and_worst(images, truth, found, scores, window, extent=np.asarray(arrays["extent"]))


def _shown(
    looking: Looking, images: NDArray[np.generic], spread: Spread
) -> tuple[NDArray[np.generic], Spread]:
    """Images and the window to show them in: of volumes, whose numbers may have no unit, each one's
    own 1 to 99 %."""
    if frozen(looking.schema).kind != "volume":
        return images, spread
    flat = np.asarray(images, np.float32)
    axes = tuple(range(2, flat.ndim))
    low, high = np.quantile(flat, [0.01, 0.99], axis=axes, keepdims=True)
    own = (flat - low) / np.maximum(high - low, 1e-6)
    channels = flat.shape[1]
    window = Spread(low=(0.0,) * channels, high=(1.0,) * channels, centre=(0.5,) * channels)
    return own, window


def _mean_dice(truth: NDArray[np.uint8], found: NDArray[np.uint8], structures: int) -> float:
    values = []
    for label in range(1, structures + 1):
        one, other = truth == label, found == label
        size = int(one.sum()) + int(other.sum())
        values.append(2 * int((one & other).sum()) / size if size else 1.0)
    return float(np.mean(values))
