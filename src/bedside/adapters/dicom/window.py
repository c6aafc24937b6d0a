"""The file's own display window: grey values to 0..255 for a person to look at.

Never for a model: a window throws away what it does not show.
Source: DICOM PS3.3, C.11.2.1.2 (window) and C.11.2.1.1 (lookup table).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_voi

from bedside.adapters.dicom.header import Header, absurd
from bedside.adapters.dicom.parsed import FAILURES, quiet

Values = NDArray[np.float64]


def windowed(
    values: Values, dataset: Dataset, header: Header, window: tuple[float, float] | None, where: str
) -> tuple[NDArray[np.uint8], str]:
    """Rescaled values, not yet turned, as 8 bits for the eye, and a note of how.

    In order: the file's first VOI lookup table, its first window (linear, exact or sigmoid), else
    from the least to the greatest value. MONOCHROME1 is turned after it.
    """
    shown, note = _shown(values, dataset, header, window, where)
    grey = np.round(np.clip(shown, 0, 1) * 255).astype(np.uint8)
    return (255 - grey if header.turned else grey), note


def _shown(
    values: Values, dataset: Dataset, header: Header, window: tuple[float, float] | None, where: str
) -> tuple[Values, str]:
    if "VOILUTSequence" in dataset:
        return _by_table(values, dataset, where), "shown through the file's VOI lookup table"
    centre, width = header.elements.number("WindowCenter"), header.elements.number("WindowWidth")
    pair = (centre, width) if centre is not None and width is not None else window
    if pair is None:
        low, high = float(values.min()), float(values.max())
        return (values - low) / max(high - low, 1e-12), "shown from least to greatest value"
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    return _by_window(values, *pair, function=function, where=where), "shown through its window"


def _by_window(values: Values, centre: float, width: float, *, function: str, where: str) -> Values:
    least = 1.0 if function == "LINEAR" else 0.0
    if not (np.isfinite(centre) and np.isfinite(width)) or width < least or width == 0:
        raise absurd(where, "a window of finite centre and width above 0", "another")
    if function == "SIGMOID":
        shown: Values = 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
        return shown
    if function == "LINEAR_EXACT":
        return (values - centre) / width + 0.5
    if width == 1:
        return (values > centre - 0.5).astype(np.float64)
    return (values - (centre - 0.5)) / (width - 1) + 0.5


def _by_table(values: Values, dataset: Dataset, where: str) -> Values:
    try:
        with quiet():
            bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
            whole = np.round(values).astype(np.int32)
            shown = np.asarray(apply_voi(whole, dataset, index=0), np.float64)
    except FAILURES:
        raise absurd(where, "a VOI lookup table that can be read", "another") from None
    return shown / ((1 << bits) - 1)
