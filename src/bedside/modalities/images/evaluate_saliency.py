"""Gradient maps of the released network, with the check that says whether they may be shown."""

from __future__ import annotations

import json

import numpy as np

from bedside.core.errors import RunError
from bedside.methods.corruption.spread import Spread
from bedside.methods.evaluation.looking import Looking
from bedside.methods.outcome import outcome_of
from bedside.modalities.images.evaluate_explanations import Asked, Explained, judge_explanations
from bedside.modalities.images.train_deep import rebuilt

_IMAGES, _SECONDS = 32, 120.0


def explained(looking: Looking, spread: Spread) -> Explained | None:
    """Maps and their check; None where the released model is no network, and for several labels:
    a map is of one answer, and a check of each label's maps would take too long."""
    folder = looking.model.folder
    if looking.schema.target.type == "multilabel":
        return None
    if not (folder / "weights.safetensors").is_file():
        return None
    record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    settings = record.get("settings")
    if not isinstance(settings, dict):
        raise RunError(folder.name, expected="the settings of the network", found="none",
                       hint="train it again")  # fmt: skip
    dataset = looking.dataset
    train = dataset.rows("train")
    outcome = outcome_of(dataset.samples[train], looking.schema.target, looking.model.edges)
    network = rebuilt(folder, dataset.array("image")[train], outcome, looking.schema, settings)
    masks = None
    if (dataset.folder / "mask.npy").is_file():
        masks = dataset.array("mask")[looking.rows]
    asked = Asked(
        spread=spread, seed=looking.seed, images=_IMAGES, seconds=_SECONDS,
        replicates=looking.replicates,
    )  # fmt: skip
    return judge_explanations(
        network, looking.arrays["image"], np.asarray(looking.truth.subjects, np.int64), asked,
        record=looking.record, model=looking.model.name, masks=masks,
        column=0 if looking.schema.target.type == "binary" else None,
    )  # fmt: skip
