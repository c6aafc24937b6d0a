"""A multilayer perceptron on the embedded fields (Gorishniy et al., NeurIPS 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from bedside.methods.networks.fields import Embedding, Fields
from bedside.methods.networks.head import Head
from bedside.methods.networks.layout import Layout
from bedside.methods.outcome import Outcome
from bedside.methods.tabular_inputs import Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class MlpSettings:
    """Size and shape."""

    width: int = 128
    layers: int = 2
    dropout: float = 0.2
    embedding: Embedding = "piecewise"
    bins: int = 12
    field_size: int = 8


class Mlp(nn.Module):
    """`layers` times linear, ReLU, dropout; one member."""

    def __init__(self, inputs: Inputs, outcome: Outcome, settings: MlpSettings) -> None:
        super().__init__()
        size = settings.field_size
        self.fields = Fields(inputs, size, embedding=settings.embedding, bins=settings.bins)
        widths = [inputs.fields * size, *[settings.width] * settings.layers]
        steps: list[nn.Module] = []
        for wide_in, wide_out in pairwise(widths):
            steps += [nn.Linear(wide_in, wide_out), nn.ReLU(), nn.Dropout(settings.dropout)]
        self.body = nn.Sequential(*steps, nn.Linear(widths[-1], outcome.width))
        self.head = Head(outcome)

    def raw(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """Scores [N, 1, K]."""
        return self.scores(self.features(numeric_NP, codes_NC))

    def features(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[N, width]: what the head takes."""
        return self.represent(numeric_NP, codes_NC)

    def scores(self, features_ND: Tensor) -> Tensor:
        """[N, 1, K] of features."""
        scores: Tensor = self.body[-1](features_ND)
        return scores[:, None]

    def represent(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[N, width]: the last hidden layer."""
        hidden: Tensor = self.body[:-1](self.fields(numeric_NP, codes_NC).flatten(1))
        return hidden

    def layout(self) -> Layout:
        """The last linear layer is the head, the one before it the last stage."""
        end = len(self.body) - 1
        return Layout(head=("head", f"body.{end}"), last=(f"body.{end - 3}",))

    def forward(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """`value` [N, K]."""
        value: Tensor = self.head(self.raw(numeric_NP, codes_NC))
        return value
