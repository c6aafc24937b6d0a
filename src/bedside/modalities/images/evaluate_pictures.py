"""The pictures of an evaluation: examples of each class, best and worst cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Split
from bedside.methods.corruption.spread import Spread
from bedside.methods.evaluation.looking import Looking
from bedside.methods.evaluation.truth import Truth
from bedside.methods.measures import Ranking
from bedside.methods.multilabel import label_values
from bedside.methods.outlining import Outliner
from bedside.methods.served import labels_of
from bedside.modalities.images.pictures import (
    Picture,
    best_and_worst,
    of_label,
    right_and_wrong,
    sheet,
)
from bedside.modalities.images.settings import frozen

_EACH = 8
"""Examples of a class in a split."""
_JUDGED = 60
"""Outlined images at most from which the best and worst are shown."""
_LABELS = 4
"""Labels at most of which cases are shown."""


def outcome_pictures(looking: Looking, spread: Spread) -> list[Picture]:
    """Examples by class and split; of a classification, or of each label,
    also the most wrong and the surest."""
    pictures = examples(looking, spread)
    task = looking.truth.task
    if task == "multilabel":
        return pictures + label_cases(looking, spread)
    if task not in ("binary", "multiclass"):
        return pictures
    values = looking.model.predict(looking.arrays).astype(np.float64)
    chance = np.column_stack([1 - values[:, 0], values[:, 0]]) if task == "binary" else values
    return pictures + _cases(looking, looking.truth, chance, _names(looking), spread)


def label_cases(looking: Looking, spread: Spread) -> list[Picture]:
    """Of each label the most wrong and the surest among the images in which it was observed.

    Of many labels those that the model tells apart worst; the last picture names what is left out.
    """
    labels = looking.schema.target.classes
    values = looking.model.predict(looking.arrays).astype(np.float64)
    order = _worst_first(looking.truth, values)
    shown = sorted(order[:_LABELS])
    found: list[Picture] = []
    for index in shown:
        truth, yes = looking.truth.label(index), values[:, index]
        chance = np.column_stack([1 - yes, yes])
        cases = _cases(looking, truth, chance, ("absent", "present"), spread)
        found += [of_label(labels[index], one) for one in cases]
    others = [label for index, label in enumerate(labels) if index not in shown]
    if found and others:
        why = f"Shown are the {len(shown)} labels that the model tells apart worst; "
        said = f"{why if len(order) > len(shown) else ''}left out: {', '.join(others)}."
        found[-1] = replace(found[-1], note=f"{found[-1].note} {said[:1].upper()}{said[1:]}")
    return found


def _worst_first(truth: Truth, values: NDArray[np.float64]) -> list[int]:
    """Labels that were observed, by AUROC; last those observed in one state only."""
    found: list[tuple[float, int]] = []
    for index in range(values.shape[1]):
        one = truth.label(index)
        known = one.known[np.isfinite(values[one.known, index])]
        if len(known):
            ranking = Ranking.of(one.target[known], values[known, index])
            auroc = float(ranking(np.ones((1, len(known))))["auroc"][0])
            found.append((auroc if np.isfinite(auroc) else 2.0, index))
    return [index for _, index in sorted(found)]


def _cases(
    looking: Looking, truth: Truth, chance: NDArray[np.float64], names: Sequence[str],
    spread: Spread,
) -> list[Picture]:  # fmt: skip
    """Two sheets, by the probability [N, classes] that the true answer was given."""
    known = truth.known
    target = truth.target[known].astype(np.int64)
    images = np.asarray(looking.arrays["image"])[known]
    words = [names[index] for index in target]
    return right_and_wrong(images, chance[known, target], words, spread)


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
