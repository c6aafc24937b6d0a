"""Maps from gradients: in which places a network's score would change most.

gradient    size of the derivative of the score (Simonyan et al., ICLR workshop 2014)
smoothgrad  its mean over slightly noisy copies of the image (Smilkov et al., arXiv:1706.03825)
integrated  distance from a baseline times the mean derivative along the way from it (Sundararajan
            et al., ICML 2017); the parts add up to the difference of the two scores
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.core.errors import DataError

Floats = NDArray[np.float32]
Method = Literal["gradient", "smoothgrad", "integrated"]
METHODS: tuple[Method, ...] = ("gradient", "smoothgrad", "integrated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How maps are drawn."""

    steps: int = 16
    """Noisy copies, or steps from the baseline."""
    noise: float = 0.1
    """Standard deviation in the copies, as a share of each image's own range."""
    baseline: tuple[float, ...] = (0.0,)
    """Value of each channel where there is nothing to see; one for all is enough."""
    batch: int = 32
    seed: int = 0


def saliency(
    network: nn.Module, images: NDArray[np.generic], target: int | NDArray[np.int64],
    method: Method = "smoothgrad", settings: Settings | None = None,
) -> Floats:  # fmt: skip
    """Maps [N, *spatial] of at least 0, summed over channels, of images [N, C, *spatial].

    `target` is the column of the score, one for all or [N] one each. The score is what the network
    gives before it makes probabilities of it (`network.raw`), else the log odds of its output; of a
    segmentation, the mean over the image. An image's map does not depend on the others in the
    batch, except through its place in it, which numbers the noise. DataError for other shapes.
    """
    settings = settings or Settings()
    if images.ndim not in (4, 5) or method not in METHODS:
        raise DataError(
            "saliency", expected=f"images [N, C, ...] and one of {', '.join(METHODS)}",
            found=f"shape {list(images.shape)} and {method!r}",
        )  # fmt: skip
    targets_N = np.broadcast_to(np.asarray(target, np.int64), len(images))
    draw = {"gradient": _plain, "smoothgrad": _smooth, "integrated": _integrated}[method]
    found = []
    with at_rest(network):
        for first in range(0, len(images), settings.batch):
            some = slice(first, first + settings.batch)
            image_NCS = torch.from_numpy(np.asarray(images[some], np.float32).copy())
            columns = torch.from_numpy(targets_N[some].copy())
            derivative = _Derivative(network=network, columns=columns)
            found.append(draw(derivative, image_NCS, first, settings).numpy())
    return np.concatenate(found) if found else np.zeros((0, *images.shape[2:]), np.float32)


def score_of(network: nn.Module, image_NCS: Tensor, columns: Tensor) -> Tensor:
    """Scores [N]: one column of what the network gives before probabilities."""
    raw = getattr(network, "raw", None)
    if callable(raw):
        given: Tensor = raw(image_NCS)
        given = given.mean(dim=1) if given.ndim == 3 else given  # members
    else:
        value: Tensor = network(image_NCS).double().clamp(1e-9, 1 - 1e-9)
        given = value.log() - (-value).log1p()
    if given.ndim > 2:
        given = given.flatten(2).mean(dim=2)  # a segmentation: over all places
    return given.gather(1, columns[:, None])[:, 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Derivative:
    """Of the scores by the images."""

    network: nn.Module
    columns: Tensor

    def __call__(self, image_NCS: Tensor) -> Tensor:
        """[N, C, *spatial]"""
        with torch.enable_grad():
            given = image_NCS.detach().requires_grad_(True)
            score = score_of(self.network, given, self.columns).sum()
            (found,) = torch.autograd.grad(score, given)
        return found.detach()


Draw = Callable[[_Derivative, Tensor, int, Settings], Tensor]


def _plain(derivative: _Derivative, image_NCS: Tensor, first: int, settings: Settings) -> Tensor:
    del first, settings
    return derivative(image_NCS).abs().sum(dim=1)


def _smooth(derivative: _Derivative, image_NCS: Tensor, first: int, settings: Settings) -> Tensor:
    flat = image_NCS.flatten(1)
    size = settings.noise * (flat.amax(dim=1) - flat.amin(dim=1))
    size = size.reshape(-1, *[1] * (image_NCS.ndim - 1))
    streams = [
        np.random.Generator(np.random.Philox(key=settings.seed, counter=[0, 0, 1, first + at]))
        for at in range(len(image_NCS))
    ]
    total = torch.zeros_like(image_NCS[:, 0])
    for _ in range(settings.steps):
        shape = tuple(image_NCS.shape[1:])
        noise = np.stack([one.standard_normal(shape, np.float32) for one in streams])
        total += derivative(image_NCS + size * torch.from_numpy(noise)).abs().sum(dim=1)
    return total / settings.steps


def _integrated(
    derivative: _Derivative, image_NCS: Tensor, first: int, settings: Settings
) -> Tensor:
    del first
    return integrated_parts(derivative, image_NCS, settings).sum(dim=1).abs()


def integrated_parts(
    derivative: Callable[[Tensor], Tensor], image_NCS: Tensor, settings: Settings
) -> Tensor:
    """[N, C, *spatial] parts that add up to the score less that of the baseline (midpoint rule)."""
    channels = torch.tensor(settings.baseline, dtype=torch.float32)
    baseline = channels.reshape(1, -1, *[1] * (image_NCS.ndim - 2)).expand_as(image_NCS[:1])
    total = torch.zeros_like(image_NCS)
    for step in range(settings.steps):
        share = (step + 0.5) / settings.steps
        total += derivative(baseline + share * (image_NCS - baseline))
    return (image_NCS - baseline) * total / settings.steps


@contextmanager
def at_rest(network: nn.Module) -> Iterator[None]:
    """Without dropout and the like; afterwards as it was."""
    before = [(part, part.training) for part in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for part, training in before:
            part.training = training
