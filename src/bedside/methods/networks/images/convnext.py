"""ConvNeXt: a convolutional network built as transformers are.

Liu et al., A ConvNet for the 2020s, CVPR 2022 (arXiv 2201.03545): patches first, wide depthwise
convolutions, one norm and one GELU a block, layers that start as almost nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import ChannelNorm, Everywhere, conv, patches

WIDTHS, DEPTHS = (32, 64, 128), (2, 2, 3)
KERNEL = {2: 7, 3: 5}


class ConvNextBlock(nn.Module):
    """A depthwise convolution, then two linear layers at every place, added to what came in."""

    def __init__(self, width: int, *, dims: int, start: float = 0.1) -> None:
        super().__init__()
        self.spread = conv(width, width, KERNEL[dims], dims=dims, groups=width, bias=True)
        self.norm = nn.LayerNorm(width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale = nn.Parameter(torch.full((width,), start))

    def forward(self, x: Tensor) -> Tensor:
        """The shape stays."""
        inner = self.norm(self.spread(x).movedim(1, -1))
        narrowed: Tensor = self.narrow(functional.gelu(self.widen(inner)))
        return x + (self.scale * narrowed).movedim(-1, 1)


def convnext(facts: ImageFacts, outputs: int) -> nn.Module:
    """Three stages; to scores [N, K]."""
    dims, first = facts.dims, 4 if min(facts.shape) >= 112 else 2
    steps: list[nn.Module] = [patches(facts.channels, WIDTHS[0], first, dims=dims)]
    width = WIDTHS[0]
    for following, depth in zip(WIDTHS, DEPTHS, strict=True):
        if following != width:
            steps += [ChannelNorm(width), patches(width, following, 2, dims=dims)]
        else:
            steps.append(ChannelNorm(width))
        steps += [ConvNextBlock(following, dims=dims) for _ in range(depth)]
        width = following
    return nn.Sequential(*steps, Everywhere(), nn.LayerNorm(width), nn.Linear(width, outputs))
