"""A small U-Net that says which way noise must go to become an image: time, class and mask told.

After Ronneberger et al. 2015 (the shape), Dhariwal and Nichol 2021, arXiv 2105.05233 (time and
class scale and shift what a norm leaves, attention where there are few places), Hoogeboom et al.
2023, arXiv 2301.11093 (images enter as blocks of elements, so that most work is done where it is
cheap), and Liu et al. 2022, arXiv 2201.03545 (each place is normalised by itself, over channels).
Channels lie last in memory, by which convolutions in bfloat16 on a processor take half the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

WAVES = 32
"""Frequencies by which a time is told."""
HEAD = 32
"""Channels of a head of attention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VelocitySettings:
    """Size and shape."""

    widths: tuple[int, ...] = (32, 64, 96)
    """Channels at each size, each half the one before; multiples of 32."""
    blocks: int = 1
    """Residual blocks at each size, on the way down; as many on the way up."""
    fold: int = 2
    """Elements along each side of the blocks by which images enter and leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VelocityFacts:
    """What the network is for."""

    channels: int
    """Of the field; as many of the images, where `seen` is 0."""
    classes: int
    """Classes that can be asked for; 0 where there are none."""
    drawn: int = 0
    """Channels of what is drawn on the image, such as a mask; 0: nothing is."""
    seen: int = 0
    """Channels of what it sees of an image, where that is not the image."""


class Velocity(nn.Module):
    """From noisy images, times and conditions to a field as large as the images; at first all 0."""

    def __init__(self, facts: VelocityFacts, settings: VelocitySettings) -> None:
        super().__init__()
        widths, self.fold = settings.widths, settings.fold
        told = 4 * widths[0]
        self.facts = facts
        self.time = nn.Sequential(nn.Linear(2 * WAVES, told), nn.SiLU(), nn.Linear(told, told))
        self.kind = nn.Embedding(facts.classes + 1, told)
        """The last is of images whose class is not known or not to be told."""
        inside = ((facts.seen or facts.channels) + facts.drawn) * self.fold**2
        self.first = nn.Conv2d(inside, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            Level(before, width, told, blocks=settings.blocks, attend=False)
            for before, width in pairwise((widths[0], *widths))
        )
        self.middle = Level(widths[-1], widths[-1], told, blocks=1, attend=True)
        rising = tuple(reversed(widths))
        self.rise = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise((rising[0], *rising)))
        self.up = nn.ModuleList(
            Level(width, width, told, blocks=settings.blocks, attend=False) for width in rising
        )
        self.norm = nn.LayerNorm(widths[0])
        self.last = _silent(nn.Conv2d(widths[0], facts.channels * self.fold**2, 3, padding=1))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own

    def forward(self, x: Tensor, time: Tensor, kind: Tensor, drawn: Tensor | None = None) -> Tensor:
        """[N, C, H, W] of `x` [N, seen, H, W], `time` [N] from 0 to 1, `kind` [N] the class, where
        `classes` means none, and `drawn` [N, Q, H, W]."""
        told = functional.silu(self.time(waves(time)) + self.kind(kind))
        given = x if drawn is None else torch.cat([x, drawn], dim=1)
        blocks = functional.pixel_unshuffle(self._whole(given), self.fold)
        here = self.first(blocks.contiguous(memory_format=torch.channels_last))
        passed: list[Tensor] = []
        for at, level in enumerate(self.down):
            here = level(functional.avg_pool2d(here, 2, ceil_mode=True) if at else here, told)
            passed.append(here)
        here = self.middle(here, told)
        for at, (rise, level) in enumerate(zip(self.rise, self.up, strict=True)):
            beside, here = passed[-1 - at], rise(here)
            if at:
                here = functional.interpolate(here, size=beside.shape[2:], mode="nearest")
            here = level(here + beside, told)
        said = self.last(functional.silu(at_each_place(self.norm, here)))
        made = functional.pixel_shuffle(said, self.fold)
        return made[..., : x.shape[2], : x.shape[3]]

    def _whole(self, x: Tensor) -> Tensor:
        """Sides made up to whole blocks by repeating the edge."""
        lack = [-side % self.fold for side in x.shape[2:]]
        return functional.pad(x, (0, lack[1], 0, lack[0]), mode="replicate") if any(lack) else x


class Level(nn.Module):
    """What happens at one size: residual blocks, and attention after them where it is asked for."""

    def __init__(
        self, wide_in: int, wide_out: int, told: int, *, blocks: int, attend: bool
    ) -> None:
        super().__init__()
        wide = (wide_in, *[wide_out] * blocks)
        self.blocks = nn.ModuleList(Told(a, b, told) for a, b in pairwise(wide))
        self.attention = Attention(wide_out) if attend else nn.Identity()

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """[N, wide_out, H, W]"""
        for block in self.blocks:
            x = block(x, told)
        attended: Tensor = self.attention(x)
        return attended


class Told(nn.Module):
    """A residual block that is told something: it scales and shifts what its norm leaves."""

    def __init__(self, wide_in: int, wide_out: int, told: int) -> None:
        super().__init__()
        self.bare = nn.LayerNorm(wide_in, elementwise_affine=False)
        self.told = nn.Linear(told, 2 * wide_in)
        self.one = nn.Conv2d(wide_in, wide_out, 3, padding=1)
        self.two = _silent(nn.Conv2d(wide_out, wide_out, 3, padding=1))
        self.past = nn.Identity() if wide_in == wide_out else nn.Conv2d(wide_in, wide_out, 1)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """[N, wide_out, H, W]"""
        scale, shift = self.told(told)[:, :, None, None].chunk(2, dim=1)
        made = self.one(functional.silu(at_each_place(self.bare, x) * (1 + scale) + shift))
        added: Tensor = self.past(x) + self.two(functional.silu(made))
        return added


class Attention(nn.Module):
    """Each place looks at all others (Vaswani et al. 2017); added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = max(1, width // HEAD)
        self.norm = nn.LayerNorm(width)
        self.ask = nn.Conv2d(width, 3 * width, 1)
        self.say = _silent(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The shape stays."""
        rows, width, high, wide = x.shape
        asked = self.ask(at_each_place(self.norm, x))
        query, key, value = asked.reshape(rows, 3, self.heads, -1, high * wide).unbind(1)
        # Not scaled_dot_product_attention: on a processor it is slower for so few places.
        scores = torch.matmul(query.transpose(2, 3), key) * query.shape[2] ** -0.5
        seen = torch.matmul(value, scores.softmax(dim=3).transpose(2, 3))
        said: Tensor = self.say(seen.reshape(rows, width, high, wide))
        return x + said.contiguous(memory_format=torch.channels_last)


def at_each_place(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """The channels of each place of [N, C, H, W] at mean 0 and variance 1, and what `norm` adds."""
    normed: Tensor = norm(x.permute(0, 2, 3, 1))
    return normed.permute(0, 3, 1, 2)


def waves(time: Tensor) -> Tensor:
    """[N, 2 * WAVES] sines and cosines of times from 0 to 1, from half a turn to some hundred."""
    speeds = torch.logspace(0, math.log10(300), WAVES, device=time.device) * math.pi
    angles = time[:, None].float() * speeds
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _silent(conv: nn.Conv2d) -> nn.Conv2d:
    """A convolution that at first says nothing, so that training starts from what is known."""
    nn.init.zeros_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
