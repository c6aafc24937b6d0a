"""The loss of joint embedding against its formula, and what keeps it from collapsing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.methods.pretraining.joint import vicreg


def by_hand(first: np.ndarray, second: np.ndarray) -> float:
    """As in algorithm 1 of the paper, in float64."""
    count, width = first.shape
    total = 25 * ((first - second) ** 2).mean()
    for z in (first, second):
        deviation = np.sqrt(z.var(axis=0, ddof=1) + 1e-4)
        total += 25 * np.maximum(0, 1 - deviation).mean() / 2
        covariance = np.cov(z.T)
        off = covariance - np.diag(np.diag(covariance))
        total += (off**2).sum() / width
    assert count > 1
    return float(total)


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_the_loss_is_the_papers(scale: float) -> None:
    rng = np.random.default_rng(3)
    first = scale * rng.normal(size=(50, 6))
    second = first + 0.2 * rng.normal(size=(50, 6))
    found = vicreg(torch.from_numpy(first), torch.from_numpy(second))
    assert float(found) == pytest.approx(by_hand(first, second), rel=1e-6)


def test_one_point_and_one_line_cost_more_than_embeddings_that_spread() -> None:
    rng = np.random.default_rng(4)
    spread = torch.from_numpy(rng.normal(size=(400, 8)))
    point = torch.zeros(400, 8)
    line = spread[:, :1].expand(-1, 8)
    apart, alike, lined = (float(vicreg(z, z)) for z in (spread, point, line))
    assert apart < 1.5
    assert 6 < lined < alike
