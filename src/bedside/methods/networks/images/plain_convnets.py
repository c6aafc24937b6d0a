"""Convolutional networks before batch norm and shortcuts: LeNet-5, AlexNet, VGG, at small sizes.

LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, Proc.
IEEE 1998. Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural
networks, NeurIPS 2012. Simonyan and Zisserman, Very deep convolutional networks for large-scale
image recognition, ICLR 2015 (arXiv 1409.1556, 2014).
"""

from __future__ import annotations

from itertools import pairwise
from math import prod

from torch import Tensor, nn

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import Retina, conv, halved, meaned

LARGEST = {"lenet": {2: 32, 3: 16}, "deep": {2: 64, 3: 32}}
"""Longest side that is seen, by number of spatial axes: the last layers are as wide as it asks."""
Shape = tuple[int, ...]


class PlainBody(nn.Module):
    """Convolutions and pooling, then fully connected layers; to scores [N, K]."""

    def __init__(self, steps: list[nn.Module], last: list[nn.Module]) -> None:
        super().__init__()
        self.steps, self.last = nn.Sequential(*steps), nn.Sequential(nn.Flatten(1), *last)

    def forward(self, x: Tensor) -> Tensor:
        """[N, K]"""
        scores: Tensor = self.last(self.steps(x))
        return scores


def lenet(facts: ImageFacts, outputs: int) -> PlainBody:
    """6 and 16 maps of 5 x 5, averaged, tanh; 120 and 84 units."""
    dims, retina = facts.dims, Retina(facts.shape, LARGEST["lenet"][facts.dims])
    steps: list[nn.Module] = [
        retina,
        conv(facts.channels, 6, 5, dims=dims, bias=True), nn.Tanh(), meaned(dims=dims),
        conv(6, 16, 5, dims=dims, bias=True), nn.Tanh(), meaned(dims=dims),
    ]  # fmt: skip
    wide = 16 * prod(halves(retina.shape, 2))
    last = [
        nn.Linear(wide, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, outputs)
    ]  # fmt: skip
    return PlainBody(steps, last)


def alexnet(facts: ImageFacts, outputs: int) -> PlainBody:
    """Five convolutions of rectified units, two wide layers with dropout."""
    dims, retina = facts.dims, Retina(facts.shape, LARGEST["deep"][facts.dims])
    stride = 2 if dims == 3 or min(retina.shape) >= 40 else 1
    steps: list[nn.Module] = [
        retina,
        conv(facts.channels, 32, 5, dims=dims, stride=stride, bias=True), nn.ReLU(),
        halved(dims=dims),
        conv(32, 64, 5, dims=dims, bias=True), nn.ReLU(), halved(dims=dims),
        *_rectified([64, 96, 96, 96], dims=dims), halved(dims=dims),
    ]  # fmt: skip
    wide = 96 * prod(halves(retina.shape, 3 + (stride == 2)))
    return _started(PlainBody(steps, _dropped([wide, 512 if dims == 2 else 128, 128], outputs)))


def vgg(facts: ImageFacts, outputs: int) -> PlainBody:
    """Nothing but 3 x 3 convolutions, two and two between halvings."""
    dims, retina = facts.dims, Retina(facts.shape, LARGEST["deep"][facts.dims])
    side, halvings, width = min(retina.shape), 0, facts.channels
    steps: list[nn.Module] = [retina]
    for following in (32, 64, 96, 128):
        steps += _rectified([width, following, following], dims=dims)
        width = following
        if side > 4:
            steps.append(halved(dims=dims))
            side, halvings = -(-side // 2), halvings + 1
    wide = width * prod(halves(retina.shape, halvings))
    return _started(PlainBody(steps, _dropped([wide, 256 if dims == 2 else 64], outputs)))


def halves(shape: Shape, times: int) -> Shape:
    """The shape after so many halvings, each rounded up.

    >>> halves((50, 28), 2)
    (13, 7)
    """
    for _ in range(times):
        shape = tuple(-(-side // 2) for side in shape)
    return shape


def _rectified(widths: list[int], *, dims: int) -> list[nn.Module]:
    steps: list[nn.Module] = []
    for wide_in, wide_out in pairwise(widths):
        steps += [conv(wide_in, wide_out, dims=dims, bias=True), nn.ReLU()]
    return steps


def _dropped(widths: list[int], outputs: int) -> list[nn.Module]:
    steps: list[nn.Module] = []
    for wide_in, wide_out in pairwise(widths):
        steps += [nn.Linear(wide_in, wide_out), nn.ReLU(), nn.Dropout(0.5)]
    return [*steps, nn.Linear(widths[-1], outputs)]


def _started(body: PlainBody) -> PlainBody:
    """Weights of the size that keeps a signal through rectified layers (He et al., ICCV 2015)."""
    for module in body.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d | nn.Linear) and module.bias is not None:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)
    nn.init.normal_(body.last[-1].weight, std=0.01)  # type: ignore[arg-type]  # a Linear's weight
    return body
