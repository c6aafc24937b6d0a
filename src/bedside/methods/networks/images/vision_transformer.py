"""Vision transformer: an image as a row of patches that attend to each other.

Dosovitskiy et al., An image is worth 16 x 16 words: transformers for image recognition at scale,
ICLR 2021 (arXiv 2010.11929, 2020). The answer is read from the mean of all patches instead of from
a token of its own, which learns sooner on small data (their appendix D.3 found both alike).
"""

from __future__ import annotations

from math import ceil, prod

import torch
from torch import Tensor, nn
from torch.nn import functional

from bedside.methods.networks.ft_transformer import Attention
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import patches

SIZE, LAYERS, HEADS = 128, 4, 4
ALONG = {2: 8, 3: 5}
"""Patches along the longest side, by number of spatial axes."""


class TransformerLayer(nn.Module):
    """Attention, then two linear layers, each after a norm and added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.norm = nn.LayerNorm(SIZE), nn.LayerNorm(SIZE)
        self.attention = Attention(SIZE, HEADS, 0.0)
        self.widen, self.narrow = nn.Linear(SIZE, 2 * SIZE), nn.Linear(2 * SIZE, SIZE)

    def forward(self, tokens_NTD: Tensor) -> Tensor:
        """[N, T, D]"""
        attended: Tensor = self.attention(self.before(tokens_NTD), tokens_NTD.shape[1])
        tokens_NTD = tokens_NTD + attended
        wide = functional.gelu(self.widen(self.norm(tokens_NTD)))
        narrowed: Tensor = self.narrow(wide)
        return tokens_NTD + narrowed


class VisionTransformerBody(nn.Module):
    """Patches, each with a vector for its place; to scores [N, K]."""

    def __init__(self, facts: ImageFacts, outputs: int) -> None:
        super().__init__()
        size = ceil(max(facts.shape) / ALONG[facts.dims])
        count = tuple(ceil(side / size) for side in facts.shape)
        wanting = [n * size - side for n, side in zip(count, facts.shape, strict=True)]
        self.padding = [end for want in reversed(wanting) for end in (want // 2, want - want // 2)]
        self.patches = patches(facts.channels, SIZE, size, dims=facts.dims)
        self.place = nn.Parameter(torch.randn(1, prod(count), SIZE) * 0.5)
        self.layers = nn.Sequential(*(TransformerLayer() for _ in range(LAYERS)))
        self.norm, self.last = nn.LayerNorm(SIZE), nn.Linear(SIZE, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[N, K]"""
        found = self.patches(functional.pad(x, self.padding)).flatten(2).transpose(1, 2)
        tokens = self.norm(self.layers(found + self.place))
        scores: Tensor = self.last(tokens.mean(dim=1))
        return scores
