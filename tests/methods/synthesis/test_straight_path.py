from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.methods.synthesis.straight_path import StraightPath, cosines, heun


def textures(count: int, seed: int = 0) -> np.ndarray:
    """Normal images [count, 1, 12, 10] with a mean and a variance for each frequency."""
    rng = np.random.default_rng(seed)
    down, across = cosines(12), cosines(10)
    size = 2 / (1 + np.arange(12)[:, None] + np.arange(10))
    ramp = np.linspace(-0.5, 0.5, 10)[None, :]
    drawn = down.T @ (size * rng.normal(size=(count, 1, 12, 10))) @ across
    return (drawn + ramp).astype(np.float32)


def nothing(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(x)


def test_normal_images_need_no_network() -> None:
    """The law of the path: of normal images the velocity is linear and known, so that what is
    sampled without any network has their mean and the variance of each frequency."""
    path = StraightPath(textures(4000))
    torch.manual_seed(0)
    noise = torch.randn(4000, 1, 12, 10)
    made = heun(lambda x, t: path.velocity(x, t, nothing), noise, 24).numpy()
    again = StraightPath(made)
    np.testing.assert_allclose(again.mean, path.mean, atol=0.09)
    ratio = (again.variance / path.variance).numpy()
    assert 0.8 < ratio.min() < ratio.max() < 1.25


def test_the_known_part_is_the_best_linear_guess() -> None:
    images = torch.from_numpy(textures(6000))
    path = StraightPath(images.numpy())
    torch.manual_seed(1)
    for share in (0.2, 0.6, 0.9):
        noise, time = torch.randn_like(images), torch.full((len(images),), share)
        x = path.between(noise, images, time)
        missed = images - noise - path.velocity(x, time, nothing)
        together = (missed * (x - x.mean(dim=0))).mean(dim=0)
        assert float(together.abs().max()) < 0.12
        assert float(missed.mean(dim=0).abs().max()) < 0.1


@pytest.mark.parametrize("network", [1.0, -0.7])
def test_what_the_network_says_is_added_at_the_size_that_is_left(network: float) -> None:
    images = textures(200)
    path, x, time = StraightPath(images), torch.zeros(1, 1, 12, 10), torch.tensor([0.5])
    said = path.velocity(x, time, lambda y, t: torch.full_like(y, network))
    moved = said - path.velocity(x, time, nothing)
    assert float(moved.mean()) * network > 0


def test_heun_is_exact_to_second_order() -> None:
    """dx/dt = x goes from 1 to e; twice the steps, a quarter of what is missed."""
    start = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    missed = [abs(float(heun(lambda x, t: x, start, steps).item()) - np.e) for steps in (8, 16, 32)]
    assert 3.4 < missed[0] / missed[1] < 4.4
    assert 3.6 < missed[1] / missed[2] < 4.3
