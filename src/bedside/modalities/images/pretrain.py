"""Pretraining on images: a classifier learns from whole images, a U-Net from windows of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.methods.entrant import Arrays, Entrant
from bedside.methods.pretraining.outside import Outside
from bedside.methods.pretraining.plan import DEFAULT, Plan
from bedside.methods.pretraining.start import Start
from bedside.modalities.images import pretrain_whole, pretrain_windows
from bedside.modalities.images.pretrain_design import Design, learnt
from bedside.modalities.images.pretrain_pool import known_by, pool_arrays, read_pool
from bedside.modalities.images.pretrain_start import CAN
from bedside.modalities.images.train import MODELS, arrays

__all__ = [
    "CAN", "arrays", "embedded", "entrant", "known_by", "pool_arrays", "pretrain", "read_pool",
    "started",
]  # fmt: skip


def pretrain(
    schema: Schema, arrays: Arrays, *, seed: int, seconds: float, plan: Plan = DEFAULT,
    folder: Path | None = None, told: Callable[[int, int, float], None] = lambda *_: None,
) -> Start:  # fmt: skip
    """An encoder that has learnt from images [N, C, *shape] without labels or masks.

    Raises StudyError where the study asks for what there is not, DataError for images that have
    nothing to tell apart.
    """
    design: Design = _learner(schema).designed(schema, arrays, plan=plan, seed=seed)
    pace = design.pace(epochs=plan.epochs, seconds=seconds, folder=folder, told=told)
    return learnt(design, pace, seed=seed, tune=plan.tune)


def started(outside: Outside, schema: Schema, arrays: Arrays, *, plan: Plan) -> Start:
    """The start that a file of weights gives; DataError where no encoder here fits them."""
    start: Start = _learner(schema).started(outside, schema, arrays, plan=plan)
    return start


def embedded(start: Start, schema: Schema, arrays: Arrays) -> NDArray[np.float32]:
    """[N, D]: what the encoder of `start` makes of some images."""
    found: NDArray[np.float32] = _learner(schema).embedded(start, schema, arrays)
    return found


def entrant(name: str) -> Entrant:
    """The network of that name, as it races from scratch."""
    return MODELS[name]


def _learner(schema: Schema) -> ModuleType:
    """What a network of this task learns from: each has `designed`, `started` and `embedded`."""
    return pretrain_windows if schema.target.type == "segmentation" else pretrain_whole
