"""Corrupted rows of a table: which values were exchanged, and what they were.

Yoon, Zhang, Jordon and van der Schaar, VIME: extending the success of self- and semi-supervised
learning to tabular domain, NeurIPS 2020. A value is exchanged for that of another patient, so each
column keeps its distribution and only how columns hang together gives the exchange away.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from bedside.core.randomness import stream
from bedside.methods.networks.fields import Standardise
from bedside.methods.pretraining.begin import Encoding
from bedside.methods.tabular_inputs import Floats, Inputs

SOURCE = "exchanged values found and put right (VIME: Yoon et al., NeurIPS 2020)"
VIEWS = "views with exchanged values (SCARF: Bahri et al., ICLR 2022)"
SHARE = 0.3
"""Of the values, exchanged."""
_PUT_RIGHT = 2.0
"""Weight of the values' error beside that of finding them, as published."""
_PURPOSE = 0xC0DE


class Corrupted(nn.Module):
    """A network with three linear layers that are thrown away afterwards."""

    def __init__(self, network: nn.Module, inputs: Inputs, width: int) -> None:
        super().__init__()
        self.network = network
        self.levels = tuple(size + 1 for size in inputs.cardinalities)
        self.standardise = Standardise(inputs.numeric)
        self.find = nn.Linear(width, inputs.fields)
        wide = inputs.numeric.shape[1]
        self.numbers = nn.Linear(width, wide) if wide else nn.Identity()
        self.categories = nn.Linear(width, sum(self.levels)) if self.levels else nn.Identity()

    def forward(
        self, numeric_NP: Tensor, codes_NC: Tensor, true_NP: Tensor, true_NC: Tensor
    ) -> Tensor:
        """How badly the exchanged values are found and put right, a scalar."""
        network: Encoding = self.network  # type: ignore[assignment]  # nn.Module hides its methods' types
        made = network.represent(numeric_NP, codes_NC)
        exchanged = torch.cat([~_same(numeric_NP, true_NP), codes_NC != true_NC], dim=1).float()
        found = functional.binary_cross_entropy_with_logits(self.find(made), exchanged)
        return found + _PUT_RIGHT * self._put_right(made, true_NP, true_NC)

    def _put_right(self, made: Tensor, true_NP: Tensor, true_NC: Tensor) -> Tensor:
        """The mean over fields: squared error of standardised numbers, log loss of categories."""
        losses = []
        if true_NP.shape[1]:
            known = ~torch.isnan(true_NP)
            error = (self.numbers(made) - self.standardise(true_NP)).square() * known
            losses.append(error.sum(dim=0) / known.sum(dim=0).clamp_min(1))
        if self.levels:
            scores = self.categories(made).split(self.levels, dim=1)
            of_each = [
                functional.cross_entropy(score, codes)
                for score, codes in zip(scores, true_NC.T, strict=True)
            ]
            losses.append(torch.stack(of_each))
        return torch.cat(losses).mean()


def exchanged(
    inputs: Inputs, rows: NDArray[np.int64], *, seed: int, epoch: int, view: int = 0
) -> tuple[Floats, NDArray[np.int64]]:
    """Numbers and codes of `rows`, a share of them taken from rows of other patients.

    A function of (seed, epoch, view, rows).
    """
    drawn = stream(seed, _PURPOSE + view, epoch, int(rows[0]))
    made = []
    for values in (inputs.numeric, inputs.codes):
        shape = (len(rows), values.shape[1])
        others = drawn.integers(0, len(inputs), shape)
        taken = np.take_along_axis(values, others, axis=0) if shape[1] else values[rows]
        made.append(np.where(drawn.random(shape) < SHARE, taken, values[rows]))
    return np.asarray(made[0], np.float32), np.asarray(made[1], np.int64)


def telling_fields(inputs: Inputs) -> int:
    """How many fields vary at all; there must be two for one to tell of another."""
    numbers = sum(
        len(np.unique(column[~np.isnan(column)])) + bool(np.isnan(column).any()) > 1
        for column in inputs.numeric.T
    )
    return numbers + sum(len(np.unique(column)) > 1 for column in inputs.known_codes().T)


def _same(first: Tensor, second: Tensor) -> Tensor:
    """Equal, or missing in both."""
    return (first == second) | (torch.isnan(first) & torch.isnan(second))
