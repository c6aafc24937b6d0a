"""How an encoder is pretrained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bedside.core.spec import Plain
from bedside.methods.pretraining.start import Tune

Objective = Literal["auto", "joint", "masked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a study may ask for; the default is good for most."""

    objective: Objective = "auto"
    """joint: two views of one sample lie close; masked: what is hidden is told from the rest; auto:
    what suits the modality."""
    model: str = ""
    """The network whose encoder is pretrained; empty: the modality's smallest."""
    epochs: int = 30
    tune: Tune = "full"
    """What of the network learns afterwards."""
    chain: Plain = None
    """How images are changed, as the stage `augment` left it; None: in the modality's own way."""


DEFAULT = Plan()
"""What is done where nothing was asked for in particular."""
