"""What evaluate asks of images: the graph's input, what it withstands and looks at, table 1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Schema
from bedside.core.spec import Plain
from bedside.methods.corruption.spread import spread_of
from bedside.methods.evaluation.looking import Looking
from bedside.modalities.images.evaluate_corruptions import Asked, OutcomeJudge, judge_corruptions
from bedside.modalities.images.serve import missing_share
from bedside.modalities.images.train import arrays

__all__ = ["arrays", "look", "missing_share", "summaries"]

Arrays = Mapping[str, NDArray[np.generic]]
Rows = NDArray[np.int64]
_SUMMED = 20_000
"""Images behind a summary at most, evenly spaced."""


def look(looking: Looking) -> dict[str, Plain]:
    """How the released model holds as images get worse; what it looks at; examples to see."""
    curves: dict[str, Plain] = {"corruptions": _corruptions(looking)}
    return curves


def _corruptions(looking: Looking) -> dict[str, Plain]:
    model = looking.model

    def predict(
        images: NDArray[np.generic],
    ) -> tuple[NDArray[np.generic], NDArray[np.floating]]:
        return model.compute({"image": images})

    train = looking.dataset.array("image")[looking.dataset.rows("train")]
    judge = OutcomeJudge(truth=looking.truth, policy=looking.policy, edges=model.edges)
    asked = Asked(
        spread=spread_of(train), seed=looking.seed, rows=min(looking.most_rows, 1_000),
        replicates=looking.replicates,
    )  # fmt: skip
    return judge_corruptions(
        predict, looking.arrays["image"], judge, asked, record=looking.record, model=model.name
    )


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
