from __future__ import annotations

import numpy as np
import torch

from bedside.methods.synthesis.straight_path import StraightPath, cosines, heun, lifted


def textures(count: int, seed: int = 0) -> np.ndarray:
    """Normal images [count, 1, 12, 10] with a mean and a variance for each frequency."""
    rng = np.random.default_rng(seed)
    down, across = cosines(12), cosines(10)
    size = 2 / (1 + np.arange(12)[:, None] + np.arange(10))
    ramp = np.linspace(-0.5, 0.5, 10)[None, :]
    drawn = down.T @ (size * rng.normal(size=(count, 1, 12, 10))) @ across
    return (drawn + ramp).astype(np.float32)


def nothing(seen: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(seen[:, :1])


def exact(path: StraightPath, x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    """The velocity of normal images with the path's mean and variances."""
    share = lifted(time)
    rest = share.square() * path.variance + (1 - share).square()
    linear = (share * path.variance - (1 - share)) / rest
    return path.mean + path.places(linear * path.frequencies(x - share * path.mean))


def test_normal_images_come_out_with_their_mean_and_spectrum() -> None:
    """The law of the path, with the network that normal images need: it is known, and linear."""
    path = StraightPath(textures(4000))
    torch.manual_seed(0)
    noise = torch.randn(4000, 1, 12, 10)

    def velocity(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        known = path.velocity(x, time, nothing)
        size = path.velocity(x, time, lambda y, t: path.places(torch.ones_like(y[:, :1]))) - known
        needed = path.frequencies(exact(path, x, time) - known) / path.frequencies(size)
        return path.velocity(x, time, lambda y, t: path.places(needed))

    again = StraightPath(heun(velocity, noise, 24).numpy())
    np.testing.assert_allclose(again.mean, path.mean, atol=0.09)
    ratio = (again.variance / path.variance).numpy()
    assert 0.8 < ratio.min() < ratio.max() < 1.25


def test_white_images_need_no_network() -> None:
    rng = np.random.default_rng(3)
    path = StraightPath(rng.normal(size=(3000, 1, 12, 10)).astype(np.float32))
    torch.manual_seed(0)
    made = heun(lambda x, t: path.velocity(x, t, nothing), torch.randn(3000, 1, 12, 10), 24)
    assert abs(float(made.var()) - 1) < 0.02


def test_the_known_part_is_the_best_linear_guess_while_there_is_mostly_noise() -> None:
    images = torch.from_numpy(textures(6000))
    path = StraightPath(images.numpy())
    torch.manual_seed(1)
    noise, time = torch.randn_like(images), torch.full((len(images),), 0.02)
    x = path.between(noise, images, time)
    missed = images - noise - path.velocity(x, time, nothing)
    together = (missed * (x - x.mean(dim=0))).mean(dim=0)
    assert float(together.abs().max()) < 0.12
    assert float(missed.mean(dim=0).abs().max()) < 0.1


def test_what_the_network_sees_has_variance_one_at_any_time() -> None:
    images = torch.from_numpy(textures(3000))
    path = StraightPath(images.numpy())
    torch.manual_seed(2)
    for share in (0.0, 0.5, 0.98):
        time = torch.full((len(images),), share)
        seen: list[torch.Tensor] = []

        def watched(y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            seen.append(y)  # noqa: B023  # it is used within the turn
            return nothing(y, t)

        path.velocity(path.between(torch.randn_like(images), images, time), time, watched)
        white = path.frequencies(seen[0][:, 1:]).var(dim=0)
        assert 0.85 < float(white.min()) < float(white.max()) < 1.15


def test_heun_is_exact_to_second_order() -> None:
    """dx/dt = x goes from 1 to e; twice the steps, a quarter of what is missed."""
    start = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    missed = [abs(float(heun(lambda x, t: x, start, steps).item()) - np.e) for steps in (8, 16, 32)]
    assert 3.4 < missed[0] / missed[1] < 4.4
    assert 3.6 < missed[1] / missed[2] < 4.3


def test_the_last_step_takes_away_the_noise_that_is_left() -> None:
    """Of one image alone the velocity is known; it jumps at t = 1, where nobody may look."""
    image = torch.full((3, 1, 4, 4), 7.0)

    def velocity(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        assert float(time.max()) < 1
        return (image - x) / (1 - lifted(time))

    torch.manual_seed(0)
    torch.testing.assert_close(heun(velocity, torch.randn(3, 1, 4, 4), 5), image)
