"""The end of a pretraining: the statistics of norms from whole samples, and what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.methods.batches import Arrays, tensor
from bedside.methods.pretraining.begin import Encoding, encoder_of
from bedside.methods.pretraining.checkpoint import Standing
from bedside.methods.pretraining.start import Start, digest_of

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
CHUNK = 256


def settle(network: nn.Module, arrays: Arrays, *, chunk: int = CHUNK) -> None:
    """Take the means and variances of batch norms anew, over samples as they come.

    Pretraining saw masked or changed ones; a frozen encoder would keep theirs. The samples pass
    through the whole network: a U-Net has norms behind what it represents an image by.
    """
    norms = [module for module in network.modules() if isinstance(module, _NORMS)]
    if not norms:
        return
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    network.train()
    for _ in _passed(network.raw, arrays, chunk):  # type: ignore[arg-type]  # nn.Module hides its methods' types
        pass  # the norms have taken note
    network.eval()
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum


def embed(network: nn.Module, arrays: Arrays, *, chunk: int = CHUNK) -> NDArray[np.float32]:
    """[N, D] of some samples, in the mode that the network is in."""
    encoding: Encoding = network  # type: ignore[assignment]  # nn.Module hides its methods' types
    return np.concatenate(list(_passed(encoding.represent, arrays, chunk)))


def finished(network: nn.Module, standing: Standing, start: Start) -> Start:
    """`start` with the encoder's weights, and how it went."""
    weights = encoder_of(network)
    return replace(
        start, weights=weights, digest=digest_of(weights), course=standing.losses,
        cut=standing.cut,
    )  # fmt: skip


def _passed(
    layers: Callable[..., Tensor], arrays: Arrays, chunk: int
) -> Iterator[NDArray[np.float32]]:
    """What layers make of some samples, a chunk of them at a time."""
    cpu, count = torch.device("cpu"), len(arrays[0])
    ends = [*range(chunk, count - chunk // 4, chunk), count]  # no last batch of a row or two
    with torch.no_grad():
        for first, end in zip([0, *ends[:-1]], ends, strict=True):
            yield layers(*(tensor(values[first:end], cpu) for values in arrays)).numpy()
