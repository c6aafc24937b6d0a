"""Between the race and a modality: who may enter, what there is to learn, what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.spec import Plain
from bedside.methods.outcome import Outcome
from bedside.methods.outlining import Outliner
from bedside.methods.pretraining.start import Start
from bedside.methods.tune import Budget, Setting, Trial

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """A model that may enter a race."""

    name: str
    family: Literal["simple", "deep"]
    year: int
    """When the method was published."""
    source: str
    """Where it comes from, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Settings that are given instead of searched, and how long to train with them."""

    settings: Mapping[str, Setting]
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a model is trained on, and what it may spend."""

    schema: Schema
    """Of the fields that the arrays hold."""
    train: Arrays
    train_outcome: Outcome
    select: Arrays
    """Patients by whom training is stopped and settings are chosen."""
    select_outcome: Outcome
    select_subjects: NDArray[np.int64]
    """[N] patients of the rows of `select` as integer codes."""
    budget: Budget
    epochs: int
    """Epochs of a network at most."""
    patience: int
    """Epochs without a better score before a network's training stops."""
    seed: int
    fixed: Fixed | None = None
    masks: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None
    """Of a segmentation: the masks of `train` and of `select`; outcomes then say by their weights
    whom nobody outlined."""
    chain: Plain = None
    """How samples are changed in training, as the stage `augment` left it; None: the modality has
    no such stage."""
    shared: Path | None = None
    """A folder of this race for what several models need and one computes; None: there is none."""
    start: Start | None = None
    """Weights that a network starts from instead of at random."""
    like: Mapping[str, Setting] = field(default_factory=dict)
    """Settings of the architecture of a network in the same race that starts from weights: what no
    search would choose is the same here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A trained model, before calibration."""

    predict: Callable[[Arrays], NDArray[np.float64]]
    """`value` [N, K]."""
    export: Callable[[], bytes]
    """Makes an ONNX graph of it, `value` in float64; only who releases it needs one."""
    settings: Mapping[str, Setting]
    length: int
    """Epochs or trees behind it; 0 where there is no such thing."""
    parameters: int
    score: float
    """On `select`; lower is better."""
    trials: tuple[Trial, ...]
    seconds: float
    cut: bool
    """Whether time ran out before the trials, or a network's epochs, did."""
    weights: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    """A network's, by name."""
    outliner: Outliner | None = None
    """Of a segmentation: the trained model on whole images."""
