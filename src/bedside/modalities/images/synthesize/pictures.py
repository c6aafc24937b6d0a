"""The two generators of pictures: of a class, and under a mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Target
from bedside.core.errors import DataError
from bedside.core.randomness import stream
from bedside.core.spec import nearest
from bedside.methods.cases import Cases
from bedside.methods.entrant import Arrays
from bedside.methods.synthesis.generator import Where
from bedside.methods.synthesis.image_flow import UNTOLD, ImageFlow
from bedside.modalities.images.synthesize.masks import MaskSource, labelled

_KIND = 0x1C1A


@dataclass(frozen=True, slots=True, kw_only=True)
class ByClass:
    """Pictures of a class; satisfies `Generator`."""

    flow: ImageFlow
    target: Target
    shares: tuple[float, ...]
    """How often training cases have each class."""

    def sample(self, count: int, *, seed: int, where: Where | None = None) -> Cases:
        """As `Generator` says. `where` can name the `target`, a class by its name or index."""
        asked = class_asked(where or {}, self.target.classes)
        if asked is None:
            ends = np.cumsum(self.shares)
            drawn = [stream(seed, _KIND, at).random() * ends[-1] for at in range(count)]
            kinds = np.searchsorted(ends, drawn, side="right").astype(np.int64)
        else:
            self._require_seen(asked)
            kinds = np.full(count, asked)
        images = self.flow.made(kinds, seed=seed)
        return made_up({"image": images}, kinds.astype(np.float64))

    def _require_seen(self, asked: int) -> None:
        if not self.shares[asked]:
            raise DataError(
                "synthesis, target", expected="a class that training cases have",
                found=f"'{self.target.classes[asked]}', which none has",
            )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderMasks:
    """Pictures under masks; satisfies `Generator`. Its cases hold the masks: `mask` [n, H, W]."""

    flow: ImageFlow
    target: Target
    source: MaskSource

    def sample(self, count: int, *, seed: int, where: Where | None = None) -> Cases:
        """As `Generator` says. `where` can name as `target` a structure that masks must hold."""
        asked = class_asked(where or {}, self.target.classes)
        drawn = self.source.drawn(count, seed=seed, holding=None if asked is None else asked + 1)
        labels, _ = labelled(drawn.masks, drawn.extents, len(self.target.classes))
        images = self.flow.made(np.full(count, UNTOLD), labels, seed=seed)
        for image, extent in zip(images, drawn.extents, strict=True):
            high, wide = extent.tolist()
            low = image[:, :high, :wide].min()
            image[:, high:], image[:, :, wide:] = low, low
        arrays = {
            "image": images, "mask": drawn.masks, "extent": drawn.extents, "spacing": drawn.spacing
        }  # fmt: skip
        return made_up(arrays, np.ones(count))


def made_up(arrays: Arrays, target: NDArray[np.float64]) -> Cases:
    """Cases of made-up patients, each its own."""
    nothing = np.full(len(target), np.nan)
    return Cases(
        arrays=arrays, subjects=-1 - np.arange(len(target)), target=target, duration=nothing,
        event=nothing,
    )  # fmt: skip


def class_asked(where: Where, classes: tuple[str, ...]) -> int | None:
    """Index of the class or structure that `where` fixes; None where it fixes nothing.

    DataError for another name than `target`, and for a class that there is not.
    """
    for name in where:
        if name != "target":
            raise DataError(
                "synthesis, where", expected="target, the one thing that images can be asked by",
                found=f"'{name}'", hint=nearest(name, ("target",)),
            )  # fmt: skip
    if "target" not in where:
        return None
    asked = where["target"]
    if isinstance(asked, str) and asked in classes:
        return classes.index(asked)
    try:
        index = float(asked)
    except ValueError:
        index = -1.0
    if index not in range(len(classes)):
        raise DataError(
            "synthesis, target", expected=f"one of {', '.join(classes)}, or its index",
            found=f"'{asked}'", hint=nearest(str(asked), classes),
        )  # fmt: skip
    return int(index)
