"""A network at its start: an encoder's weights in their places, and frozen as far as is asked.

probe: only the head learns (Alain and Bengio 2016). partial: the last stage of the encoder too.
full: everything, the encoder at a share of the rate, so that the random head does not undo it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from bedside.core.errors import DataError
from bedside.methods.networks.layout import Layout
from bedside.methods.pretraining.start import Start, Weights

ENCODER_RATE = 0.3
"""Of the rate of the head, for an encoder that goes on learning."""
_NAMED = 3


class Encoding(Protocol):
    """A network whose encoder can be told from its head."""

    def layout(self) -> Layout:
        """Which of its parts are which."""

    def represent(self, *arrays: Tensor) -> Tensor:
        """[N, D]: what the encoder makes of some samples, before the head."""


def begun(network: nn.Module, start: Start | None) -> nn.Module:
    """The network with the encoder of `start`, frozen as that says; None: as it is.

    Raises DataError where the weights are not of this architecture.
    """
    if start is None:
        return network
    layout = _encoding(network).layout()
    own = {name: value for name, value in network.state_dict().items() if not layout.of_head(name)}
    check_fit(start.weights, {name: tuple(value.shape) for name, value in own.items()}, start)
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(torch.from_numpy(np.array(start.weights[name])))
    for name, parameter in network.named_parameters():
        frozen = start.tune == "probe" or (start.tune == "partial" and not layout.of_last(name))
        if frozen and not layout.of_head(name):
            parameter.requires_grad_(False)  # torch takes it by place only
    return network


def encoder_rate(start: Start | None) -> float:
    """The encoder's share of the rate."""
    return 1.0 if start is None else ENCODER_RATE


def encoder_of(network: nn.Module) -> dict[str, np.ndarray]:
    """Weights and buffers of a network's encoder, by name."""
    layout = _encoding(network).layout()
    return {
        name: value.detach().cpu().contiguous().numpy().copy()
        for name, value in network.state_dict().items()
        if not layout.of_head(name)
    }


def check_fit(weights: Weights, wanted: Mapping[str, tuple[int, ...]], start: Start) -> None:
    """DataError that names what is missing, what is too much and what has another shape."""
    missing = [name for name in wanted if name not in weights]
    unexpected = [name for name in weights if name not in wanted]
    other = [
        f"{name} {weights[name].shape} for {shape}"
        for name, shape in wanted.items()
        if name in weights and tuple(weights[name].shape) != shape
    ]
    if not missing and not unexpected and not other:
        return
    found = [
        f"{words}: {some(names)}"
        for words, names in (
            ("missing", missing), ("unexpected", unexpected), ("of another shape", other),
        )
        if names
    ]  # fmt: skip
    raise DataError(
        f"weights to start '{start.entrant}' from",
        expected=f"the {len(wanted)} arrays of its encoder",
        found="; ".join(found),
        hint="they are of another architecture, or of other inputs than these",
    )


def some(names: Sequence[str]) -> str:
    """The first few of some names, and how many more.

    >>> some(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _encoding(network: nn.Module) -> Encoding:
    if not hasattr(network, "layout") or not hasattr(network, "represent"):
        raise TypeError(f"{type(network).__name__} does not tell its encoder from its head")
    encoding: Encoding = network  # type: ignore[assignment]  # nn.Module hides its methods' types
    return encoding
