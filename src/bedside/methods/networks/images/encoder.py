"""What a body must tell of itself to be pretrained: all of it but its last layer is an encoder."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn


class Encoder(Protocol):
    """A body that can be pretrained: what comes before its last layer, `last`."""

    last: nn.Module
    """From [N, D] to scores [N, K]; where masks are learnt, from each place to its logits."""

    @property
    def stride(self) -> int:
        """Elements of the image, along each axis, for which one of `places` stands."""

    def represent(self, x: Tensor) -> Tensor:
        """[N, C, *shape] to [N, D], one vector an image."""

    def places(self, x: Tensor) -> Tensor:
        """[N, C, *shape] to the features of each place, [N, D, *shape / stride]."""

    def last_stage(self) -> tuple[str, ...]:
        """Names of the parts of its last stage; of a U-Net, of its decoder."""


def encoder_in(body: nn.Module) -> Encoder:
    """A body that can be pretrained; TypeError for another."""
    if not hasattr(body, "represent"):
        raise TypeError(f"{type(body).__name__} does not tell its encoder from its head")
    encoder: Encoder = body  # type: ignore[assignment]  # nn.Module hides its methods' types
    return encoder
