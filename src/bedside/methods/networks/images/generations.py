"""A network for each generation of deep learning, small enough for one processor core.

All of a ladder are trained on the same images in the same way, so that what is between two of them
is what the later generation added. None has more than about two million weights at up to 224 x 224.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from bedside.methods.networks.images.classifier import Classifier
from bedside.methods.networks.images.convnext import convnext
from bedside.methods.networks.images.densenet import densenet
from bedside.methods.networks.images.fully_convolutional import (
    FullyConvolutionalBody,
    surroundings,
)
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.perceptron import PerceptronBody
from bedside.methods.networks.images.plain_convnets import alexnet, lenet, vgg
from bedside.methods.networks.images.resnet import resnet
from bedside.methods.networks.images.segmenter import Segmenter
from bedside.methods.networks.images.unet import UNetBody, UNetSettings
from bedside.methods.networks.images.vision_transformer import VisionTransformerBody
from bedside.methods.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One step of the ladder."""

    name: str
    title: str
    year: int
    added: str
    """What it added to what was there before, in one sentence."""
    source: str
    build: Callable[[ImageFacts, int], nn.Module]
    """A body from facts and the number of scores: one an outcome, or one a kind of element."""
    rate: float = 3e-3
    """A height of the learning rate that suits it."""


CLASSIFIERS = (
    Generation(
        name="perceptron", title="Perceptron", year=1958,
        added="Weights that are learned from examples instead of set by hand, one for each pixel.",
        source="Rosenblatt, Psychological Review 1958",
        build=PerceptronBody, rate=1e-3,
    ),
    Generation(
        name="mlp", title="Multilayer perceptron", year=1986,
        added="Hidden layers, trained by passing the error back through them.",
        source="Rumelhart, Hinton and Williams, Nature 1986",
        build=lambda facts, outputs: PerceptronBody(facts, outputs, (128, 64)), rate=1e-3,
    ),
    Generation(
        name="lenet", title="LeNet-5", year=1998,
        added="The same few weights at every place: what is learned in one holds in all.",
        source="LeCun, Bottou, Bengio and Haffner, Proc. IEEE 1998",
        build=lenet,
    ),
    Generation(
        name="alexnet", title="AlexNet", year=2012,
        added="Depth that pays: rectified units that keep the error alive, and dropout.",
        source="Krizhevsky, Sutskever and Hinton, NeurIPS 2012",
        build=alexnet, rate=1e-3,
    ),
    Generation(
        name="vgg", title="VGG", year=2014,
        added="Nothing but small filters in many layers, which see as far as large ones for less.",
        source="Simonyan and Zisserman, ICLR 2015",
        build=vgg, rate=1e-3,
    ),
    Generation(
        name="resnet", title="ResNet", year=2015,
        added="Shortcuts past every block (with batch norm), so that more layers do no harm.",
        source="He, Zhang, Ren and Sun, CVPR 2016",
        build=resnet,
    ),
    Generation(
        name="densenet", title="DenseNet", year=2016,
        added="Every layer sees what all layers before it found, so that few weights go far.",
        source="Huang, Liu, van der Maaten and Weinberger, CVPR 2017",
        build=densenet,
    ),
    Generation(
        name="vision_transformer", title="Vision transformer", year=2020,
        added="Patches that attend to each other, however far apart, with little built in.",
        source="Dosovitskiy et al., ICLR 2021",
        build=VisionTransformerBody,
    ),
    Generation(
        name="convnext", title="ConvNeXt", year=2022,
        added="Convolutions again, with what transformers taught: patches and wide filters.",
        source="Liu et al., CVPR 2022",
        build=convnext,
    ),
)  # fmt: skip
"""From images to the scores of an outcome, oldest first."""

SEGMENTERS = (
    Generation(
        name="perceptron", title="Perceptron on surroundings", year=1958,
        added="Weights that are learned from examples, one for each neighbour of an element.",
        source="Rosenblatt, Psychological Review 1958",
        build=surroundings,
    ),
    Generation(
        name="mlp", title="Multilayer perceptron on surroundings", year=1986,
        added="Hidden layers, trained by passing the error back through them.",
        source="Rumelhart, Hinton and Williams, Nature 1986",
        build=lambda facts, outputs: surroundings(facts, outputs, (32, 32)),
    ),
    Generation(
        name="fully_convolutional", title="Fully convolutional network", year=2014,
        added="The whole image at once: coarse scores say what and finer ones where.",
        source="Long, Shelhamer and Darrell, CVPR 2015",
        build=FullyConvolutionalBody,
    ),
    Generation(
        name="unet", title="U-Net", year=2015,
        added="What was seen on the way down is put beside what comes up, at every size.",
        source="Ronneberger, Fischer and Brox, MICCAI 2015",
        build=lambda facts, outputs: UNetBody(facts, outputs, UNetSettings()),
    ),
    Generation(
        name="vnet", title="Residual U-Net (V-Net)", year=2016,
        added="Shortcuts past every block, and a loss that is the overlap itself.",
        source="Milletari, Navab and Ahmadi, 3DV 2016",
        build=lambda facts, outputs: UNetBody(facts, outputs, UNetSettings(step="residual")),
    ),
    Generation(
        name="attention_unet", title="Attention U-Net", year=2018,
        added="What comes up says where to look in what is passed across.",
        source="Oktay et al., MIDL 2018",
        build=lambda facts, outputs: UNetBody(facts, outputs, UNetSettings(gates=True)),
    ),
    Generation(
        name="mednext", title="ConvNeXt U-Net (MedNeXt)", year=2023,
        added="Wide depthwise convolutions at every size, as transformers taught.",
        source="Roy et al., MICCAI 2023",
        build=lambda facts, outputs: UNetBody(facts, outputs, UNetSettings(step="convnext")),
    ),
)  # fmt: skip
"""From images to the scores of every element, oldest first."""


def classifier(generation: Generation, facts: ImageFacts, outcome: Outcome) -> Classifier:
    """The network of a generation for images of `facts`."""
    return Classifier(generation.build(facts, outcome.width), facts, outcome)


def segmenter(generation: Generation, facts: ImageFacts, structures: int) -> Segmenter:
    """The network of a generation for images of `facts`."""
    return Segmenter(generation.build(facts, structures + 1), facts)
