"""ResNet: layers learn what to add to what came in, so that depth does no harm.

He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016 (arXiv 1512.03385,
2015). Eighteen layers, a quarter as wide as the original.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import Everywhere, block, conv, first_stride, norm

WIDTHS = (16, 32, 64, 128)


class Shortcut(nn.Module):
    """Two convolutions beside a shortcut; where the shape changes it is projected."""

    def __init__(self, wide_in: int, wide_out: int, *, dims: int, stride: int) -> None:
        super().__init__()
        self.first = block(wide_in, wide_out, dims=dims, stride=stride)
        self.second = nn.Sequential(conv(wide_out, wide_out, dims=dims), norm(wide_out, dims=dims))
        same = stride == 1 and wide_in == wide_out
        self.short: nn.Module = (
            nn.Identity()
            if same
            else nn.Sequential(
                conv(wide_in, wide_out, 1, dims=dims, stride=stride), norm(wide_out, dims=dims)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, wide_out, *shape / stride]"""
        return torch.relu(self.short(x) + self.second(self.first(x)))


def resnet(facts: ImageFacts, outputs: int) -> nn.Module:
    """Four stages of two blocks each; to scores [N, K]."""
    dims, width = facts.dims, WIDTHS[0]
    steps: list[nn.Module] = [
        block(facts.channels, width, dims=dims, stride=first_stride(facts.shape))
    ]
    for following in WIDTHS:
        stride = 1 if following == width else 2
        steps.append(Shortcut(width, following, dims=dims, stride=stride))
        steps.append(Shortcut(following, following, dims=dims, stride=1))
        width = following
    return nn.Sequential(*steps, Everywhere(), nn.Linear(width, outputs))
