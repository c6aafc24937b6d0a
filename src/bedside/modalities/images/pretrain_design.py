"""A pretraining on images, decided: which network learns what, and from what; and its course."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from bedside.core.errors import DataError
from bedside.methods.batches import Arrays
from bedside.methods.pretraining.finish import CHUNK, finished, settle
from bedside.methods.pretraining.loop import Draw, Pace, pretrain
from bedside.methods.pretraining.start import Start, Tune
from bedside.methods.tune import Setting

_LOOKED_AT = 500
"""Images that are looked at for contrast, at most; evenly spaced ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What learns, and what it is shown."""

    name: str
    """Of the network."""
    settings: Mapping[str, Setting]
    """Of its architecture."""
    objective: Callable[[], nn.Module]
    """Builds the network within the layers that are thrown away; its weights follow from the state
    of torch's generator."""
    source: str
    """Of the objective."""
    draw: Draw
    """What the objective is shown of some samples."""
    fed: Arrays
    """All samples, of which it is drawn."""
    seen: NDArray[np.generic]
    """[N, C, *shape]: each sample once, as the released model sees it."""
    batch: int
    bfloat16: bool
    chunk: int = CHUNK
    """Samples that pass through the network at once when it has learnt."""

    def pace(
        self, *, epochs: int, seconds: float, folder: Path | None,
        told: Callable[[int, int, float], None],
    ) -> Pace:  # fmt: skip
        """How long it learns, in its own batches."""
        return Pace(
            epochs=epochs, seconds=seconds, folder=folder, told=told, batch=self.batch,
            bfloat16=self.bfloat16,
        )  # fmt: skip


def learnt(design: Design, pace: Pace, *, seed: int, tune: Tune) -> Start:
    """The start that comes of it; DataError for images that have nothing to tell apart."""
    _telling(design.seen)
    trained, standing = pretrain(design.objective, design.fed, design.draw, pace, seed=seed)
    network: nn.Module = trained.network  # type: ignore[assignment]  # nn.Module hides what it holds
    settle(network, (design.seen,), chunk=design.chunk)
    start = Start(
        weights={}, entrant=design.name, settings=design.settings, tune=tune, source=design.source
    )
    return finished(network, standing, start)


def _telling(images: NDArray[np.generic]) -> None:
    """DataError when no image has any contrast, or all are the same."""
    seen = np.asarray(images[:: -(-len(images) // _LOOKED_AT)])
    flat = seen.reshape(len(seen), -1)
    if (flat.min(axis=1) == flat.max(axis=1)).all() or (flat == flat[:1]).all():
        raise DataError(
            "pretraining", expected="images that differ", found="none with contrast, or all alike",
            hint="were they read rightly? see the audit's pictures",
        )  # fmt: skip
