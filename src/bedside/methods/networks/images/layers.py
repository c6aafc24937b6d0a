"""Layers for two or three spatial axes under one name each."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor, nn


class _Conv3d(nn.Conv3d):
    """Computes in float32 where there are two slices.

    In bfloat16 the gradient of its weights is then not a number, or any number, on processors with
    such instructions (PyTorch 2.13 with oneDNN); one slice, or three and more, are in order.
    """

    def forward(self, x: Tensor) -> Tensor:
        # Asked first, as an export must not look at a shape that may be any.
        if torch.is_autocast_enabled("cpu") and x.device.type == "cpu" and x.shape[2] == 2:
            with torch.autocast("cpu", enabled=False):
                return super().forward(x.float())
        return super().forward(x)


_CONV = {2: nn.Conv2d, 3: _Conv3d}
_NORM = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
_MAX = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
_MEAN = {2: nn.AvgPool2d, 3: nn.AvgPool3d}
_UP = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def conv(
    wide_in: int, wide_out: int, size: int = 3, *, dims: int, stride: int = 1, groups: int = 1,
    bias: bool = False,
) -> nn.Module:  # fmt: skip
    """A convolution with as much padding as keeps the shape (at stride 1 and odd sizes)."""
    return _CONV[dims](
        wide_in, wide_out, size, stride=stride, padding=size // 2, groups=groups, bias=bias
    )


def patches(wide_in: int, wide_out: int, size: int, *, dims: int) -> nn.Module:
    """Patches that do not overlap, each through one linear map."""
    return _CONV[dims](wide_in, wide_out, size, stride=size)


def up(wide_in: int, wide_out: int, *, dims: int) -> nn.Module:
    """Twice the shape by a transposed convolution."""
    return _UP[dims](wide_in, wide_out, 2, stride=2)


def norm(width: int, *, dims: int) -> nn.Module:
    """Batch normalisation (Ioffe and Szegedy 2015)."""
    return _NORM[dims](width)


def halved(*, dims: int) -> nn.Module:
    """The largest of each 2 x 2 (x 2) block; an odd edge counts."""
    return _MAX[dims](2, ceil_mode=True)


def meaned(*, dims: int) -> nn.Module:
    """The mean of each 2 x 2 (x 2) block; at an odd edge of what there is."""
    return _MEAN[dims](2, ceil_mode=True, count_include_pad=False)


def first_stride(shape: tuple[int, ...]) -> int:
    """Of a first layer, so that large images cost no more than small ones need.

    >>> [first_stride((side, side)) for side in (28, 50, 224)]
    [1, 2, 4]
    """
    return 1 if min(shape) < 40 else 2 if min(shape) < 112 else 4


def block(
    wide_in: int, wide_out: int, size: int = 3, *, dims: int, stride: int = 1
) -> nn.Sequential:
    """Convolution, batch norm, ReLU."""
    return nn.Sequential(
        conv(wide_in, wide_out, size, dims=dims, stride=stride),
        norm(wide_out, dims=dims),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions whose result is added to what came in (He et al. 2016)."""

    def __init__(self, width: int, *, dims: int) -> None:
        super().__init__()
        self.first = block(width, width, dims=dims)
        self.second = nn.Sequential(conv(width, width, dims=dims), norm(width, dims=dims))

    def forward(self, x: Tensor) -> Tensor:
        """The shape stays."""
        return torch.relu(x + self.second(self.first(x)))


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each place in [N, C, *shape]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """The shape stays."""
        normed: Tensor = self.norm(x.movedim(1, -1)).movedim(-1, 1)
        return normed


class Everywhere(nn.Module):
    """The mean over all places: [N, C, *shape] to [N, C]."""

    def forward(self, x: Tensor) -> Tensor:
        """[N, C]"""
        return x.flatten(2).mean(dim=2)


class Retina(nn.Module):
    """Images averaged in whole blocks until no side is longer than `largest`."""

    def __init__(self, shape: tuple[int, ...], largest: int) -> None:
        super().__init__()
        block = ceil(max(shape) / largest)
        self.shape = tuple(ceil(side / block) for side in shape)
        self.pool = (
            nn.Identity()
            if block == 1
            else _MEAN[len(shape)](block, ceil_mode=True, count_include_pad=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, *self.shape]"""
        averaged: Tensor = self.pool(x)
        return averaged
