"""DenseNet: every layer sees what all layers before it found.

Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks, CVPR 2017
(arXiv 1608.06993, 2016). With bottlenecks and compression (DenseNet-BC).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import Everywhere, conv, first_stride, meaned, norm

GROWTH, LAYERS, BLOCKS = 12, 6, 3
"""Channels that each layer adds, layers of a block, blocks."""


class Dense(nn.Module):
    """A bottleneck and a convolution, put beside what came in."""

    def __init__(self, width: int, *, dims: int) -> None:
        super().__init__()
        self.steps = nn.Sequential(
            *_before(width, dims), conv(width, 4 * GROWTH, 1, dims=dims),
            *_before(4 * GROWTH, dims), conv(4 * GROWTH, GROWTH, dims=dims),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """[N, width + GROWTH, *shape]"""
        return torch.cat([x, self.steps(x)], dim=1)


def densenet(facts: ImageFacts, outputs: int) -> nn.Module:
    """Three dense blocks, halved in width and shape between; to scores [N, K]."""
    dims, width = facts.dims, 2 * GROWTH
    stride = first_stride(facts.shape)
    steps: list[nn.Module] = [conv(facts.channels, width, dims=dims, stride=stride)]
    for number in range(BLOCKS):
        if number:
            steps += [*_before(width, dims), conv(width, width // 2, 1, dims=dims)]
            steps.append(meaned(dims=dims))
            width //= 2
        for _ in range(LAYERS):
            steps.append(Dense(width, dims=dims))
            width += GROWTH
    last = [*_before(width, dims), Everywhere(), nn.Linear(width, outputs)]
    return nn.Sequential(*steps, *last)


def _before(width: int, dims: int) -> list[nn.Module]:
    return [norm(width, dims=dims), nn.ReLU()]
