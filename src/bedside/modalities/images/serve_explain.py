"""Which places of an image a served answer rests on: occlusion, which needs the graph alone."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.raster import write_png
from bedside.core.dataset import Schema
from bedside.core.spec import Plain
from bedside.methods.explanation.occlusion import log_odds, occlusion
from bedside.methods.served import Compute

Arrays = Mapping[str, NDArray[np.generic]]


def explain(arrays: Arrays, schema: Schema, compute: Compute) -> Plain:
    """Where the answer to one image falls when places are covered, as a grey PNG in base64.

    None for a segmentation, whose mask shows what it is about.

    Middle grey (128) does not matter; brighter speaks for the answer, darker against it. Of a
    volume the slice in which most changes. The map says what this answer rests on, not why; how
    far such maps can be trusted is in the report.
    """
    if schema.target.type == "segmentation":
        return None
    image = arrays["image"][0]
    values = compute({"image": image[None]})[0]
    task = schema.target.type
    column = int(values[0].argmax()) if task == "multiclass" else values.shape[1] - 1
    sign = -1.0 if task == "survival" else 1.0
    if task == "binary" and values[0, 0] < 0.5:
        sign = -1.0  # for the answer that is given

    def score(images: NDArray[np.generic]) -> NDArray[np.float64]:
        found = compute({"image": images})[0]
        if task == "regression":
            return np.asarray(found[:, 0], np.float64)
        return sign * log_odds(found, column)

    change = occlusion(score, image)
    at: int | None = None
    if change.ndim == 3:
        at = int(np.abs(change).sum(axis=(1, 2)).argmax())
        change = change[at]
    largest = float(np.abs(change).max()) or 1.0
    grey = np.rint(128 + 127 * np.clip(change / largest, -1, 1)).astype(np.uint8)
    return {
        "method": "occlusion",
        "png": base64.b64encode(write_png(grey)).decode("ascii"),
        "slice": at,
        "shape": [int(n) for n in grey.shape],
    }
