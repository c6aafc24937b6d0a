"""U-Net in two and three axes: down to what there is, up to where it is; and what came after it.

Ronneberger, Fischer and Brox, U-Net: convolutional networks for biomedical image segmentation,
MICCAI 2015 (arXiv 1505.04597); in three axes Cicek et al., MICCAI 2016 (arXiv 1606.06650).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from bedside.methods.networks.images.convnext import ConvNextBlock
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import Residual, block, conv, halved, up
from bedside.methods.networks.images.segmenter import Segmenter

Step = Literal["plain", "residual", "convnext"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UNetSettings:
    """Size and shape."""

    width: int = 16
    """Channels at full size; they double with each halving."""
    levels: int = 4
    """Sizes, the full one among them."""
    step: Step = "plain"
    """What happens at each size: two convolutions; one and a residual block, as in V-Net (Milletari
    et al. 2016); one and a block of ConvNeXt, as in MedNeXt (Roy et al. 2023)."""
    gates: bool = False
    """Whether what comes from below says where to look in what is passed across (Oktay et al.,
    Attention U-Net, 2018)."""


class Gate(nn.Module):
    """A share between 0 and 1 for each place of `beside`, from it and from what rose from below."""

    def __init__(self, width: int, *, dims: int) -> None:
        super().__init__()
        self.both = block(2 * width, max(width // 2, 4), 1, dims=dims)
        self.share = conv(max(width // 2, 4), 1, 1, dims=dims, bias=True)

    def forward(self, beside: Tensor, risen: Tensor) -> Tensor:
        """The shape stays."""
        asked = self.both(torch.cat([beside, risen], dim=1))
        return beside * torch.sigmoid(self.share(asked))


class UNetBody(nn.Module):
    """[N, C, *shape] to logits [N, K, *shape], of any shape: an odd side is halved upwards."""

    stride = 1
    """Elements of the image, along each axis, for which one of `places` stands."""

    def __init__(self, facts: ImageFacts, outputs: int, settings: UNetSettings) -> None:
        super().__init__()
        dims, make = facts.dims, STEPS[settings.step]
        widths = [settings.width << level for level in range(settings.levels)]
        entering = [facts.channels, *widths]
        self.down = nn.ModuleList(make(a, b, dims) for a, b in pairwise(entering))
        self.halved = halved(dims=dims)
        rising = list(pairwise(reversed(widths)))
        self.up = nn.ModuleList(up(a, b, dims=dims) for a, b in rising)
        self.gates = nn.ModuleList(Gate(b, dims=dims) for _, b in rising if settings.gates)
        self.joined = nn.ModuleList(make(2 * b, b, dims) for _, b in rising)
        self.last = conv(widths[0], outputs, 1, dims=dims, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """[N, K, *shape]"""
        logits: Tensor = self.last(self.places(x))
        return logits

    def represent(self, x: Tensor) -> Tensor:
        """[N, D]: the mean over all places of the smallest size, where a place sees the most."""
        return self._descended(x)[-1].flatten(2).mean(dim=2)

    def places(self, x: Tensor) -> Tensor:
        """[N, width, *shape]: what the last layer takes of each place."""
        passed = self._descended(x)
        x = passed[-1]
        for number, (rise, join) in enumerate(zip(self.up, self.joined, strict=True)):
            beside = passed[-2 - number]
            risen = fitted(rise(x), beside)
            if self.gates:
                beside = self.gates[number](beside, risen)
            x = join(torch.cat([beside, risen], dim=1))
        return x

    def last_stage(self) -> tuple[str, ...]:
        """Names of the parts that go up again."""
        return ("up", "gates", "joined")

    def _descended(self, x: Tensor) -> list[Tensor]:
        """What is found at each size, the full one first."""
        passed: list[Tensor] = []
        for level, step in enumerate(self.down):
            x = step(self.halved(x) if level else x)
            passed.append(x)
        return passed


def fitted(x: Tensor, like: Tensor) -> Tensor:
    """`x` without what is over the spatial shape of `like`, at the far ends."""
    for axis in range(2, x.ndim):
        x = x.narrow(axis, 0, like.shape[axis])
    return x


def unet(facts: ImageFacts, structures: int, settings: UNetSettings) -> Segmenter:
    """The network for images of `facts`."""
    return Segmenter(UNetBody(facts, structures + 1, settings), facts)


def _plain(wide_in: int, wide_out: int, dims: int) -> nn.Module:
    return nn.Sequential(block(wide_in, wide_out, dims=dims), block(wide_out, wide_out, dims=dims))


def _residual(wide_in: int, wide_out: int, dims: int) -> nn.Module:
    return nn.Sequential(block(wide_in, wide_out, dims=dims), Residual(wide_out, dims=dims))


def _convnext(wide_in: int, wide_out: int, dims: int) -> nn.Module:
    return nn.Sequential(block(wide_in, wide_out, dims=dims), ConvNextBlock(wide_out, dims=dims))


STEPS: Mapping[Step, Callable[[int, int, int], nn.Module]] = {
    "plain": _plain,
    "residual": _residual,
    "convnext": _convnext,
}
"""From channels in, channels out and the number of spatial axes."""
