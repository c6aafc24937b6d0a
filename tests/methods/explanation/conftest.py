"""A network that learnt to find a bright spot anywhere, and images whose spots are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

SIZE = 24


class SmallCnn(nn.Module):
    """Three convolutions, the mean over the image, one logit."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.tensor(100.0))
        self.body = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.top = nn.Linear(8, 1)

    def raw(self, image: Tensor) -> Tensor:
        """[N, 1, 1]"""
        body = self.body((image - self.centre) / 40)
        return self.top(body.mean(dim=(2, 3)))[:, None]

    def forward(self, image: Tensor) -> Tensor:
        """[N, 1]"""
        return torch.sigmoid(self.raw(image).double()).mean(dim=1)


def spots(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images uint8 [N, 1, 24, 24] with a textured background, labels, masks of the spot."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = rng.normal(100, 12, (count, 1, SIZE, SIZE))
    masks = np.zeros((count, SIZE, SIZE), np.uint8)
    for image, mask, label in zip(images, masks, labels, strict=True):
        row, column = rng.integers(2, SIZE - 7, 2)
        if label:
            mask[row : row + 5, column : column + 5] = 1
        image[0] += 55 * mask
    return images.clip(0, 255).astype(np.uint8), labels, masks


@dataclass(frozen=True)
class Learnt:
    """The network with images it has not seen."""

    network: SmallCnn
    images: np.ndarray
    labels: np.ndarray
    masks: np.ndarray


@pytest.fixture(scope="package")
def one_core() -> Iterator[None]:
    """So that tests beside this one are not slowed down."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package")
def learnt(one_core: None) -> Learnt:
    """A few seconds of training."""
    torch.manual_seed(0)
    network = SmallCnn()
    images, labels, _ = spots(400, 0)
    x = torch.from_numpy(images.astype(np.float32))
    y = torch.from_numpy(labels.astype(np.float32))
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    network.train()
    for step in range(120):
        rows = torch.arange(64) + 64 * step
        rows = rows % 400
        loss = nn.functional.binary_cross_entropy_with_logits(
            network.raw(x[rows])[:, 0, 0], y[rows]
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()
    return Learnt(network, *spots(60, 1))
