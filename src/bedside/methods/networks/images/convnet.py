"""The small residual network that learns quickest on one processor core; our own default.

Every step of it was chosen by processor seconds to a score: a strided first layer, one residual
block a stage after the first, widths that double as sides halve, the mean over all places.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from bedside.methods.networks.images.classifier import Classifier
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import Everywhere, Residual, block, first_stride, halved
from bedside.methods.outcome import Outcome

SMALLEST = 4
"""A side is not halved below this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvNetSettings:
    """Size and shape."""

    width: int = 16
    """Channels of the first stage; they double from stage to stage."""
    stages: int = 4
    blocks: int = 1
    """Residual blocks of each stage but the first."""
    dropout: float = 0.0


class ConvNetBody(nn.Module):
    """[N, C, *shape] to scores [N, K]; any shape from 8 a side on."""

    def __init__(self, facts: ImageFacts, outputs: int, settings: ConvNetSettings) -> None:
        super().__init__()
        dims, side, width = facts.dims, min(facts.shape), settings.width
        stride = first_stride(facts.shape)
        self.stride = stride
        """Elements of the image, along each axis, for which one place of the last stage stands."""
        steps: list[nn.Module] = [block(facts.channels, width, dims=dims, stride=stride)]
        side = -(-side // stride)
        for _ in range(settings.stages - 1):
            self.last_from = len(steps)
            """Where the last stage begins."""
            steps.append(block(width, 2 * width, dims=dims))
            if side > SMALLEST:
                steps.append(halved(dims=dims))
                self.stride *= 2
                side = -(-side // 2)
            width *= 2
            steps += [Residual(width, dims=dims) for _ in range(settings.blocks)]
        self.steps = nn.Sequential(*steps, Everywhere(), nn.Dropout(settings.dropout))
        self.last = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[N, K]"""
        scores: Tensor = self.last(self.represent(x))
        return scores

    def represent(self, x: Tensor) -> Tensor:
        """[N, D]: the mean over all places of the last stage."""
        represented: Tensor = self.steps(x)
        return represented

    def places(self, x: Tensor) -> Tensor:
        """[N, D, *shape / stride]: the last stage, place by place."""
        found: Tensor = self.steps[:-2](x)
        return found

    def last_stage(self) -> tuple[str, ...]:
        """Names of its parts."""
        return tuple(f"steps.{at}" for at in range(self.last_from, len(self.steps)))


def convnet(facts: ImageFacts, outcome: Outcome, settings: ConvNetSettings) -> Classifier:
    """The network for images of `facts`."""
    return Classifier(ConvNetBody(facts, outcome.width, settings), facts, outcome)
