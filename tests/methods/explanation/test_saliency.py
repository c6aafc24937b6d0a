"""Maps from gradients against what is known of the network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bedside.core.errors import DataError
from bedside.methods.explanation.likeness import points_at
from bedside.methods.explanation.saliency import (
    METHODS,
    Settings,
    integrated_parts,
    saliency,
    score_of,
)


class Weighted(nn.Module):
    """A known weight for each pixel; K columns."""

    def __init__(self, shape: tuple[int, ...], columns: int = 1) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(torch.randn(columns, *shape))
        self.dropout = nn.Dropout(0.5)

    def raw(self, image: Tensor) -> Tensor:
        return self.dropout(torch.einsum("n...,k...->nk", image, self.weight))[:, None]

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.raw(image)[:, 0])


@pytest.mark.parametrize("shape", [(1, 6, 5), (3, 6, 5), (1, 4, 6, 5)])
@pytest.mark.parametrize("method", ["gradient", "smoothgrad"])
def test_of_a_linear_network_it_is_the_size_of_the_weights(
    method: str, shape: tuple[int, ...]
) -> None:
    network = Weighted(shape, columns=3)
    images = np.random.default_rng(0).integers(0, 200, (4, *shape)).astype(np.uint8)
    found = saliency(network, images, 2, method)  # type: ignore[arg-type]
    expected = network.weight[2].detach().abs().sum(dim=0).numpy()
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=1e-5)


def test_each_image_may_be_asked_about_another_column() -> None:
    network = Weighted((1, 6, 5), columns=3)
    images = np.ones((3, 1, 6, 5), np.float32)
    found = saliency(network, images, np.array([2, 0, 1]), "gradient")
    expected = network.weight[[2, 0, 1], 0].detach().abs().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_integrated_parts_add_up_to_the_difference(learnt: object) -> None:
    network, images = learnt.network, torch.from_numpy(learnt.images[:8].astype(np.float32))  # type: ignore[attr-defined]
    columns = torch.zeros(8, dtype=torch.int64)

    def derivative(given: Tensor) -> Tensor:
        given = given.requires_grad_(True)
        return torch.autograd.grad(score_of(network, given, columns).sum(), given)[0]

    parts = integrated_parts(derivative, images, Settings(steps=100, baseline=(100.0,)))
    with torch.no_grad():
        difference = score_of(network, images, columns) - score_of(
            network, torch.full_like(images, 100.0), columns
        )
    np.testing.assert_allclose(parts.flatten(1).sum(dim=1), difference, rtol=0.03, atol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_it_points_at_the_spot_in_images_that_have_one(learnt: object, method: str) -> None:
    with_spot = np.flatnonzero(learnt.labels)  # type: ignore[attr-defined]
    settings = Settings(baseline=(100.0,))
    maps = saliency(learnt.network, learnt.images[with_spot], 0, method, settings)  # type: ignore[attr-defined, arg-type]
    assert points_at(maps, learnt.masks[with_spot]).mean() > 0.8  # type: ignore[attr-defined]


def test_a_network_without_raw_scores_is_asked_for_its_log_odds() -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Weighted((1, 6, 5))

        def forward(self, image: Tensor) -> Tensor:
            return self.inner(image)

    images = np.random.default_rng(0).random((4, 1, 6, 5)).astype(np.float32)
    network = Plain()
    np.testing.assert_allclose(
        saliency(network, images, 0, "gradient"),
        saliency(network.inner, images, 0, "gradient"), rtol=1e-3,
    )  # fmt: skip


def test_a_segmentation_is_asked_about_the_whole_image() -> None:
    network = nn.Conv2d(1, 2, 1)
    network.raw = network.forward  # type: ignore[method-assign, assignment]
    found = saliency(network, np.ones((2, 1, 6, 5), np.float32), 1, "gradient")
    np.testing.assert_allclose(found, abs(network.weight[1, 0, 0, 0].item()) / 30, rtol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_batches_do_not_matter_and_the_network_stays_as_it_was(method: str) -> None:
    network = Weighted((1, 6, 5))
    network.train()
    network.dropout.eval()
    before = network.weight.detach().clone()
    images = np.random.default_rng(0).random((7, 1, 6, 5)).astype(np.float32)
    one, other = (
        saliency(network, images, 0, method, Settings(batch=batch))  # type: ignore[arg-type]
        for batch in (7, 3)
    )
    np.testing.assert_allclose(one, other, rtol=1e-5)
    assert network.training
    assert not network.dropout.training
    assert torch.equal(network.weight, before)
    assert network.weight.grad is None
    assert saliency(network, images[:0], 0).shape == (0, 6, 5)


def test_what_cannot_be_explained_is_refused() -> None:
    with pytest.raises(DataError):
        saliency(Weighted((1, 6, 5)), np.zeros((6, 5)), 0)
    with pytest.raises(DataError):
        saliency(Weighted((1, 6, 5)), np.zeros((1, 1, 6, 5)), 0, "magic")  # type: ignore[arg-type]
