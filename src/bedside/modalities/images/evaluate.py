"""What evaluate asks of images: the graph's input, what it withstands and looks at, table 1."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Schema
from bedside.core.spec import Plain
from bedside.methods.corruption.spread import Spread, spread_of
from bedside.methods.evaluation.looking import Looking
from bedside.methods.outlining import Outliner
from bedside.modalities.images.evaluate_corruptions import (
    Asked,
    OutcomeJudge,
    OverlapJudge,
    judge_corruptions,
)
from bedside.modalities.images.evaluate_pictures import outcome_pictures, outlined_pictures
from bedside.modalities.images.evaluate_saliency import explained
from bedside.modalities.images.pictures import Picture
from bedside.modalities.images.serve import missing_share
from bedside.modalities.images.settings import frozen
from bedside.modalities.images.train import arrays

__all__ = ["arrays", "look", "missing_share", "summaries"]

Rows = NDArray[np.int64]
_SUMMED = 20_000
"""Images behind a summary at most, evenly spaced."""
_CORRUPTED = {"image": 400, "volume": 8}
"""Images that are made worse at most; a mask takes its time."""
_SECONDS = {"image": 90.0, "volume": 300.0}
"""Of processor time for corruptions: no severity is begun that would take longer, and what was left
out is named."""


def look(looking: Looking) -> dict[str, Plain]:
    """How the released model holds as images get worse; what it looks at; examples to see."""
    spread = _spread(looking)
    outliner = looking.model.compute
    if isinstance(outliner, Outliner):
        curves: dict[str, Plain] = {"corruptions": _overlaps(looking, outliner, spread)}
        _keep(outlined_pictures(looking, outliner, spread), looking)
        return curves
    curves = {"corruptions": _corruptions(looking, spread)}
    pictures = outcome_pictures(looking, spread)
    found = explained(looking, spread)
    if found is not None:
        curves["explanations"] = found.table
        pictures += list(found.pictures)
    _keep(pictures, looking)
    return curves


def _spread(looking: Looking) -> Spread:
    """Of training images; at most a few hundred are looked at."""
    rows = looking.dataset.rows("train")
    some = rows[:: max(1, len(rows) // 400)]
    return spread_of(looking.dataset.array("image")[some])


def _asked(looking: Looking, spread: Spread, kind: str) -> Asked:
    return Asked(
        spread=spread, seed=looking.seed, rows=min(looking.most_rows, _CORRUPTED[kind]),
        seconds=_SECONDS[kind], replicates=looking.replicates,
        alone=frozen(looking.schema).kind == "volume",
    )  # fmt: skip


def _corruptions(looking: Looking, spread: Spread) -> dict[str, Plain]:
    model = looking.model

    def predict(
        images: NDArray[np.generic],
        rows: Rows,  # noqa: ARG001  # each image is all that there is to know
    ) -> tuple[NDArray[np.generic], NDArray[np.floating]]:
        return model.compute({"image": images})

    judge = OutcomeJudge(truth=looking.truth, policy=looking.policy, edges=model.edges)
    return judge_corruptions(
        predict, looking.arrays["image"], judge, _asked(looking, spread, "image"),
        record=looking.record, model=model.name,
    )  # fmt: skip


def _overlaps(looking: Looking, outliner: Outliner, spread: Spread) -> dict[str, Plain]:
    """Of masks; each image gets worse within its own extent."""
    images, extents, spacing = (looking.arrays[name] for name in ("image", "extent", "spacing"))

    def predict(
        worse: NDArray[np.generic], rows: Rows
    ) -> tuple[NDArray[np.generic], NDArray[np.floating]]:
        asked = {"image": worse, "extent": extents[rows], "spacing": spacing[rows]}
        found = outliner.outlines(asked)
        return found.masks, found.novelty

    judge = OverlapJudge(
        masks=looking.dataset.array("mask")[looking.rows], subjects=looking.truth.subjects,
        structures=outliner.structures, novelty_limit=looking.policy.novelty_limit,
    )  # fmt: skip
    asked = replace(_asked(looking, spread, "volume"), extents=np.asarray(extents, np.int32))
    return judge_corruptions(
        predict, images, judge, asked, record=looking.record, model=looking.model.name
    )  # fmt: skip


def _keep(pictures: list[Picture], looking: Looking) -> None:
    """PNG files, and `pictures.json` that tells of them."""
    told = []
    for number, picture in enumerate(pictures, start=1):
        name = f"picture_{number}.png"
        (looking.folder / name).write_bytes(picture.png)
        told.append(
            {"file": name, "title": picture.title, "alt": picture.alt, "note": picture.note}
        )
    (looking.folder / "pictures.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def summaries(dataset: Dataset, schema: Schema, rows: Rows) -> dict[str, dict[str, Plain]]:
    """For table 1: how bright the images are and how much contrast they have."""
    step = max(1, -(-len(rows) // _SUMMED))
    images = dataset.array(schema.fields[0].name)
    seen = [np.asarray(images[row], np.float64) for row in rows[::step]]
    return {
        "brightness": _quartiles([float(image.mean()) for image in seen]),
        "contrast": _quartiles([float(image.std()) for image in seen]),
    }


def _quartiles(values: list[float]) -> dict[str, Plain]:
    low, middle, high = (float(at) for at in np.quantile(values, [0.25, 0.5, 0.75]))
    return {"median": middle, "q1": low, "q3": high, "missing": 0.0}
