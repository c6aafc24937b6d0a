"""ResNet-18 and ResNet-34 by the names of torchvision and MONAI, so that published weights fit.

He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016; in three axes Hara,
Kataoka and Satoh, CVPR 2018, whose names MONAI and MedicalNet (Chen et al., 2019) have kept. Only
the last layer has a name of ours: nobody's classes are the study's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from bedside.methods.networks.images.classifier import Classifier
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import Everywhere, conv, norm
from bedside.methods.outcome import Outcome

Shortcut = Literal["projected", "projected with bias", "padded"]
BLOCKS: Mapping[int, tuple[int, int, int, int]] = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
"""Blocks of each stage by the number of layers."""
WIDTHS = (64, 128, 256, 512)
FIRST = 7
"""Elements along each axis that the first layer sees."""
_POOL = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
_MEAN = {2: functional.avg_pool2d, 3: functional.avg_pool3d}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResNetSettings:
    """Shape; the widths are as published."""

    layers: int = 18
    shortcut: Shortcut = "projected"
    """Where a stage begins: through a linear map (B in the paper; MONAI gives it a bias unless told
    otherwise), or every second place, with channels of zeros for those that are missing (A)."""
    stride: int = 2
    """Of the first layer; no weight tells it. 2 in torchvision and MedicalNet."""
    dropout: float = 0.0


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(
        self, wide_in: int, wide_out: int, *, dims: int, stride: int, shortcut: Shortcut
    ) -> None:
        super().__init__()
        self.conv1 = conv(wide_in, wide_out, dims=dims, stride=stride)
        self.bn1 = norm(wide_out, dims=dims)
        self.conv2 = conv(wide_out, wide_out, dims=dims)
        self.bn2 = norm(wide_out, dims=dims)
        self.stride, self.wider = stride, wide_out - wide_in
        self.downsample: nn.Module | None = None
        if (stride > 1 or self.wider) and shortcut != "padded":
            bias = shortcut == "projected with bias"
            self.downsample = nn.Sequential(
                conv(wide_in, wide_out, 1, dims=dims, stride=stride, bias=bias),
                norm(wide_out, dims=dims),
            )

    def forward(self, x: Tensor) -> Tensor:
        """[N, wide_out, *shape / stride]"""
        made = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(made)) + self._beside(x))

    def _beside(self, x: Tensor) -> Tensor:
        if self.downsample is not None:
            projected: Tensor = self.downsample(x)
            return projected
        if self.stride == 1 and not self.wider:
            return x
        axes = x.ndim - 2
        chosen = _MEAN[axes](x, 1, self.stride)  # windows of one place: every second, as it is
        return functional.pad(chosen, [0, 0] * axes + [0, self.wider])


class PublishedResNetBody(nn.Module):
    """[N, C, *shape] to scores [N, K]."""

    def __init__(self, facts: ImageFacts, outputs: int, settings: ResNetSettings) -> None:
        super().__init__()
        dims, width = facts.dims, WIDTHS[0]
        self.conv1 = conv(facts.channels, width, FIRST, dims=dims, stride=settings.stride)
        self.bn1 = norm(width, dims=dims)
        self.pool = _POOL[dims](3, stride=2, padding=1)
        for number, (count, wide) in enumerate(
            zip(BLOCKS[settings.layers], WIDTHS, strict=True), 1
        ):
            stage = []
            for at in range(count):
                stride = 2 if number > 1 and not at else 1
                stage.append(
                    Block(width, wide, dims=dims, stride=stride, shortcut=settings.shortcut)
                )
                width = wide
            self.add_module(f"layer{number}", nn.Sequential(*stage))
        self.mean = nn.Sequential(Everywhere(), nn.Dropout(settings.dropout))
        self.last = nn.Linear(width, outputs)
        self.stride = settings.stride * 2**4
        """Elements of the image, along each axis, for which one place of the last stage stands."""

    def forward(self, x: Tensor) -> Tensor:
        """[N, K]"""
        scores: Tensor = self.last(self.represent(x))
        return scores

    def represent(self, x: Tensor) -> Tensor:
        """[N, 512]: the mean over all places of the last stage."""
        represented: Tensor = self.mean(self.places(x))
        return represented

    def places(self, x: Tensor) -> Tensor:
        """[N, 512, *shape / stride]: the last stage, place by place."""
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        for name in ("layer1", "layer2", "layer3", "layer4"):
            x = self.get_submodule(name)(x)
        return x

    def last_stage(self) -> tuple[str, ...]:
        """Names of its parts."""
        return ("layer4",)


def published_resnet(facts: ImageFacts, outcome: Outcome, settings: ResNetSettings) -> Classifier:
    """The network for images of `facts`."""
    return Classifier(PublishedResNetBody(facts, outcome.width, settings), facts, outcome)
