"""Copies of a network that have forgotten what they learnt, layer by layer from the top.

A map that looks the same for such a copy shows the image, not what the network made of it (Adebayo
et al., NeurIPS 2018). Weights are drawn anew from a normal distribution around 0 of the size that
the tensor's had, so that signals keep their size on the way through; biases and factors (one axis)
from one with the mean and the spread that they had.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn


def layers_of(network: nn.Module) -> list[nn.Module]:
    """Modules that own parameters, from the input to the top, in the order of their making."""
    return [part for part in network.modules() if list(part.parameters(recurse=False))]


def cascade(network: nn.Module, steps: int = 4) -> tuple[int, ...]:
    """How many layers from the top are drawn anew, step by step: one first, all at last.

    >>> cascade(nn.Sequential(*[nn.Linear(2, 2) for _ in range(9)]))
    (1, 3, 6, 9)
    """
    count = len(layers_of(network))
    even = np.linspace(0, count, steps)[1:] if steps > 1 else [count]
    return tuple(sorted({1, *(max(1, round(float(at))) for at in even)} if count else set()))


def randomised(network: nn.Module, layers: int, *, seed: int, number: int = 0) -> nn.Module:
    """A copy whose top `layers` layers are drawn anew; buffers stay (how images are normalised)."""
    forgetful = copy.deepcopy(network)
    parts = layers_of(forgetful)
    with torch.no_grad():
        for place, part in enumerate(parts[max(0, len(parts) - layers) :][::-1]):
            for which, parameter in enumerate(part.parameters(recurse=False)):
                stream = np.random.Philox(key=seed, counter=[0, number, place, which])
                random = np.random.Generator(stream)
                drawn = torch.from_numpy(random.standard_normal(tuple(parameter.shape), np.float32))
                parameter.copy_(_centre(parameter) + _spread(parameter) * drawn.to(parameter))
    return forgetful


def _centre(parameter: Tensor) -> Tensor:
    return parameter.mean() if parameter.ndim < 2 else torch.zeros(())


def _spread(parameter: Tensor) -> Tensor:
    return (parameter - _centre(parameter)).square().mean().sqrt()
