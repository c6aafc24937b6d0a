"""Networks on the plain fields of a table: standardised numbers, marked gaps, categories one-hot.

Rosenblatt, The perceptron, Psychological Review 1958. Rumelhart, Hinton and Williams, Nature 1986.
Srivastava et al., Dropout, JMLR 2014; Ioffe and Szegedy, Batch normalization, ICML 2015.
Gorishniy et al., Revisiting deep learning models for tabular data, NeurIPS 2021 (the ResNet).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from bedside.methods.design import level_offsets
from bedside.methods.networks.fields import Standardise
from bedside.methods.networks.head import Head
from bedside.methods.outcome import Outcome
from bedside.methods.tabular_inputs import Inputs

DROPOUT = 0.2


class PlainFields(nn.Module):
    """Numeric [N, P] and codes [N, C] as one row of numbers [N, D] for each sample.

    Gaps are at the median, and marked where the training patients have gaps; missing and unknown
    categories share a place for each field.
    """

    def __init__(self, inputs: Inputs) -> None:
        super().__init__()
        gaps = np.flatnonzero(np.isnan(inputs.numeric).any(axis=0))
        self.register_buffer("gaps", torch.from_numpy(gaps))
        self.register_buffer("largest", torch.tensor(inputs.cardinalities, dtype=torch.int64))
        self.register_buffer("offset", torch.from_numpy(level_offsets(inputs.cardinalities)))
        self.gaps: Tensor
        self.largest: Tensor
        self.offset: Tensor
        self.standardise = Standardise(inputs.numeric) if inputs.numeric.shape[1] else None
        self.levels = sum(inputs.cardinalities) + len(inputs.cardinalities)
        self.width = inputs.numeric.shape[1] + len(gaps) + self.levels

    def forward(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[N, D]"""
        parts = []
        if self.standardise is not None:
            parts.append(self.standardise(numeric_NP))
            parts.append(torch.isnan(numeric_NP[:, self.gaps]).float())
        if self.levels:
            known = (codes_NC >= 0) & (codes_NC <= self.largest)
            level = torch.where(known, codes_NC, torch.zeros_like(codes_NC)) + self.offset
            ones = torch.zeros(len(codes_NC), self.levels, device=codes_NC.device)
            parts.append(ones.scatter(1, level, 1.0))
        return torch.cat(parts, dim=1)


class Plain(nn.Module):
    """`value` [N, K] of plain fields through any body from D numbers to K scores."""

    def __init__(self, fields: PlainFields, body: nn.Module, outcome: Outcome) -> None:
        super().__init__()
        self.fields, self.body, self.head = fields, body, Head(outcome)

    def raw(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """Scores [N, 1, K]."""
        scores: Tensor = self.body(self.fields(numeric_NP, codes_NC))
        return scores[:, None]

    def forward(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """`value` [N, K]."""
        value: Tensor = self.head(self.raw(numeric_NP, codes_NC))
        return value


def perceptron(inputs: Inputs, outcome: Outcome, hidden: Sequence[int] = ()) -> Plain:
    """One layer of weights; with `hidden`, layers of tanh units between."""
    fields = PlainFields(inputs)
    widths = [fields.width, *hidden, outcome.width]
    steps: list[nn.Module] = []
    for wide_in, wide_out in pairwise(widths):
        steps += [nn.Linear(wide_in, wide_out), nn.Tanh()]
    return Plain(fields, nn.Sequential(*steps[:-1]), outcome)


def normed_perceptron(inputs: Inputs, outcome: Outcome, hidden: Sequence[int]) -> Plain:
    """Linear, batch norm, ReLU and dropout in each hidden layer."""
    fields = PlainFields(inputs)
    steps: list[nn.Module] = []
    for wide_in, wide_out in pairwise([fields.width, *hidden]):
        steps += [
            nn.Linear(wide_in, wide_out), nn.BatchNorm1d(wide_out), nn.ReLU(), nn.Dropout(DROPOUT),
        ]  # fmt: skip
    return Plain(fields, nn.Sequential(*steps, nn.Linear(hidden[-1], outcome.width)), outcome)


class Block(nn.Module):
    """Batch norm, wide ReLU layer and dropout, added to what came in: [N, d] to [N, d]."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.steps = nn.Sequential(
            nn.BatchNorm1d(size), nn.Linear(size, 2 * size), nn.ReLU(), nn.Dropout(DROPOUT),
            nn.Linear(2 * size, size),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """[N, d]"""
        added: Tensor = self.steps(x)
        return x + added


def residual(inputs: Inputs, outcome: Outcome, *, size: int = 96, blocks: int = 3) -> Plain:
    """A linear layer, blocks with shortcuts past them, and a normed last layer."""
    fields = PlainFields(inputs)
    body = nn.Sequential(
        nn.Linear(fields.width, size), *(Block(size) for _ in range(blocks)),
        nn.BatchNorm1d(size), nn.ReLU(), nn.Linear(size, outcome.width),
    )  # fmt: skip
    return Plain(fields, body, outcome)
