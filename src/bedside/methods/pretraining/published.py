"""Published encoders of images, recognised by the names and shapes of their weights alone.

ResNet-18 and ResNet-34 in the layout of torchvision, which MONAI and MedicalNet share, in two or
three axes. All else is named as what it looks like, so that a refusal says what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.methods.networks.images.published_resnet import BLOCKS, FIRST, WIDTHS, Shortcut
from bedside.methods.pretraining.begin import some

Weights = Mapping[str, NDArray[np.generic]]
READABLE = "ResNet-18 or ResNet-34 in the layout of torchvision or MONAI"
_ENCODER = re.compile(r"(conv1|bn1|layer\d+)\.")
_STEM = ("conv1.weight", "bn1.weight", "layer1.0.conv1.weight")
_COUNTER = "num_batches_tracked"
_FORMS = (
    (r"layer\d+\.\d+\.conv3\.", "a ResNet of bottleneck blocks (50, 101 or 152 layers)"),
    (r"layer\d+\.\d+\.(se|attn|gate)\w*\.", "a ResNet with attention in its blocks"),
    (r"(cls_token|pos_embed|class_token|encoder_pos_embed)$", "a vision transformer"),
    (r"layers\.\d+\.blocks\.\d+\..*relative_position", "a Swin transformer"),
    (r"(denseblock\d+|denselayer\d+)\.", "a DenseNet"),
    (r"stages\.\d+\..*(gamma|conv_dw)|features\.\d+\.\d+\.layer_scale", "a ConvNeXt"),
    (r"blocks\.\d+\.\d+\.(conv_pw|conv_dw|se)\b|_depthwise_conv\.", "an EfficientNet"),
    (r"layer\d+\.\d+\.conv2\.", "a ResNet of other layers, widths or first layer"),
    (r"blocks\.\d+\.(attn|norm1)\b", "a transformer"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published encoder that there is a network for."""

    layers: int
    dims: int
    channels: int
    """That its first layer takes."""
    shortcut: Shortcut
    weights: Weights
    """By their names without what stood before all of them."""
    aside: tuple[str, ...]
    """What else was in the file: a classifier, a decoder."""

    @property
    def entrant(self) -> str:
        """The model that it fits."""
        return f"resnet{self.layers}"

    def of_channels(self, channels: int) -> tuple[Weights, str]:
        """Its weights for images of so many channels, and what was done and why; empty: nothing.

        Grey is colour whose three channels are alike: the first layer's sum over them answers to
        one channel as all of it answers to three. The other way round a third of it for each
        channel answers to their mean. Raises DataError for other numbers.
        """
        if channels == self.channels:
            return self.weights, ""
        first = self.weights["conv1.weight"].astype(np.float32)
        if (self.channels, channels) == (3, 1):
            made = first.sum(axis=1, keepdims=True)
            told = "first layer summed over its 3 channels, as those of a grey image are alike"
        elif (self.channels, channels) == (1, 3):
            made = np.repeat(first, 3, axis=1) / 3
            told = "first layer repeated for 3 channels, a third each, so that it sees their mean"
        else:
            raise DataError(
                "[pretrain] weights", expected=f"an encoder of images of {channels} channels",
                found=f"one of {self.channels}",
                hint="1 and 3 can be made of each other, others not",
            )  # fmt: skip
        return {**self.weights, "conv1.weight": made}, told


def recognised(weights: Weights, name: str) -> Published | None:
    """The published encoder in a file called `name`; None where it holds none that is known.

    Names and shapes must fit one to one; only what lies beside the encoder is left aside. Raises
    DataError where a file holds several.
    """
    before = [key.removesuffix(_STEM[0]) for key in weights if key.endswith(_STEM[0])]
    found = [start for start in before if all(start + key in weights for key in _STEM)]
    if not found:
        return None
    if len(found) > 1:
        raise DataError(
            name, expected="one encoder", found=f"{len(found)}: {some(sorted(found))}",
            hint="save the weights of one of them alone",
        )  # fmt: skip
    own = {
        key.removeprefix(found[0]): np.asarray(value)
        for key, value in weights.items()
        if key.startswith(found[0]) and _ENCODER.match(key.removeprefix(found[0]))
    }
    aside = tuple(sorted(set(weights) - {found[0] + key for key in own}))
    return next((made for layers in BLOCKS if (made := _fitted(own, layers, aside))), None)


def described(names: Iterable[str]) -> str:
    """What weights of these names look like.

    >>> described(["cls_token", "blocks.0.attn.qkv.weight"])
    'a vision transformer'
    >>> described(["a.weight", "b.weight"])
    'another network: a.weight, b.weight'
    """
    every = sorted(names)
    for pattern, words in _FORMS:
        if any(re.search(rf"(^|\.){pattern}", name) for name in every):
            return words
    return f"another network: {some(every)}" if every else "no weights"


def _fitted(own: Weights, layers: int, aside: tuple[str, ...]) -> Published | None:
    """The encoder of so many layers, where these weights are one."""
    first = own["conv1.weight"]
    dims = first.ndim - 2
    if dims not in (2, 3) or first.shape[2:] != (FIRST,) * dims:
        return None
    for shortcut in ("projected", "projected with bias", "padded"):
        wanted = dict(_shapes(layers, dims, first.shape[1], shortcut))
        counters = {key: () for key in wanted if key.endswith(_COUNTER)}
        # Of the batches that were counted nothing depends, and old files do not have them.
        held = {key: tuple(value.shape) for key, value in own.items()} | counters
        if held == wanted:
            return Published(
                layers=layers, dims=dims, channels=int(first.shape[1]), shortcut=shortcut,
                weights=_cast(own, counters), aside=aside,
            )  # fmt: skip
    return None


def _cast(own: Weights, counters: Iterable[str]) -> Weights:
    floats = {
        key: value.astype(np.float32) for key, value in own.items() if not key.endswith(_COUNTER)
    }
    return floats | {key: np.zeros((), np.int64) for key in counters}


def _shapes(
    layers: int, dims: int, channels: int, shortcut: Shortcut
) -> Iterable[tuple[str, Sequence[int]]]:
    """Names and shapes of all its arrays."""
    yield "conv1.weight", (WIDTHS[0], channels, *(FIRST,) * dims)
    yield from _norm("bn1", WIDTHS[0])
    width = WIDTHS[0]
    for stage, (count, wide) in enumerate(zip(BLOCKS[layers], WIDTHS, strict=True), 1):
        for at in range(count):
            yield from _block(f"layer{stage}.{at}", (width, wide), dims, shortcut)
            width = wide


def _block(
    name: str, widths: tuple[int, int], dims: int, shortcut: Shortcut
) -> Iterable[tuple[str, Sequence[int]]]:
    """Of one block, from and to so many channels."""
    before, wide = widths
    yield f"{name}.conv1.weight", (wide, before, *(3,) * dims)
    yield from _norm(f"{name}.bn1", wide)
    yield f"{name}.conv2.weight", (wide, wide, *(3,) * dims)
    yield from _norm(f"{name}.bn2", wide)
    if before == wide or shortcut == "padded":
        return
    yield f"{name}.downsample.0.weight", (wide, before, *(1,) * dims)
    if shortcut == "projected with bias":
        yield f"{name}.downsample.0.bias", (wide,)
    yield from _norm(f"{name}.downsample.1", wide)


def _norm(name: str, width: int) -> Iterable[tuple[str, Sequence[int]]]:
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{part}", (width,)
    yield f"{name}.{_COUNTER}", ()
