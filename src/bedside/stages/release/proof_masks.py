"""The proof of parity where the answer is a mask: place by place, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.errors import RunError
from bedside.core.spec import Plain
from bedside.methods.outlining import volumes_of
from bedside.methods.parity import Parity, decision_flips
from bedside.methods.served import Arrays, Outputs, Served, decided


def mask_parity(
    native: NDArray[np.uint8], outputs: Outputs, arrays: Arrays, served: Served
) -> Parity:
    """What the trained model outlined against what the graph outlines.

    The difference is the largest share of an image's places that differ.
    """
    masks = outputs.masks
    if masks is None or native.shape != masks.shape:
        raise RunError(
            "native.npy", expected="masks of the same images", found="others",
            hint="remove the run of train and run again",
        )  # fmt: skip
    apart = [
        float((one[inside] != other[inside]).mean())
        for one, other, inside in zip(native, masks, _insides(arrays), strict=True)
    ]
    spacing = np.asarray(arrays["spacing"])
    volumes = volumes_of(native, spacing, len(served.schema.target.classes))
    trained, _ = decided(served.policy, volumes, outputs.novelty, outputs.missing)
    flips = decision_flips(trained, outputs.decisions, classes=False)
    return Parity(
        name="exported", samples=len(native), flips=int(flips.sum()),
        difference=max(apart, default=0.0),
    )  # fmt: skip


def masks_that_differ(
    answered: Sequence[Plain], outputs: Outputs, rows: Sequence[object], cell: ModuleType,
    schema: Schema,
) -> int:  # fmt: skip
    """Answers whose mask is not, byte for byte, what the graph outlines in that image."""
    if outputs.masks is None:
        return 0
    differ = 0
    for index, (found, row) in enumerate(zip(answered, rows, strict=True)):
        wanted = None
        if not outputs.decisions.abstain[index]:
            wanted = cell.outlined(row, outputs.masks[index], schema)
        differ += found != wanted
    return differ


def _insides(arrays: Arrays) -> list[tuple[slice, ...]]:
    extents = np.asarray(arrays["extent"])
    return [tuple(slice(0, int(n)) for n in extent) for extent in extents]
