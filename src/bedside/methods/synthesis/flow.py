"""Flow matching for mixed columns: a network that carries noise to patients. The default.

Lipman et al., ICLR 2023; times by a logit-normal draw (Esser et al., ICML 2024); Heun's method over
a cosine grid of times; the averaged weights are used. What comes out is brought back to the spread
of each coordinate, which a network blurs. A table's points are few and its network is
small, so it is fitted in seconds on one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from bedside.core.randomness import stream
from bedside.methods.synthesis.encoding import Encoding, Points, encoding_of
from bedside.methods.synthesis.mixed import Mixed, Values, require_rows

WAVES, FASTEST = 16, 5.0
"""Of the embedding of time: how many waves, and the logarithm of the fastest one's frequency."""
BLOCK, BLOCKS = 1024, 8
"""Points that are drawn to see how each coordinate comes out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """How long and how large. The defaults were chosen on FLChain: see bench/synthesis.py."""

    steps: int = 4500
    """At most; few rows are learnt in fewer."""
    batch: int = 512
    """Larger ones learn less by heart in as many passes."""
    width: int = 192
    rate: float = 2e-3
    """Height of the cosine that the learning rate falls along."""
    decay: float = 1e-4
    average: float = 0.995
    """Of the weights, step over step."""
    leaps: int = 16
    """Steps of Heun's method from noise to a patient."""

    def steps_for(self, rows: int) -> int:
        """Steps of the optimiser for so many rows: 600 passes, but neither too few nor too many."""
        return int(np.clip(600 * rows / self.batch, min(600, self.steps), self.steps))


class Velocity(nn.Module):
    """Where a point [B, E] at time t [B, 1] is to move, [B, E]."""

    def __init__(self, points: int, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(points + 2 * WAVES, width)
        self.second, self.third = nn.Linear(width, width), nn.Linear(width, width)
        self.last = nn.Linear(width, points)
        self.register_buffer("waves", torch.exp(torch.linspace(0, FASTEST, WAVES)))

    def forward(self, at: Tensor, time: Tensor) -> Tensor:
        angle = time * self.waves  # type: ignore[operator]  # a buffer is a Tensor
        hidden = silu(self.first(torch.cat([at, torch.sin(angle), torch.cos(angle)], dim=1)))
        hidden = silu(self.third(silu(self.second(hidden))))
        moved: Tensor = self.last(hidden)
        return moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Fitted."""

    encoding: Encoding
    velocity: Velocity
    leaps: int

    def draw(self, count: int, rng: np.random.Generator) -> Values:
        """`count` new rows [count, D]."""
        return self.encoding.values(self._points(count, rng))

    def calibrated(self, real: Points, rng: np.random.Generator) -> Flow:
        """The same, with each coordinate spread as in the real points [N, E]."""
        drawn = np.concatenate([self._points(BLOCK, rng) for _ in range(BLOCKS)])
        return replace(self, encoding=self.encoding.calibrated(drawn, real))

    def _points(self, count: int, rng: np.random.Generator) -> Points:
        noise = rng.standard_normal((count, self.encoding.width), np.float32)
        if not self.encoding.width:
            return noise
        return np.asarray(self._carried(torch.from_numpy(noise)).numpy(), np.float32)

    @torch.inference_mode()
    def _carried(self, points: Tensor) -> Tensor:
        """Noise to points by Heun's method; the last step, where the field is stiff, by Euler's."""
        times = (1 - np.cos(np.pi * np.linspace(0, 1, self.leaps + 1))) / 2
        for now, then in pairwise(times):
            step = float(then - now)
            here = self.velocity(points, torch.full((len(points), 1), float(now)))
            reached = points + step * here
            if then < 1:
                there = self.velocity(reached, torch.full((len(points), 1), float(then)))
                reached = points + step * (here + there) / 2
            points = reached
        return points


def fit_flow(mixed: Mixed, settings: FlowSettings | None = None, *, seed: int) -> Flow:
    """A flow to the rows. torch's own generator is left as it was.

    Raises DataError where there are too few rows.
    """
    require_rows(len(mixed))
    settings = settings or FlowSettings()
    encoding = encoding_of(mixed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        velocity = Velocity(max(encoding.width, 1), settings.width)
        if encoding.width:
            _learn(velocity, lambda rng: encoding.points(mixed, rng), settings, stream(seed, 3))
    flow = Flow(encoding=encoding, velocity=velocity.eval(), leaps=settings.leaps)
    rng = stream(seed, 5)
    return flow.calibrated(encoding.points(mixed, rng), rng)


def _learn(
    velocity: Velocity, encode: Callable[[np.random.Generator], Points], settings: FlowSettings,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Train, and leave the averaged weights in place.

    Where a patient lies within a tie, and what fills a gap, is drawn anew in each pass, so that it
    cannot be learnt by heart.
    """
    weights: list[Tensor] = list(velocity.parameters())
    average = [weight.detach().clone() for weight in weights]
    optimiser = torch.optim.AdamW(
        weights, lr=settings.rate, weight_decay=settings.decay, fused=True
    )
    ends = torch.from_numpy(encode(rng))
    steps, size = settings.steps_for(len(ends)), min(settings.batch, len(ends))
    order = np.zeros(0, np.int64)
    for step in range(steps):
        if len(order) < size:
            ends, order = torch.from_numpy(encode(rng)), rng.permutation(len(ends))
        chosen, order = torch.from_numpy(order[:size]), order[size:]
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * (1 + math.cos(math.pi * step / steps)) / 2
        loss = _loss(velocity, ends[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
        optimiser.step()
        with torch.no_grad():
            past = min(settings.average, (1 + step) / (10 + step))
            torch._foreach_lerp_(average, weights, 1 - past)  # all in one call: no public name
    with torch.no_grad():
        for weight, kept in zip(weights, average, strict=True):
            weight.copy_(kept)


def _loss(velocity: Velocity, ends: Tensor) -> Tensor:
    """Squared error of the velocity on straight paths from noise to `ends` [B, E]."""
    starts = torch.randn_like(ends)
    time = torch.sigmoid(torch.randn(len(ends), 1))
    moved = velocity((1 - time) * starts + time * ends, time)
    loss: Tensor = ((moved - (ends - starts)) ** 2).mean()
    return loss
