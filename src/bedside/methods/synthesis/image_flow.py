"""A flow that makes pictures: of a class, or under a mask; what it learnt, and how it samples.

Flow matching on the straight path (see straight_path.py) with a small U-Net, its weights averaged
over the last steps of training. Classifier-free guidance after Ho and Salimans 2022, arXiv
2207.12598.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.core.randomness import stream
from bedside.methods.networks.images.velocity import Velocity, VelocityFacts, VelocitySettings
from bedside.methods.synthesis.grey_scale import GreyScale
from bedside.methods.synthesis.straight_path import StraightPath, heun

UNTOLD = -1
"""The kind of an image whose class is not known."""
ROWS = 32
"""Images that are made at a time, always: a sum in another order would be another number."""
_NOISE = 0x1F10


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """N training images and what is to be told of each."""

    images: NDArray[np.generic]
    """[N, C, H, W]"""
    kinds: NDArray[np.int64]
    """[N] class from 0, or UNTOLD."""
    classes: int
    labels: NDArray[np.uint8] | None = None
    """[N, H, W]: 0, or 1 to `marks`, what is drawn at each place."""
    marks: int = 0
    mirror: tuple[int, ...] = ()
    """Spatial axes along which a mirror image is as good; labels are mirrored with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """How a flow is trained and sampled."""

    network: VelocitySettings = field(default_factory=VelocitySettings)
    batch: int = 32
    rate: float = 2e-3
    """Learning rate of AdamW; it rises over the first hundred steps and falls over the last 40 % of
    the training, by steps or by seconds, whichever is further."""
    decay: float = 1e-4
    average: float = 0.998
    """What is kept is the moving average of about 1 / (1 - `average`) steps."""
    steps: int = 40_000
    """At most."""
    seconds: float = 600.0
    """Processor time at most; training then ends with the step."""
    save: float = 30.0
    """Seconds of processor time from one checkpoint to the next."""
    middle: float = 0.4
    """Times are drawn logit-normal (Esser et al. 2024, arXiv 2403.03206): mean ..."""
    spread: float = 1.4
    """... and deviation of the logit."""
    untold: float = 0.1
    """Share of the training images whose class is withheld, so that guidance has something to lead
    away from."""
    guidance: float = 1.0
    """How far to go towards the class: 1 as learnt, more is clearer and less varied."""
    turns: int = 12
    """Heun steps of a sample, two looks at the network each."""


class ImageFlow(nn.Module):
    """From noise, kinds and labels to images on the grid of those that were learnt."""

    def __init__(
        self, path: StraightPath, scale: GreyScale, facts: VelocityFacts, settings: FlowSettings
    ) -> None:
        super().__init__()
        self.path, self.scale, self.settings, self.facts = path, scale, settings, facts
        self.network = Velocity(facts, settings.network)
        self.mixed = False
        """Whether the network computes in bfloat16; set where the processor is quicker by it."""

    def velocity(self, x: Tensor, time: Tensor, kind: Tensor, drawn: Tensor | None) -> Tensor:
        """[N, C, H, W]; `kind` [N] from 0, or `facts.classes` where nothing is told."""

        def said(seen: Tensor, at: Tensor) -> Tensor:
            with torch.autocast(x.device.type, torch.bfloat16, enabled=self.mixed):
                field: Tensor = self.network(seen, at, kind, drawn)
            return field.float()

        return self.path.velocity(x, time, said)

    def made(
        self, kinds: NDArray[np.int64], labels: NDArray[np.uint8] | None = None, *, seed: int
    ) -> NDArray[np.generic]:
        """Images [n, C, H, W] of `kinds` [n] under `labels` [n, H, W].

        The i-th depends on the seed, i, its kind and its labels alone.
        """
        shape = (ROWS, *self.path.mean.shape)
        made = [np.zeros((0, *shape[1:]), self.scale.dtype)]
        for start in range(0, len(kinds), ROWS):
            rows = np.arange(start, start + ROWS).clip(max=len(kinds) - 1)
            noise = np.stack([
                stream(seed, _NOISE, at).standard_normal(shape[1:], np.float32)
                for at in range(start, start + ROWS)
            ])  # fmt: skip
            drawn = None if labels is None else marked(labels[rows], self.facts.drawn)
            numbers = self._numbers(noise, self._told(kinds[rows]), drawn)
            made.append(self.scale.images(numbers)[: len(kinds) - start])
        return np.concatenate(made)

    def _told(self, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(kinds == UNTOLD, self.facts.classes, kinds)

    def _numbers(
        self, noise: NDArray[np.float32], kinds: NDArray[np.int64],
        drawn: NDArray[np.float32] | None,
    ) -> NDArray[np.float32]:  # fmt: skip
        device = self.path.mean.device
        x, kind = torch.from_numpy(noise).to(device), torch.from_numpy(kinds).to(device)
        below = None if drawn is None else torch.from_numpy(drawn).to(device)
        strength = self.settings.guidance if self.facts.classes else 1.0

        def guided(x: Tensor, time: Tensor) -> Tensor:
            told = self.velocity(x, time, kind, below)
            if strength == 1.0:
                return told
            free = self.velocity(x, time, torch.full_like(kind, self.facts.classes), below)
            return free + strength * (told - free)

        with torch.inference_mode():
            numbers = heun(guided, x, self.settings.turns).cpu().numpy()
        return np.asarray(numbers, np.float32)


def marked(labels: NDArray[np.uint8], marks: int) -> NDArray[np.float32]:
    """[N, marks, H, W]: 1 where `labels` [N, H, W] is 1, 2, ..."""
    which = np.arange(1, marks + 1, dtype=np.uint8)[None, :, None, None]
    return np.asarray(labels[:, None] == which, np.float32)
