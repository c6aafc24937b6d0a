"""Masked images: hidden blocks are told from what is left, by one linear layer on each place.

Xie et al., SimMIM: a simple framework for masked image modeling, CVPR 2022 (arXiv 2111.09886); the
idea of masked autoencoders (He et al., CVPR 2022) in the form that suits convolutions. A U-Net
knows each place of the image itself and paints with its decoder, as in Zhou et al., Models Genesis,
Med Image Anal 2021;67:101840.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.core.randomness import stream
from bedside.methods.networks.images.classifier import Classifier
from bedside.methods.networks.images.layers import conv
from bedside.methods.networks.images.segmenter import Segmenter

SOURCE = "masked images (SimMIM: Xie et al., CVPR 2022)"
SHARE = 0.5
"""Of the blocks, hidden."""
BLOCKS = 8
"""Along the shortest side, about."""
_PURPOSE = 0x3A5C


class MaskedImages(nn.Module):
    """A network with one layer that paints each place's block, thrown away afterwards."""

    def __init__(self, network: Classifier | Segmenter, width: int) -> None:
        """`width`: of what the network knows of each place."""
        super().__init__()
        self.network = network
        mean: Tensor = network.inward.mean
        self.channels, self.dims = mean.shape[1], mean.ndim - 2
        self.stride = network.encoder.stride
        outputs = self.channels * self.stride**self.dims
        self.paint = conv(width, outputs, 1, dims=self.dims, bias=True)

    def forward(self, image: Tensor, hidden: Tensor) -> Tensor:
        """The mean absolute error [images, normalised] where `hidden` [N, 1, *shape] is 1."""
        true = self.network.inward(image)
        seen = true * (1 - hidden)
        painted = self._unfolded(self.paint(self.network.encoder.places(seen)), true)
        error = ((painted - true).abs() * hidden).sum()
        loss: Tensor = error / (hidden.sum() * self.channels).clamp_min(1.0)
        return loss

    def _unfolded(self, blocks: Tensor, like: Tensor) -> Tensor:
        """[N, C * stride^d, *f] as images of the shape of `like`, cut at the far ends."""
        sides, dims = blocks.shape[2:], self.dims
        split = blocks.reshape(len(blocks), self.channels, *([self.stride] * dims), *sides)
        # N, C, then each axis: its place, and where within the place's block
        axes = [axis for at in range(dims) for axis in (2 + dims + at, 2 + at)]
        whole = split.permute(0, 1, *axes).reshape(
            len(blocks), self.channels, *(side * self.stride for side in sides)
        )
        for axis, side in enumerate(like.shape[2:], start=2):
            whole = whole.narrow(axis, 0, side)
        return whole


def hidden_blocks(
    shape: tuple[int, ...], rows: NDArray[np.int64], *, seed: int, epoch: int
) -> NDArray[np.float32]:
    """[B, 1, *shape]: 1 where an image's block is hidden; half of them, drawn for each row.

    >>> hidden_blocks((16, 16), np.arange(3), seed=0, epoch=1).mean(axis=(1, 2, 3)).tolist()
    [0.5, 0.5, 0.5]
    """
    side = max(2, round(min(shape) / BLOCKS))
    grid = tuple(-(-length // side) for length in shape)
    count = int(np.prod(grid))
    chosen = np.zeros((len(rows), count), np.float32)
    for at, row in enumerate(rows.tolist()):
        order = stream(seed, _PURPOSE, epoch, row).permutation(count)
        chosen[at, order[: round(SHARE * count)]] = 1
    blocks = chosen.reshape(len(rows), 1, *grid)
    for axis, length in enumerate(shape, start=2):
        blocks = np.repeat(blocks, side, axis=axis).take(np.arange(length), axis=axis)
    return np.ascontiguousarray(blocks)
