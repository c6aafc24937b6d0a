from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from bedside.methods.networks.images.layers import (
    ChannelNorm,
    Everywhere,
    Residual,
    Retina,
    conv,
    halved,
    meaned,
)


@pytest.mark.parametrize(
    ("shape", "largest", "seen"),
    [
        ((28, 28), 32, (28, 28)),
        ((50, 40), 32, (25, 20)),
        ((224, 101), 32, (32, 15)),
        ((9, 33, 20), 16, (3, 11, 7)),
    ],
)
def test_a_retina_averages_whole_blocks(shape: tuple, largest: int, seen: tuple) -> None:
    retina, image = Retina(shape, largest), torch.rand(2, 1, *shape)
    found = retina(image)
    block = -(-max(shape) // largest)
    assert retina.shape == tuple(found.shape[2:]) == seen
    corner = image[(..., *(slice(0, block) for _ in shape))]
    torch.testing.assert_close(
        found[(..., *(0 for _ in shape))], corner.flatten(1).mean(1, keepdim=True)
    )
    far = tuple(slice((side - 1) // block * block, side) for side in shape)
    torch.testing.assert_close(
        found[(..., *(-1 for _ in shape))], image[(..., *far)].flatten(1).mean(1, keepdim=True)
    )


def test_an_odd_edge_counts() -> None:
    image = torch.arange(15.0).reshape(1, 1, 3, 5)
    assert halved(dims=2)(image)[0, 0].tolist() == [[6, 8, 9], [11, 13, 14]]
    assert meaned(dims=2)(image)[0, 0].tolist() == [[3, 5, 6.5], [10.5, 12.5, 14]]
    assert Everywhere()(image).tolist() == [[7.0]]


def test_the_norm_is_over_the_channels_of_each_place() -> None:
    image = torch.randn(2, 6, 3, 4, 5) * 3 + 1
    normed = ChannelNorm(6)(image).detach().numpy()
    np.testing.assert_allclose(normed.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(normed.std(axis=1), 1, atol=1e-3)


def test_a_residual_block_that_finds_nothing_changes_nothing() -> None:
    module, image = Residual(4, dims=2).eval(), torch.rand(1, 4, 6, 6)
    last = module.second[1]
    assert isinstance(last, nn.BatchNorm2d)
    nn.init.zeros_(last.weight)
    torch.testing.assert_close(module(image), image)


@pytest.mark.parametrize("slices", [1, 2, 3, 4])
@pytest.mark.parametrize("width", [8, 32])
def test_gradients_of_few_slices_are_those_of_float32(slices: int, width: int) -> None:
    """In bfloat16, where the deepest level of a network of volumes may have two slices."""
    torch.manual_seed(0)
    layer = conv(width, width, dims=3).to(memory_format=torch.channels_last_3d)
    x = torch.randn(2, width, slices, 4, 4)
    found = []
    for mixed in (True, False):
        layer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            y = layer(x)
        y.float().square().mean().backward()
        found.append(layer.weight.grad.clone())
    assert torch.isfinite(found[0]).all()
    assert (found[0] - found[1]).abs().max() < 0.05 * found[1].abs().max()
