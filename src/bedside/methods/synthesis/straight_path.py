"""The straight path from noise to images, and what of its velocity is known without a network.

Between noise n and an image d is x = (1 - t) n + t d; a flow follows the mean of d - n given x from
t = 0 to 1 (Liu et al. 2022, arXiv 2209.03003; Lipman et al. 2022, arXiv 2210.02747). Were images
normal, with their mean and with independent frequencies, that mean would be linear in x and known
(Wiener 1949), and so would be the size of what is left for a network to say: as in Karras et al.
2022, arXiv 2206.00364, but by frequency. Images have edges, though, and near t = 1 a blur that
suits the mean of all has to be undone. So the variances that are reckoned with go, by their
logarithm, from those of the images at t = 0 to 1 at t = 1, where the guess is that x is the image.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

LEAST = 1e-4
"""Variance of a frequency at least, of images of variance 1."""
Field = Callable[[Tensor, Tensor], Tensor]
"""From images [N, ..., H, W] and times [N] to [N, C, H, W]."""


class StraightPath(nn.Module):
    """Mean and variance by frequency of images [N, C, H, W] with mean 0 and variance 1."""

    def __init__(self, images: NDArray[np.float32]) -> None:
        super().__init__()
        mean = images.mean(axis=0, dtype=np.float64)
        down, across = (cosines(side) for side in images.shape[2:])
        variance = np.zeros(images.shape[1:])
        for image in images:
            variance += np.square(down @ (image - mean) @ across.T)
        variance = np.maximum(variance / max(len(images) - 1, 1), LEAST)
        for name, value in (
            ("mean", mean), ("variance", variance), ("down", down), ("across", across)
        ):  # fmt: skip
            self.register_buffer(name, torch.from_numpy(np.asarray(value, np.float32)))
        self.mean: Tensor
        self.variance: Tensor
        self.down: Tensor
        self.across: Tensor

    def between(self, noise: Tensor, images: Tensor, time: Tensor) -> Tensor:
        """x [N, C, H, W] at `time` [N]."""
        share = lifted(time)
        return (1 - share) * noise + share * images

    def velocity(self, x: Tensor, time: Tensor, network: Field) -> Tensor:
        """The mean of image less noise, given x: what is reckoned, and what `network` adds to it.

        It sees [N, 2 C, H, W]: x at variance 1 about, and with all its frequencies at variance 1.
        """
        share = lifted(time)
        noise, images = (1 - share).square(), share.square()
        centred = x - share * self.mean
        waves = self.frequencies(centred)
        variance = self.variance ** (1 - share)
        rest = images * variance + noise
        linear = (share * variance - (1 - share)) / rest
        white = self.places(waves * torch.rsqrt(images * self.variance + noise))
        said = network(torch.cat([centred * torch.rsqrt(images + noise), white], dim=1), time)
        size = torch.sqrt(variance / rest)
        return self.mean + self.places(linear * waves + size * self.frequencies(said))

    def frequencies(self, x: Tensor) -> Tensor:
        """The cosine transform of [N, C, H, W]."""
        return self.down @ x @ self.across.T

    def places(self, x: Tensor) -> Tensor:
        """And back."""
        return self.down.T @ x @ self.across


def heun(velocity: Field, noise: Tensor, steps: int) -> Tensor:
    """Images [N, C, H, W] from noise, along the velocity, by Heun's method (Karras et al. 2022).

    Steps are finest near the images, where what is small is decided. The last is Euler's: the
    velocity takes away the noise that it sees, and in the image itself, at t = 1, it sees none.
    """
    ends = 1 - (1 - torch.linspace(0, 1, steps + 1, dtype=torch.float64)) ** 2
    x, rows = noise, len(noise)
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        first = velocity(x, torch.full((rows,), start, device=x.device))
        ahead: Tensor = x + (end - start) * first
        if end == 1:
            return ahead
        second = velocity(ahead, torch.full((rows,), end, device=x.device))
        x = x + (end - start) * (first + second) / 2
    return x


def lifted(time: Tensor) -> Tensor:
    """[N] as [N, 1, 1, 1]."""
    return time[:, None, None, None]


def cosines(side: int) -> NDArray[np.float64]:
    """[side, side] the orthonormal cosine transform (DCT-II), a frequency a row.

    >>> bool(np.allclose(cosines(5) @ cosines(5).T, np.eye(5)))
    True
    """
    place, frequency = np.arange(side), np.arange(side)[:, None]
    matrix = np.cos(np.pi * (place + 0.5) * frequency / side) * np.sqrt(2 / side)
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix, np.float64)
