"""What a place of an image looks like: its value and its surroundings, as a torch module.

For simple models that decide place by place, as pixel classifiers do (Arganda-Carreras et al.,
Bioinformatics 2017;33:2424): brightness, blurs and differences of them at several widths, slope,
roughness, and where in the image it is.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (1.0, 2.0, 4.0)
"""Of the Gaussians, in elements."""


class VoxelFeatures(nn.Module):
    """`image` [N, C, *patch] to `numeric` [N * V, P], V places of the patch in row order."""

    def __init__(self, patch: tuple[int, ...]) -> None:
        super().__init__()
        self.dims = len(patch)
        for at, width in enumerate(WIDTHS):
            reach = math.ceil(2.5 * width)
            steps = torch.arange(-reach, reach + 1, dtype=torch.float32)
            kernel = torch.exp(-(steps**2) / (2 * width**2))
            self.register_buffer(f"kernel_{at}", kernel / kernel.sum())
        ends = [torch.linspace(-1, 1, side) for side in patch]
        places = torch.stack(torch.meshgrid(*ends, indexing="ij"))
        self.register_buffer("places", places[None])

    def forward(self, image: Tensor) -> Tensor:
        """[N * V, P] float32."""
        grey = image.float().mean(dim=1, keepdim=True)
        axes = tuple(range(1, grey.ndim))
        centred = grey - grey.mean(dim=axes, keepdim=True)
        x = centred / centred.square().mean(dim=axes, keepdim=True).sqrt().clamp_min(1e-6)
        blurs = [self._blurred(x, at) for at in range(len(WIDTHS))]
        rough = (self._blurred(x.square(), 1) - blurs[1].square()).clamp_min(0).sqrt()
        slope = torch.stack([_slope(blurs[0], axis) for axis in range(2, x.ndim)])
        steep = slope.square().sum(dim=0).sqrt()
        places = cast("Tensor", self.places).expand(x.shape[0], *([-1] * (x.ndim - 1)))
        parts = [x, *blurs, blurs[0] - blurs[1], blurs[1] - blurs[2], rough, steep, places]
        every = torch.cat(parts, dim=1)
        return every.movedim(1, -1).reshape(-1, every.shape[1])

    def _blurred(self, x: Tensor, at: int) -> Tensor:
        kernel = cast("Tensor", getattr(self, f"kernel_{at}"))
        reach = kernel.shape[0] // 2
        convolve = functional.conv2d if self.dims == 2 else functional.conv3d
        for axis in range(self.dims):
            shape = [1, 1, *([1] * self.dims)]
            shape[2 + axis] = kernel.shape[0]
            padding = [0, 0] * self.dims
            padding[2 * (self.dims - 1 - axis)] = padding[2 * (self.dims - 1 - axis) + 1] = reach
            x = convolve(functional.pad(x, padding, mode="replicate"), kernel.reshape(shape))
        return x


def _slope(x: Tensor, axis: int) -> Tensor:
    """Half the difference of the neighbours along an axis."""
    size = x.shape[axis]
    ahead = torch.cat([x.narrow(axis, 1, size - 1), x.narrow(axis, size - 1, 1)], dim=axis)
    behind = torch.cat([x.narrow(axis, 0, 1), x.narrow(axis, 0, size - 1)], dim=axis)
    return (ahead - behind) / 2
