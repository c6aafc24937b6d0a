"""Networks of images that race, by name: how each is built, and what of it is searched."""

from __future__ import annotations

from collections.abc import Mapping

from bedside.core.spec import Source, build
from bedside.methods.fit import bfloat16_pays
from bedside.methods.networks.images.classifier import Classifier
from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.published_resnet import ResNetSettings, published_resnet
from bedside.methods.outcome import Outcome
from bedside.methods.searches import Search
from bedside.methods.tune import Between, OneOf, Setting

Settings = Mapping[str, Setting]
LARGE = "convnet_large"
RESNETS: Mapping[str, int] = {"resnet18": 18, "resnet34": 34}
"""Layers of the published networks, by name."""
LARGE_WIDTH = {2: 32, 3: 16}
"""Of `convnet_large`, by spatial axes: 1.9 and 1.5 million numbers."""
_SCHEDULE = ("rate", "decay")
_TRAINING: Mapping[str, Between | OneOf] = {
    "rate": Between(low=1e-3, high=1e-2, log=True),
    "decay": Between(low=1e-4, high=1e-1, log=True),
    "dropout": Between(low=0.0, high=0.4),
}
_DEFAULTS: Settings = {"rate": 3e-3, "decay": 0.05, "dropout": 0.0}


def search_of(name: str, dims: int) -> Search:
    """What is tried of a network for images of so many axes, and what is never."""
    if name in RESNETS:
        return Search(
            space={**_TRAINING, "rate": Between(low=3e-4, high=3e-3, log=True)},
            defaults={**_DEFAULTS, "rate": 1e-3},
            given={"layers": RESNETS[name], "shortcut": "projected", "stride": 2},
        )
    if name == LARGE:
        return Search(space=_TRAINING, defaults=_DEFAULTS, given={"width": LARGE_WIDTH[dims]})
    return Search(
        space={**_TRAINING, "width": OneOf(values=(12, 16, 24))},
        defaults={**_DEFAULTS, "width": 16},
    )


def in_bfloat16(name: str) -> bool:
    """Whether steps of a network compute in bfloat16.

    Not those of a ResNet: half frozen, on images of 16 pixels, its last stage became no numbers on
    a processor with such instructions (PyTorch 2.13), in float32 never.
    """
    return name not in RESNETS and bfloat16_pays()


def architecture_of(name: str, dims: int) -> Settings:
    """Its settings that training does not touch, as they are where nothing is searched."""
    search = search_of(name, dims)
    every = {**search.defaults, **search.given}
    return {key: value for key, value in every.items() if key not in _TRAINING}


def network_of(name: str, facts: ImageFacts, outcome: Outcome, settings: Settings) -> Classifier:
    """The network, untrained; settings of the training are left aside."""
    own = {key: value for key, value in settings.items() if key not in _SCHEDULE}
    source = Source("settings")
    if name in RESNETS:
        return published_resnet(facts, outcome, build(ResNetSettings, own, source))
    return convnet(facts, outcome, build(ConvNetSettings, own, source))
