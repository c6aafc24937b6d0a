"""A body in its frame: images come in, probabilities go out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bedside.methods.networks.head import Head
from bedside.methods.networks.images.inward import ImageFacts, Normalise, mirrored, turned
from bedside.methods.outcome import Outcome


class Classifier(nn.Module):
    """`image` [N, C, *shape] to `value` [N, K], with any body from images to scores [N, K].

    Each view of an image (`ImageFacts.mirror`) is a member of the answer: their probabilities are
    averaged. Training sees the image as it comes.
    """

    def __init__(self, body: nn.Module, facts: ImageFacts, outcome: Outcome) -> None:
        super().__init__()
        self.inward, self.body, self.head = Normalise(facts), body, Head(outcome)
        self.views = mirrored(facts.mirror)
        layout = torch.channels_last if facts.dims == 2 else torch.channels_last_3d
        self.to(memory_format=layout)  # type: ignore[call-overload]  # torch's stubs know only 2-D; up to twice as fast on a processor

    def raw(self, image: Tensor) -> Tensor:
        """Scores [N, 1, K]."""
        scores: Tensor = self.body(self.inward(image))
        return scores[:, None]

    def forward(self, image: Tensor) -> Tensor:
        """`value` [N, K] in float64."""
        raw_NMK = torch.cat([self.raw(turned(image, axes)) for axes in self.views], dim=1)
        value: Tensor = self.head(raw_NMK)
        return value
