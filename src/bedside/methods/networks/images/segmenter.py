"""A segmenting body in its frame: images come in, a probability for each element goes out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bedside.methods.networks.images.inward import ImageFacts, Normalise, mirrored, turned
from bedside.methods.networks.images.masks import MaskHead


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

    def forward(self, image: Tensor) -> Tensor:
        """`value` [N, 1 + structures, *shape]."""
        total = self._view(image, self.views[0])
        for axes in self.views[1:]:
            total = total + self._view(image, axes)
        return total / len(self.views)

    def _view(self, image: Tensor, axes: tuple[int, ...]) -> Tensor:
        chance: Tensor = self.head(self.raw(turned(image, axes)))
        return turned(chance, axes)
