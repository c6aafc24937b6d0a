"""One layer of weights on pixels, and the same with hidden layers.

Rosenblatt, The perceptron, Psychological Review 1958 (its Mark I saw 20 x 20 photocells).
Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, Nature 1986.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod

from torch import Tensor, nn

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.layers import Retina

LARGEST = {2: 32, 3: 16}
"""Longest side that is seen, by number of spatial axes."""


class PerceptronBody(nn.Module):
    """Every pixel to every unit, `hidden` layers of tanh units between; to scores [N, K]."""

    def __init__(self, facts: ImageFacts, outputs: int, hidden: tuple[int, ...] = ()) -> None:
        super().__init__()
        retina = Retina(facts.shape, LARGEST[facts.dims])
        widths = [facts.channels * prod(retina.shape), *hidden, outputs]
        steps: list[nn.Module] = [retina, nn.Flatten(1)]
        for wide_in, wide_out in pairwise(widths):
            steps += [nn.Linear(wide_in, wide_out), nn.Tanh()]
        self.steps = nn.Sequential(*steps[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """[N, K]"""
        scores: Tensor = self.steps(x)
        return scores
