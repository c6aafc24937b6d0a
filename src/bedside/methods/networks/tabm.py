"""TabM: an ensemble of perceptrons that share their weights, with a few numbers of their own.

Gorishniy, Kotelnikov and Babenko, TabM: advancing tabular deep learning with parameter-efficient
ensembling, ICLR 2025 (arXiv 2410.24210). Each member scales the inputs and outputs of every shared
layer (rank-one adapters after BatchEnsemble, Wen et al. 2020), has its own biases and last layer,
and is trained on its own loss; predictions are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn

from bedside.methods.networks.fields import Embedding, Fields
from bedside.methods.networks.head import Head
from bedside.methods.networks.layout import Layout
from bedside.methods.outcome import Outcome
from bedside.methods.tabular_inputs import Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class TabmSettings:
    """Size and shape."""

    members: int = 16
    width: int = 64
    layers: int = 2
    dropout: float = 0.1
    embedding: Embedding = "periodic"
    bins: int = 12
    field_size: int = 8


class SharedLinear(nn.Module):
    """One linear layer for M members: y = ((x * r) W) * s + b, W shared; [M, N, I] to [M, N, O].

    Members come first, so that the shared product is one matrix multiplication without a copy.
    """

    def __init__(self, wide_in: int, wide_out: int, members: int, *, signs: Tensor | None) -> None:
        super().__init__()
        self.shared = nn.Parameter(_uniform(wide_in, wide_out))
        start = torch.ones(members, 1, wide_in) if signs is None else signs[:, None]
        self.inward = nn.Parameter(start.clone())
        self.outward = nn.Parameter(torch.ones(members, 1, wide_out))
        self.bias = nn.Parameter(_uniform(wide_in, wide_out)[:1].expand(members, 1, -1).clone())

    def forward(self, x_MNI: Tensor) -> Tensor:
        """[M, N, O]"""
        return torch.matmul(x_MNI * self.inward, self.shared) * self.outward + self.bias


class TabM(nn.Module):
    """M perceptrons in one."""

    def __init__(self, inputs: Inputs, outcome: Outcome, settings: TabmSettings) -> None:
        super().__init__()
        size, members = settings.field_size, settings.members
        self.fields = Fields(inputs, size, embedding=settings.embedding, bins=settings.bins)
        widths = [inputs.fields * size, *[settings.width] * settings.layers]
        # Only the first adapter starts at random, with one sign for all of a field's vector: enough
        # to make the members differ, and the rest starts as a plain perceptron.
        signs = (torch.randint(0, 2, (members, inputs.fields)) * 2.0 - 1.0).repeat_interleave(
            size, 1
        )
        self.body = nn.ModuleList(
            SharedLinear(wide_in, wide_out, members, signs=None if number else signs)
            for number, (wide_in, wide_out) in enumerate(pairwise(widths))
        )
        self.dropout = nn.Dropout(settings.dropout)
        last = torch.stack([_uniform(widths[-1], outcome.width) for _ in range(members)])
        self.last = nn.Parameter(last)
        self.last_bias = nn.Parameter(torch.zeros(members, 1, outcome.width))
        self.head = Head(outcome)

    def raw(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """Scores [N, M, K]."""
        return self.scores(self.features(numeric_NP, codes_NC))

    def features(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[N, M, width]: what the head takes, each member its own."""
        return self._hidden(numeric_NP, codes_NC).transpose(0, 1)

    def scores(self, features_NMD: Tensor) -> Tensor:
        """[N, M, K] of features."""
        hidden = features_NMD.transpose(0, 1)
        scores: Tensor = (torch.matmul(hidden, self.last) + self.last_bias).transpose(0, 1)
        return scores

    def represent(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[N, width]: the last hidden layer, the mean over members."""
        return self._hidden(numeric_NP, codes_NC).mean(dim=0)

    def layout(self) -> Layout:
        """Each member's last layer is the head, the shared layer before it the last stage."""
        return Layout(head=("head", "last", "last_bias"), last=(f"body.{len(self.body) - 1}",))

    def _hidden(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[M, N, width]"""
        hidden: Tensor = self.fields(numeric_NP, codes_NC).flatten(1)[None]
        for layer in self.body:
            hidden = torch.relu(layer(hidden))
            if self.training:  # one mask for all members: drawing it is most of a dropout's cost
                hidden = self.dropout(torch.ones_like(hidden[:1])) * hidden
        return hidden

    def forward(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """`value` [N, K]: the mean over members."""
        value: Tensor = self.head(self.raw(numeric_NP, codes_NC))
        return value


def _uniform(wide_in: int, wide_out: int) -> Tensor:
    return (torch.rand(wide_in, wide_out) * 2 - 1) / sqrt(wide_in)
