"""Segmentation before U-Net: each element from its surroundings alone, and fully convolutional.

Cireşan et al., Deep neural networks segment neuronal membranes in electron microscopy images,
NeurIPS 2012, classify each element by the patch round it. Long, Shelhamer and Darrell, Fully
convolutional networks for semantic segmentation, CVPR 2015 (arXiv 1411.4038).
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import block, conv, halved, up
from bedside.methods.networks.images.unet import fitted

SURROUNDINGS = {2: 11, 3: 7}
"""Elements a side of the patch from which an element is told, by number of spatial axes."""


def surroundings(facts: ImageFacts, outputs: int, hidden: tuple[int, ...] = ()) -> nn.Module:
    """A perceptron for each element on the patch round it, `hidden` layers of tanh units between.

    To logits [N, K, *shape].
    """
    dims, size = facts.dims, SURROUNDINGS[facts.dims]
    steps: list[nn.Module] = []
    for number, (a, b) in enumerate(pairwise((facts.channels, *hidden, outputs))):
        steps += [conv(a, b, 1 if number else size, dims=dims, bias=True), nn.Tanh()]
    return nn.Sequential(*steps[:-1])


class FullyConvolutionalBody(nn.Module):
    """Down as a classifier goes; the scores of every size are raised and added up.

    To logits [N, K, *shape].
    """

    def __init__(self, facts: ImageFacts, outputs: int) -> None:
        super().__init__()
        dims, widths = facts.dims, (16, 32, 64, 128)
        entering = pairwise((facts.channels, *widths))
        self.down = nn.ModuleList(
            nn.Sequential(block(a, b, dims=dims), block(b, b, dims=dims)) for a, b in entering
        )
        self.halved = halved(dims=dims)
        self.scores = nn.ModuleList(
            conv(width, outputs, 1, dims=dims, bias=True) for width in widths
        )
        self.up = nn.ModuleList(up(outputs, outputs, dims=dims) for _ in widths[1:])

    def forward(self, x: Tensor) -> Tensor:
        """[N, K, *shape]"""
        found: list[Tensor] = []
        for level, (step, score) in enumerate(zip(self.down, self.scores, strict=True)):
            x = step(self.halved(x) if level else x)
            found.append(score(x))
        total = found.pop()
        for rise in self.up:
            finer = found.pop()
            total = finer + fitted(rise(total), finer)
        return total
