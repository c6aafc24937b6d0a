"""How an encoder is pretrained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bedside.core.errors import StudyError
from bedside.core.spec import Plain, nearest
from bedside.methods.pretraining.start import Tune

Objective = Literal["auto", "joint", "masked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a study may ask for; the default is good for most."""

    objective: Objective = "auto"
    """joint: two views of one sample lie close; masked: what is hidden is told from the rest; auto:
    what suits the modality."""
    model: str = ""
    """The network whose encoder is pretrained; empty: the modality's first."""
    epochs: int = 30
    tune: Tune = "full"
    """What of the network learns afterwards."""
    scale: Literal["study", "imagenet"] = "study"
    """By whose mean and deviation images come into a published encoder."""
    stride: int = 2
    """Of a published encoder's first layer, which no weight tells."""
    chain: Plain = None
    """How images are changed, as the stage `augment` left it; None: in the modality's own way."""

    def network(self, can: Sequence[str]) -> str:
        """The network that is asked for, of those of a modality; StudyError where it has it not."""
        name = self.model or can[0]
        if name not in can:
            raise StudyError(
                "[pretrain] model", expected=f"one of {', '.join(can)}", found=f"'{name}'",
                hint=nearest(name, can),
            )  # fmt: skip
        return name

    def require_own(self) -> None:
        """StudyError where it says what only a published encoder needs to be told."""
        if self.scale != DEFAULT.scale or self.stride != DEFAULT.stride:
            raise StudyError(
                "[pretrain] scale and stride", expected="with weights of a published ResNet alone",
                found="with others", hint="leave them out: other encoders hold both",
            )  # fmt: skip


DEFAULT = Plan()
"""What is done where nothing was asked for in particular."""
