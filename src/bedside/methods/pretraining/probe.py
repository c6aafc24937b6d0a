"""Training from a start; where its encoder is frozen, the features are computed once.

A head on features is trained in a fraction of the time that it takes to pass each sample through
the encoder in each epoch, and to the same weights, but for dropout: a frozen encoder drops nothing
out. Where samples are augmented their features change too, and they take the long way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.methods.batches import Arrays, Augment, tensor
from bedside.methods.fit import Fitted, Part, Schedule, fit
from bedside.methods.pretraining.begin import begun
from bedside.methods.pretraining.start import Start

CHUNK = 256
"""Samples that pass through the encoder at once."""


class Headed(Protocol):
    """A network that can be taken apart before its head."""

    head: nn.Module

    def features(self, *arrays: Tensor) -> Tensor:
        """[N, ...]: what the head takes."""

    def scores(self, features: Tensor) -> Tensor:
        """Of features, before the link; `raw` is the one after the other."""


class Probe(nn.Module):
    """What is left of a network to train where its encoder is frozen."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.head = network, _headed(network).head

    def raw(self, features: Tensor) -> Tensor:
        """Scores before the head."""
        return _headed(self.network).scores(features)

    def forward(self, features: Tensor) -> Tensor:
        """`value` [N, K]."""
        value: Tensor = self.head(self.raw(features))
        return value


def fit_from(
    start: Start | None, build: Callable[[], nn.Module], train: Part, select: Part,
    schedule: Schedule, *, seed: int, augment: Augment | None = None,
) -> Fitted:  # fmt: skip
    """As `fit`, from a start; None: at random."""
    if start is None or start.tune != "probe" or augment is not None:
        return fit(
            lambda: begun(build(), start), train, select, schedule, seed=seed, augment=augment
        )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = begun(build(), start).eval()
    schedule = replace(schedule, encoder=1.0)  # nothing of it learns
    fitted = fit(
        lambda: Probe(network), _featured(network, train), _featured(network, select), schedule,
        seed=seed,
    )  # fmt: skip
    whole = replace(fitted, network=network.eval())
    if not select.outcome.weights.any():
        return whole
    # Once more as a whole: of images it answers with the mean over several views.
    return replace(whole, score=select.outcome.score(whole.predict(*select.arrays)))


def _featured(network: nn.Module, part: Part) -> Part:
    """A part whose samples are their features."""
    return Part(arrays=(_features(network, part.arrays),), outcome=part.outcome)


def _features(network: nn.Module, arrays: Arrays) -> NDArray[np.float32]:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder = network.to(device)
    with torch.no_grad():
        made = [
            _headed(encoder)
            .features(*(tensor(values[first : first + CHUNK], device) for values in arrays))
            .float()
            .cpu()
            .numpy()
            for first in range(0, len(arrays[0]), CHUNK)
        ]
    network.to("cpu")
    return np.concatenate(made)


def _headed(network: nn.Module) -> Headed:
    return cast("Headed", network)
