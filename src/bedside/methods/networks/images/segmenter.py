"""A segmenting body in its frame: images come in, a probability for each element goes out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bedside.methods.networks.images.encoder import Encoder, encoder_in
from bedside.methods.networks.images.inward import ImageFacts, Normalise, mirrored, turned
from bedside.methods.networks.images.masks import MaskHead
from bedside.methods.networks.layout import Layout


class Segmenter(nn.Module):
    """`image` [N, C, *shape] to `value` [N, 1 + structures, *shape], probabilities in float32.

    Each view of an image (`ImageFacts.mirror`) is segmented and turned back, and the probabilities
    are averaged. Training sees the image as it comes.
    """

    def __init__(self, body: nn.Module, facts: ImageFacts) -> None:
        super().__init__()
        self.inward, self.body, self.head = Normalise(facts), body, MaskHead()
        self.views = mirrored(facts.mirror)
        layout = torch.channels_last if facts.dims == 2 else torch.channels_last_3d
        self.to(memory_format=layout)  # type: ignore[call-overload]  # torch's stubs know only 2-D; up to twice as fast on a processor

    def raw(self, image: Tensor) -> Tensor:
        """Logits [N, 1 + structures, *shape]."""
        logits: Tensor = self.body(self.inward(image))
        return logits

    @property
    def encoder(self) -> Encoder:
        """The body, where it can be pretrained."""
        return encoder_in(self.body)

    def represent(self, image: Tensor) -> Tensor:
        """[N, D]: one vector an image, of the body's own making."""
        return self.encoder.represent(self.inward(image))

    def layout(self) -> Layout:
        """The body's last layer is the head: all else does not depend on what is outlined."""
        last = tuple(f"body.{name}" for name in self.encoder.last_stage())
        return Layout(head=("head", "body.last"), last=last)

    def forward(self, image: Tensor) -> Tensor:
        """`value` [N, 1 + structures, *shape]."""
        total = self._view(image, self.views[0])
        for axes in self.views[1:]:
            total = total + self._view(image, axes)
        return total / len(self.views)

    def _view(self, image: Tensor, axes: tuple[int, ...]) -> Tensor:
        chance: Tensor = self.head(self.raw(turned(image, axes)))
        return turned(chance, axes)
