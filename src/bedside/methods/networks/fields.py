"""Fields into vectors: numbers by piecewise-linear or periodic embeddings, categories by tables.

Gorishniy, Rubachev and Babenko, On embeddings for numerical features in tabular deep learning,
NeurIPS 2022 (arXiv 2203.05556). A missing value has a vector of its own for each field.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.methods.design import REACH, fit_scaling, level_offsets
from bedside.methods.tabular_inputs import Floats, Inputs

Embedding = Literal["piecewise", "periodic"]
FREQUENCIES = 12
"""Sines and cosines of a field in the periodic embedding."""


class Standardise(nn.Module):
    """Numbers [N, P] to zero mean and unit deviation, gaps at the median, within ten deviations."""

    def __init__(self, numeric_NP: Floats) -> None:
        super().__init__()
        scaling = fit_scaling(numeric_NP)
        self.register_buffer("fill", torch.from_numpy(scaling.fill))
        self.register_buffer("mean", torch.from_numpy(scaling.mean))
        self.register_buffer("scale", torch.from_numpy(scaling.scale))
        self.fill: Tensor
        self.mean: Tensor
        self.scale: Tensor

    def forward(self, numeric_NP: Tensor) -> Tensor:
        """[N, P]"""
        filled = torch.where(torch.isnan(numeric_NP), self.fill, numeric_NP)
        return torch.clamp((filled - self.mean) * self.scale, -REACH, REACH)


class Piecewise(nn.Module):
    """How far a standardised number has come through each of B bins: [N, P] to [P, N, B]."""

    def __init__(self, standard_NP: Floats, gaps_NP: NDArray[np.bool_], bins: int) -> None:
        super().__init__()
        columns = zip(standard_NP.T, gaps_NP.T, strict=True)
        found = np.stack([_bins(column[~gap], bins) for column, gap in columns])
        self.register_buffer("left", torch.from_numpy(found[:, :1]))
        self.register_buffer("inverse", torch.from_numpy(found[:, 1:]))
        self.left: Tensor
        self.inverse: Tensor
        self.width = bins

    def forward(self, standard_NP: Tensor) -> Tensor:
        """[P, N, B]"""
        rising = (standard_NP.T[:, :, None] - self.left) * self.inverse
        return torch.clamp(rising, 0.0, 1.0)


class Periodic(nn.Module):
    """Sines and cosines of a standardised number at learned frequencies: [N, P] to [P, N, B]."""

    def __init__(self, fields: int) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.randn(fields, 1, FREQUENCIES) * 0.1)
        self.width = 2 * FREQUENCIES

    def forward(self, standard_NP: Tensor) -> Tensor:
        """[P, N, B]"""
        angle = 2 * torch.pi * standard_NP.T[:, :, None] * self.frequency
        return torch.cat([torch.sin(angle), torch.cos(angle)], dim=-1)


class Numbers(nn.Module):
    """Numbers [N, P] as vectors [N, P, d]: a line plus the embedding, or the gap's vector."""

    def __init__(self, numeric_NP: Floats, size: int, *, embedding: Embedding, bins: int) -> None:
        super().__init__()
        fields = numeric_NP.shape[1]
        self.standardise = Standardise(numeric_NP)
        self.encode: nn.Module
        width = bins
        if embedding == "periodic":
            self.encode = Periodic(fields)
            width = self.encode.width
        else:
            standard = self.standardise(torch.from_numpy(numeric_NP)).numpy()
            self.encode = Piecewise(standard, np.isnan(numeric_NP), bins)
        self.line = nn.Parameter(torch.randn(fields, size) * size**-0.5)
        self.offset = nn.Parameter(torch.zeros(fields, size))
        self.curve = nn.Parameter(torch.randn(fields, width, size) * 0.5 * width**-0.5)
        self.gap = nn.Parameter(torch.randn(fields, size) * 0.1)

    def forward(self, numeric_NP: Tensor) -> Tensor:
        """[N, P, d]"""
        standard = self.standardise(numeric_NP)
        curved = torch.matmul(self.encode(standard), self.curve).transpose(0, 1)
        vector = curved + standard[:, :, None] * self.line + self.offset
        return torch.where(torch.isnan(numeric_NP)[:, :, None], self.gap, vector)


class Categories(nn.Module):
    """Codes [N, C] as vectors [N, C, d]; missing and unknown share a vector for each field."""

    def __init__(self, cardinalities: tuple[int, ...], size: int) -> None:
        super().__init__()
        offsets = level_offsets(cardinalities)
        self.register_buffer("largest", torch.tensor(cardinalities, dtype=torch.int64))
        self.register_buffer("offset", torch.from_numpy(offsets))
        self.largest: Tensor
        self.offset: Tensor
        self.table = nn.Parameter(torch.randn(sum(cardinalities) + len(cardinalities), size) * 0.3)

    def forward(self, codes_NC: Tensor) -> Tensor:
        """[N, C, d]"""
        known = (codes_NC >= 0) & (codes_NC <= self.largest)
        level = torch.where(known, codes_NC, torch.zeros_like(codes_NC)) + self.offset
        return nn.functional.embedding(level, self.table)


class Fields(nn.Module):
    """All fields as vectors [N, P + C, d], numbers first."""

    def __init__(self, inputs: Inputs, size: int, *, embedding: Embedding, bins: int) -> None:
        super().__init__()
        self.count = inputs.fields
        self.numbers = (
            Numbers(inputs.numeric, size, embedding=embedding, bins=bins)
            if inputs.numeric.shape[1]
            else None
        )
        self.categories = Categories(inputs.cardinalities, size) if inputs.cardinalities else None

    def forward(self, numeric_NP: Tensor, codes_NC: Tensor) -> Tensor:
        """[N, P + C, d]"""
        parts = []
        if self.numbers is not None:
            parts.append(self.numbers(numeric_NP))
        if self.categories is not None:
            parts.append(self.categories(codes_NC))
        return torch.cat(parts, dim=1)


def _bins(values: Floats, bins: int) -> Floats:
    """[2, bins] left ends and one over the widths of quantile bins; those to spare never rise."""
    left_and_inverse = np.zeros((2, bins), np.float32)
    if len(values):
        edges = np.unique(np.quantile(values.astype(np.float64), np.linspace(0.01, 0.99, bins + 1)))
        widths = np.maximum(np.diff(edges), 1e-3)  # a step this narrow is as steep as is needed
        left_and_inverse[:, : len(widths)] = edges[:-1], 1.0 / widths
    return left_and_inverse
