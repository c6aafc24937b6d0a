"""A small U-Net that says which way noise must go to become an image: time, class and mask told.

After Ronneberger et al. 2015 (the shape), Dhariwal and Nichol 2021, arXiv 2105.05233 (time and
class scale and shift what group norm leaves, attention where there are few places), and Hoogeboom
et al. 2023, arXiv 2301.11093 (images enter as blocks of elements, so that most work is done where
it is cheap).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

GROUP = 8
"""Channels that are normalised together."""
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
        self.up = nn.ModuleList(
            Level(below + width, width, told, blocks=settings.blocks, attend=False)
            for below, width in pairwise((rising[0], *rising))
        )
        self.last = nn.Sequential(
            nn.GroupNorm(widths[0] // GROUP, widths[0]), nn.SiLU(),
            _silent(nn.Conv2d(widths[0], facts.channels * self.fold**2, 3, padding=1)),
        )  # fmt: skip

    def forward(self, x: Tensor, time: Tensor, kind: Tensor, drawn: Tensor | None = None) -> Tensor:
        """[N, C, H, W] of `x` [N, seen, H, W], `time` [N] from 0 to 1, `kind` [N] the class, where
        `classes` means none, and `drawn` [N, Q, H, W]."""
        told = functional.silu(self.time(waves(time)) + self.kind(kind))
        given = x if drawn is None else torch.cat([x, drawn], dim=1)
        here = self.first(functional.pixel_unshuffle(self._whole(given), self.fold))
        passed: list[Tensor] = []
        for at, level in enumerate(self.down):
            here = level(functional.avg_pool2d(here, 2, ceil_mode=True) if at else here, told)
            passed.append(here)
        here = self.middle(here, told)
        for at, level in enumerate(self.up):
            beside = passed[-1 - at]
            if at:
                here = functional.interpolate(here, scale_factor=2.0, mode="nearest")
                here = here[..., : beside.shape[2], : beside.shape[3]]
            here = level(torch.cat([here, beside], dim=1), told)
        made = functional.pixel_shuffle(self.last(here), self.fold)
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
        self.norm = nn.GroupNorm(wide_in // GROUP, wide_in)
        self.one = nn.Conv2d(wide_in, wide_out, 3, padding=1)
        self.bare = nn.GroupNorm(wide_out // GROUP, wide_out, affine=False)
        self.told = nn.Linear(told, 2 * wide_out)
        self.two = _silent(nn.Conv2d(wide_out, wide_out, 3, padding=1))
        self.past = nn.Identity() if wide_in == wide_out else nn.Conv2d(wide_in, wide_out, 1)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """[N, wide_out, H, W]"""
        scale, shift = self.told(told)[:, :, None, None].chunk(2, dim=1)
        made = self.bare(self.one(functional.silu(self.norm(x)))) * (1 + scale) + shift
        added: Tensor = self.past(x) + self.two(functional.silu(made))
        return added


class Attention(nn.Module):
    """Each place looks at all others (Vaswani et al. 2017); added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = max(1, width // HEAD)
        self.norm = nn.GroupNorm(width // GROUP, width)
        self.ask = nn.Conv2d(width, 3 * width, 1)
        self.say = _silent(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The shape stays."""
        rows, width, high, wide = x.shape
        three = self.ask(self.norm(x)).reshape(rows, 3, self.heads, -1, high * wide)
        query, key, value = three.unbind(1)
        # Not scaled_dot_product_attention: on a processor it is slower for so few places.
        scores = torch.matmul(query.transpose(2, 3), key) * query.shape[2] ** -0.5
        seen = torch.matmul(value, scores.softmax(dim=3).transpose(2, 3))
        said: Tensor = self.say(seen.reshape(rows, width, high, wide))
        return x + said


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
