"""Policies: which ops, how strong. Only ops that leave a diagnosis readable.

Solarise, posterise and invert, which policies for photographs have, are left out: they turn a
bone into a lung.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from bedside.core.randomness import Draw, stream
from bedside.modalities.images.augment.filters import Blur, LowResolution, Sharpen
from bedside.modalities.images.augment.op import Op, Params, scaled
from bedside.modalities.images.augment.spatial import Affine, Elastic, Flip
from bedside.modalities.images.augment.tone import (
    BiasField,
    Brightness,
    Contrast,
    Cutout,
    Gamma,
    GaussianNoise,
)  # fmt: skip

Policy = Literal["none", "light", "standard", "trivial", "rand"]
SAFE: tuple[Op, ...] = (
    Affine(rotation=(-30, 30), scale=(1, 1)),
    Affine(rotation=(0, 0), scale=(0.7, 1.4)),
    Affine(rotation=(0, 0), scale=(1, 1), shear=(-12, 12)),
    Affine(rotation=(0, 0), scale=(1, 1), translation=(-0.15, 0.15)),
    Elastic(p=1, amount=(0, 0.35)),
    Gamma(p=1, power=(0.5, 2.0)),
    Brightness(p=1, factor=(0.6, 1.5), shift=(-0.1, 0.1)),
    Contrast(p=1, factor=(0.5, 1.8)),
    GaussianNoise(p=1, sd=(0, 0.1)),
    BiasField(p=1, amount=(0, 0.6)),
    Blur(p=1, sd=(0, 1.5)),
    Sharpen(p=1, amount=(0, 1.5)),
    LowResolution(p=1, share=(0.4, 1.0)),
    Cutout(p=1, size=(0, 0.35)),
)
"""What the random policies choose from, each at its full strength."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trivial:
    """One op of a set at a random strength (TrivialAugment: Mueller and Hutter, 2021)."""

    NAME: ClassVar[str] = "trivial"

    p: float = 1.0
    ops: tuple[Op, ...] = SAFE

    def draw(self, draw: Draw) -> list[Params]:
        """The parameters of the op that was chosen."""
        if not draw.happens(self.p):
            return []
        chosen = self.ops[draw.whole(len(self.ops))]
        return _drawn(chosen, draw.number(), draw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rand:
    """Some ops of a set, all at one strength (RandAugment: Cubuk et al., 2020)."""

    NAME: ClassVar[str] = "rand"

    p: float = 1.0
    ops: tuple[Op, ...] = SAFE
    count: int = 2
    strength: float = 0.5
    """Share of each op's full strength."""

    def draw(self, draw: Draw) -> list[Params]:
        """The parameters of the ops that were chosen, each at most once."""
        if not draw.happens(self.p):
            return []
        order = stream(draw.key(), 3).permutation(len(self.ops))[: self.count]
        key = draw.key()
        made: list[Params] = []
        for place, at in enumerate(order.tolist()):
            words = stream(key, 4, place).random(16).tolist()
            made += _drawn(self.ops[at], self.strength, Draw(words, axes=draw.axes))
        return made


def _drawn(op: Op, strength: float, draw: Draw) -> list[Params]:
    words = np.asarray([draw.number() for _ in range(2)])
    key = int(words[0] * 2**26) << 26 | int(words[1] * 2**26)
    fresh = stream(key, 5).random(16).tolist()
    return scaled(op, strength).draw(Draw(fresh, axes=draw.axes))


def ops_of(
    policy: Policy,
    *,
    strength: float = 1.0,
    flips: tuple[str, ...] = (),
    swaps: tuple[tuple[int, int], ...] = (),
) -> tuple[Op, ...]:
    """The ops of a policy, their ranges `strength` times as wide, with flips of the named axes."""
    flip: tuple[Op, ...] = (Flip(axes=flips, swaps=swaps),) if flips else ()
    if policy == "none":
        return ()
    if policy == "trivial":
        return (*flip, Trivial(ops=tuple(scaled(op, strength) for op in SAFE)))
    if policy == "rand":
        return (*flip, Rand(strength=min(1.0, 0.5 * strength)))
    ops: tuple[Op, ...] = (
        Affine(p=0.8, rotation=(-10, 10), scale=(0.9, 1.1), translation=(-0.05, 0.05)),
        Brightness(p=0.3, factor=(0.9, 1.1)),
        Contrast(p=0.3, factor=(0.9, 1.1)),
    )
    if policy == "standard":
        ops = (
            Affine(p=0.8, rotation=(-15, 15), scale=(0.85, 1.18), translation=(-0.05, 0.05)),
            Elastic(p=0.2), Gamma(), Brightness(), Contrast(), GaussianNoise(p=0.2),
            Blur(p=0.1), LowResolution(p=0.1),
        )  # fmt: skip
    return (*flip, *(scaled(op, strength) for op in ops))
