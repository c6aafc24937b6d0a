"""A transformer over fields: each field is a token, a token of its own gathers the answer.

Gorishniy et al., Revisiting deep learning models for tabular data, NeurIPS 2021 (arXiv 2106.11959):
pre-norm, no norm at the start, gated feed-forward (ReGLU).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bedside.methods.networks.fields import Embedding, Fields
from bedside.methods.networks.head import Head
from bedside.methods.networks.layout import Layout
from bedside.methods.outcome import Outcome
from bedside.methods.tabular_inputs import Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerSettings:
    """Size and shape."""

    size: int = 32
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    embedding: Embedding = "piecewise"
    bins: int = 12


class Attention(nn.Module):
    """Multi-head self-attention [N, T, d] written out, so that it exports as plain products."""

    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.each = heads, size // heads
        self.inward = nn.Linear(size, 3 * size)
        self.outward = nn.Linear(size, size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens_NTD: Tensor, asked: int) -> Tensor:
        """Answers [N, asked, d] for the first `asked` tokens."""
        split = self.inward(tokens_NTD).unflatten(2, (3, self.heads, self.each))
        query, key, value = (split[:, :, part].transpose(1, 2) for part in range(3))
        match = torch.matmul(query[:, :, :asked] * self.each**-0.5, key.transpose(2, 3))
        share = self.dropout(torch.softmax(match, dim=-1))
        found = torch.matmul(share, value).transpose(1, 2)
        answer: Tensor = self.outward(found.flatten(2))
        return answer


class Layer(nn.Module):
    """Attention, then a gated feed-forward step, each added to what came in."""

    def __init__(self, settings: TransformerSettings, *, first: bool) -> None:
        super().__init__()
        size, inner = settings.size, settings.size * 4 // 3
        self.before = nn.Identity() if first else nn.LayerNorm(size)
        self.attention = Attention(size, settings.heads, settings.dropout)
        self.norm = nn.LayerNorm(size)
        self.widen, self.narrow = nn.Linear(size, 2 * inner), nn.Linear(inner, size)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, tokens_NTD: Tensor, asked: int) -> Tensor:
        """The first `asked` tokens [N, asked, d], after the layer."""
        attended = self.attention(self.before(tokens_NTD), asked)
        tokens_NTD = tokens_NTD[:, :asked] + attended
        gate, content = self.widen(self.norm(tokens_NTD)).chunk(2, dim=-1)
        narrowed: Tensor = self.narrow(self.dropout(torch.relu(gate) * content))
        return tokens_NTD + narrowed


class FtTransformer(nn.Module):
    """Layers over the tokens of the fields; the last one asks for the gathering token only."""

    def __init__(self, inputs: Inputs, outcome: Outcome, settings: TransformerSettings) -> None:
        super().__init__()
        size = settings.size
        self.fields = Fields(inputs, size, embedding=settings.embedding, bins=settings.bins)
        self.gather = nn.Parameter(torch.randn(1, 1, size) * size**-0.5)
        self.body = nn.ModuleList(
            Layer(settings, first=number == 0) for number in range(settings.layers)
        )
        self.norm = nn.LayerNorm(size)
        self.last = nn.Linear(size, outcome.width)
        self.head = Head(outcome)

    def raw(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """Scores [N, 1, K]."""
        return self.scores(self.features(numeric_NP, codes_NC))

    def features(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[N, size]: what the head takes."""
        return self.represent(numeric_NP, codes_NC)

    def scores(self, features_ND: Tensor) -> Tensor:
        """[N, 1, K] of features."""
        scores: Tensor = self.last(features_ND)
        return scores[:, None]

    def represent(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[N, size]: what the gathering token has gathered."""
        return self._gathered(numeric_NP, codes_NC)[:, 0]

    def layout(self) -> Layout:
        """The last linear layer is the head, the last layer of attention the last stage."""
        return Layout(head=("head", "last"), last=(f"body.{len(self.body) - 1}", "norm"))

    def _gathered(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[N, 1, size]"""
        fields = self.fields(numeric_NP, codes_NC)
        tokens = torch.cat([self.gather.expand(fields.shape[0], -1, -1), fields], dim=1)
        for number, layer in enumerate(self.body):
            tokens = layer(tokens, 1 if number == len(self.body) - 1 else self.fields.count + 1)
        return torch.relu(self.norm(tokens))

    def forward(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """`value` [N, K]."""
        value: Tensor = self.head(self.raw(numeric_NP, codes_NC))
        return value
