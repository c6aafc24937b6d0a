"""The end of a pretraining: the statistics of norms from whole samples, and what is left of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bedside.methods.batches import Arrays, tensor
from bedside.methods.pretraining.begin import Encoding, encoder_of
from bedside.methods.pretraining.checkpoint import Standing
from bedside.methods.pretraining.start import Start, digest_of

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
CHUNK = 256


def settle(network: nn.Module, arrays: Arrays) -> None:
    """Take the means and variances of batch norms anew, over samples as they come.

    Pretraining saw masked or changed ones; a frozen encoder would keep theirs.
    """
    norms = [module for module in network.modules() if isinstance(module, _NORMS)]
    if not norms:
        return
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    network.train()
    embed(network, arrays, chunk=CHUNK)
    network.eval()
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum


def embed(network: nn.Module, arrays: Arrays, *, chunk: int = CHUNK) -> NDArray[np.float32]:
    """[N, D] of some samples, in the mode that the network is in."""
    encoding: Encoding = network  # type: ignore[assignment]  # nn.Module hides its methods' types
    cpu = torch.device("cpu")
    count = len(arrays[0])
    ends = [*range(chunk, count - chunk // 4, chunk), count]  # no last batch of a row or two
    with torch.no_grad():
        made = [
            encoding.represent(*(tensor(values[first:end], cpu) for values in arrays)).numpy()
            for first, end in zip([0, *ends[:-1]], ends, strict=True)
        ]
    return np.concatenate(made)


def finished(network: nn.Module, standing: Standing, start: Start) -> Start:
    """`start` with the encoder's weights, and how it went."""
    weights = encoder_of(network)
    return replace(
        start, weights=weights, digest=digest_of(weights), course=standing.losses,
        cut=standing.cut,
    )  # fmt: skip
