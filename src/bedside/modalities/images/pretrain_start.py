"""Where a network of images starts from a file: a former encoder, or a published ResNet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.errors import DataError, StudyError
from bedside.methods import outcome
from bedside.methods.entrant import Arrays
from bedside.methods.networks.images.classifier import Classifier
from bedside.methods.pretraining.outside import Outside, fitted_start
from bedside.methods.pretraining.plan import Plan
from bedside.methods.pretraining.published import READABLE, Published, described, recognised
from bedside.methods.pretraining.start import Start
from bedside.methods.tune import Setting
from bedside.modalities.images.settings import frozen
from bedside.modalities.images.train_deep import facts_of
from bedside.modalities.images.train_networks import LARGE, LARGE_WIDTH, RESNETS, network_of

CAN = (LARGE, "convnet", *RESNETS)
"""Classifiers whose encoders can be pretrained, the default first."""
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of red, green and blue from 0 to 1, as torchvision's weights saw them."""
_FIRST = "body.steps.0.0.weight"
"""First layer of the project's own networks."""
_OWN = "an encoder of `bedside pretrain`, or weights.safetensors of a former race"


def blank(
    name: str, schema: Schema, images: NDArray[np.generic], settings: Mapping[str, Setting]
) -> Classifier:
    """The network with a head for two classes that is never used."""
    nobody = outcome.binary(np.zeros(1, bool))
    return network_of(name, facts_of(images, schema), nobody, settings)


def started(outside: Outside, schema: Schema, arrays: Arrays, *, plan: Plan) -> Start:
    """The start that a file of weights gives: an encoder of a former pretraining, the weights that
    a former race left, or a published ResNet.

    Raises DataError that says what was found and what can be read where they are of another
    network, StudyError where the study says of them what does not hold.
    """
    images = arrays["image"]
    plan.network(CAN)
    found = None if outside.about else recognised(outside.weights, outside.name)
    if found is not None:
        return _published(found, outside, schema, images, plan=plan)
    plan.require_own()
    if not outside.about and _FIRST not in outside.weights:
        raise DataError(
            outside.name, expected=f"weights that a network here takes: {READABLE}; {_OWN}",
            found=described(outside.weights),
            hint="take one of these, or leave out weights and let [pretrain] learn from patients",
        )  # fmt: skip
    guess = outside.own(CAN)
    if guess is None:
        width = int(outside.weights[_FIRST].shape[0])
        guess = (_of_width(width, images.ndim - 2), {"width": width})
    _require_asked(plan, guess[0], outside)
    return fitted_start(
        outside, [guess], lambda one: blank(one[0], schema, images, one[1]), tune=plan.tune
    )


def _published(
    found: Published, outside: Outside, schema: Schema, images: NDArray[np.generic], *, plan: Plan
) -> Start:
    """The start that a published ResNet gives, with what was changed in it and why."""
    _require_asked(plan, found.entrant, outside)
    if found.dims != images.ndim - 2:
        raise DataError(
            outside.name, expected=f"an encoder of {images.ndim - 2} axes, as the images have",
            found=f"one of {found.dims}", hint="weights of pictures do not fit volumes",
        )  # fmt: skip
    weights, adapted = found.of_channels(images.shape[1])
    settings = {"layers": found.layers, "shortcut": found.shortcut, "stride": plan.stride}
    network = blank(found.entrant, schema, images, settings)
    scale, scaled = _scale(network, schema, plan)
    own = {**scale, **{f"body.{key}": value for key, value in weights.items()}}
    start = fitted_start(
        replace(outside, weights=own), [(found.entrant, settings)], lambda _: network,
        tune=plan.tune,
    )  # fmt: skip
    told = (
        f"ResNet-{found.layers}", f"shortcuts {found.shortcut}",
        f"first stride {plan.stride}, as assumed", adapted, f"images by the {scaled}",
        f"{len(found.aside)} other arrays left aside" if found.aside else "",
    )  # fmt: skip
    return replace(start, source=f"{start.source} ({'; '.join(part for part in told if part)})")


def _scale(
    network: Classifier, schema: Schema, plan: Plan
) -> tuple[dict[str, NDArray[np.generic]], str]:
    """How images come in, as arrays of the encoder and in words."""
    mean, deviation = network.inward.mean, network.inward.deviation
    if plan.scale == "study":
        kept = {"inward.mean": mean.numpy(), "inward.deviation": deviation.numpy()}
        whose = "each image" if network.inward.each else "the training images"
        return kept, f"mean and deviation of {whose}"
    if frozen(schema).kind != "picture" or schema.fields[0].dtype != "uint8":
        raise StudyError(
            "[pretrain] scale", expected='"study" for volumes and for images of over 8 bits',
            found='"imagenet"', hint="ImageNet's mean and deviation are of pictures of 8 bits",
        )  # fmt: skip
    wide, channels = mean.shape, mean.shape[1]
    made = [np.array(values, np.float64) * 255 for values in IMAGENET]
    if channels == 1:
        made = [values.mean(keepdims=True) for values in made]
    first, second = (values.astype(np.float32).reshape(wide) for values in made)
    return {"inward.mean": first, "inward.deviation": second}, "mean and deviation of ImageNet"


def _require_asked(plan: Plan, name: str, outside: Outside) -> None:
    """StudyError where the study names another network than the weights are of."""
    if plan.model not in ("", name):
        raise StudyError(
            "[pretrain] model", expected=f"'{name}', or none, for {outside.name}",
            found=f"'{plan.model}'", hint="leave model out: the weights say it",
        )  # fmt: skip


def _of_width(width: int, dims: int) -> str:
    """The network that has this width; of two that could, the one that is raced unasked."""
    return LARGE if width == LARGE_WIDTH[dims] and dims == 2 else "convnet"
