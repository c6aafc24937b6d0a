"""A body in its frame: images come in, probabilities go out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bedside.methods.networks.head import Head
from bedside.methods.networks.images.encoder import Encoder, encoder_in
from bedside.methods.networks.images.inward import ImageFacts, Normalise, mirrored, turned
from bedside.methods.networks.layout import Layout
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

    @property
    def encoder(self) -> Encoder:
        """The body, where it can be pretrained."""
        return encoder_in(self.body)

    def represent(self, image: Tensor) -> Tensor:
        """[N, D]: what the body makes of images before its last layer."""
        return self.encoder.represent(self.inward(image))

    def features(self, image: Tensor) -> Tensor:
        """[N, D]: what the head takes."""
        return self.represent(image)

    def scores(self, features_ND: Tensor) -> Tensor:
        """[N, 1, K] of features."""
        scores: Tensor = self.encoder.last(features_ND)
        return scores[:, None]

    def layout(self) -> Layout:
        """The body's last linear layer is the head; how images come in belongs to the encoder."""
        last = tuple(f"body.{name}" for name in self.encoder.last_stage())
        return Layout(head=("head", "body.last"), last=last)

    def forward(self, image: Tensor) -> Tensor:
        """`value` [N, K] in float64."""
        raw_NMK = torch.cat([self.raw(turned(image, axes)) for axes in self.views], dim=1)
        value: Tensor = self.head(raw_NMK)
        return value
