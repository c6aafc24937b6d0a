"""Joint embedding: two views of one sample lie close together, and samples do not all lie alike.

Bardes, Ponce and LeCun, VICReg: variance-invariance-covariance regularisation for self-supervised
learning, ICLR 2022 (arXiv 2105.04906). No negatives, no second network, no large batches: what
keeps the embeddings apart is a term of the loss. For rows of a table one view is a corrupted copy,
as in Bahri et al., SCARF, ICLR 2022 (arXiv 2106.15147).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bedside.methods.pretraining.begin import Encoding

SOURCE = "joint embedding (VICReg: Bardes, Ponce and LeCun, ICLR 2022)"
WIDTH = 256
INVARIANCE, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0
"""Weights of the three terms, as published."""
_EPSILON = 1e-4


class Joint(nn.Module):
    """A network with a projector that is thrown away afterwards."""

    def __init__(self, network: nn.Module, width: int) -> None:
        super().__init__()
        self.network = network
        self.project = nn.Sequential(
            nn.Linear(width, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)
        )

    def forward(self, *views: Tensor) -> Tensor:
        """The loss of a batch: arrays of the first view, then those of the second."""
        network: Encoding = self.network  # type: ignore[assignment]  # nn.Module hides its methods' types
        half = len(views) // 2
        first = network.represent(*views[:half])
        second = network.represent(*views[half:])
        with torch.autocast(first.device.type, enabled=False):  # sums of squares need the digits
            return vicreg(self.project(first.float()), self.project(second.float()))


def vicreg(first_ND: Tensor, second_ND: Tensor) -> Tensor:
    """The loss of two views' embeddings, a scalar.

    Invariance: their mean squared distance. Variance: how far each dimension's deviation is below
    1. Covariance: the squared covariances between dimensions, over D.
    """
    close = (first_ND - second_ND).square().mean()
    apart = _low_deviation(first_ND) / 2 + _low_deviation(second_ND) / 2
    alike = _covariance(first_ND) + _covariance(second_ND)
    return INVARIANCE * close + VARIANCE * apart + COVARIANCE * alike


def _low_deviation(z_ND: Tensor) -> Tensor:
    deviation = torch.sqrt(z_ND.var(dim=0) + _EPSILON)
    return torch.relu(1 - deviation).mean()


def _covariance(z_ND: Tensor) -> Tensor:
    centred = z_ND - z_ND.mean(dim=0)
    found = centred.T @ centred / (len(z_ND) - 1)
    return (found.square().sum() - found.diagonal().square().sum()) / z_ND.shape[1]
