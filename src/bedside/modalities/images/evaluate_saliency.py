"""Gradient maps of the released network, with the check that says whether they may be shown.

Of several labels each has maps and a check of its own: what may be shown of one says nothing of
another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from torch import nn

from bedside.core.errors import RunError
from bedside.core.spec import Plain
from bedside.methods.corruption.spread import Spread
from bedside.methods.evaluation.looking import Looking
from bedside.methods.outcome import outcome_of
from bedside.modalities.images.evaluate_explanations import Asked, judge_explanations
from bedside.modalities.images.pictures import Picture, of_label
from bedside.modalities.images.train_deep import rebuilt

_IMAGES, _SECONDS = 32, 120.0
_LABELS_SECONDS = 240.0
"""Of processor time for all labels of a multi-label question; each has an equal share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """What is told of the maps, and those that may be shown."""

    table: dict[str, Plain]
    """As docs/explanations.md has it; of several labels `labels`, a list of such with `label`."""
    pictures: tuple[Picture, ...]


def explained(looking: Looking, spread: Spread) -> Maps | None:
    """Maps and their check; None where the released model is no network."""
    network = _network(looking)
    if network is None:
        return None
    target = looking.schema.target
    if target.type == "multilabel":
        return _by_label(network, looking, spread)
    masks = None
    if (looking.dataset.folder / "mask.npy").is_file():
        masks = looking.dataset.array("mask")[looking.rows]
    asked = _asked(looking, spread, _SECONDS)
    found = judge_explanations(
        network, looking.arrays["image"], np.asarray(looking.truth.subjects, np.int64), asked,
        record=looking.record, model=looking.model.name, masks=masks,
        column=0 if target.type == "binary" else None,
    )  # fmt: skip
    return Maps(table=found.table, pictures=found.pictures)


def _by_label(network: nn.Module, looking: Looking, spread: Spread) -> Maps:
    """Masks are left aside: which label they mark is not said."""
    labels = looking.schema.target.classes
    asked = _asked(looking, spread, _LABELS_SECONDS / len(labels))
    tables: list[Plain] = []
    pictures: list[Picture] = []
    for column, label in enumerate(labels):
        found = judge_explanations(
            network, looking.arrays["image"], np.asarray(looking.truth.subjects, np.int64), asked,
            record=looking.record.of_label(label), model=looking.model.name, column=column,
        )  # fmt: skip
        tables.append({"label": label, **found.table})
        pictures += [of_label(label, one) for one in found.pictures]
    return Maps(table={"labels": tables}, pictures=tuple(pictures))


def _asked(looking: Looking, spread: Spread, seconds: float) -> Asked:
    return Asked(
        spread=spread, seed=looking.seed, images=_IMAGES, seconds=seconds,
        replicates=looking.replicates,
    )  # fmt: skip


def _network(looking: Looking) -> nn.Module | None:
    """As it was trained; None where the model has no weights of a network."""
    folder = looking.model.folder
    if not (folder / "weights.safetensors").is_file():
        return None
    record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    settings = record.get("settings")
    if not isinstance(settings, dict):
        raise RunError(folder.name, expected="the settings of the network", found="none",
                       hint="train it again")  # fmt: skip
    dataset, schema = looking.dataset, looking.schema
    train = dataset.rows("train")
    outcome = outcome_of(dataset.samples[train], schema.target, looking.model.edges)
    return rebuilt(folder, dataset.array("image")[train], outcome, schema, settings)
