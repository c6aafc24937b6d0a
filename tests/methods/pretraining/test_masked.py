"""Hidden blocks of images: half of each, drawn for each row, painted where they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from bedside.methods import outcome
from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.unet import UNetSettings, unet
from bedside.methods.pretraining.masked import MaskedImages, hidden_blocks


def made(shape: tuple[int, ...], channels: int = 1) -> MaskedImages:
    facts = ImageFacts(
        channels=channels, shape=shape, mean=(0.0,) * channels, deviation=(1.0,) * channels
    )
    network = convnet(facts, outcome.binary(np.zeros(4, bool)), ConvNetSettings(width=4))
    return MaskedImages(network, 32)


@pytest.mark.parametrize("shape", [(16, 16), (50, 37), (10, 12, 14)])
def test_half_of_the_blocks_are_hidden_whoever_else_is_in_the_batch(shape: tuple[int, ...]) -> None:
    together = hidden_blocks(shape, np.arange(5), seed=1, epoch=2)
    alone = hidden_blocks(shape, np.array([3]), seed=1, epoch=2)
    assert together.shape == (5, 1, *shape)
    assert set(np.unique(together)) == {0.0, 1.0}
    assert 0.35 < together.mean() < 0.65
    np.testing.assert_array_equal(together[3], alone[0])
    assert not np.array_equal(together[0], together[1])
    assert not np.array_equal(together, hidden_blocks(shape, np.arange(5), seed=1, epoch=3))


@pytest.mark.parametrize(("shape", "channels"), [((16, 16), 1), ((50, 37), 3), ((10, 12, 14), 1)])
def test_each_place_paints_its_own_block(shape: tuple[int, ...], channels: int) -> None:
    objective = made(shape, channels)
    stride = objective.stride
    sides = [-(-side // stride) for side in shape]
    count = int(np.prod(sides))
    # A layer that paints each place's number into all of its block.
    places = torch.arange(count, dtype=torch.float32).reshape(1, 1, *sides)
    blocks = places.expand(1, channels * stride ** len(shape), *sides)
    whole = objective._unfolded(blocks, torch.zeros(1, channels, *shape))
    index = np.indices(shape) // stride
    wanted = np.ravel_multi_index(tuple(index), sides)
    for channel in range(channels):
        np.testing.assert_array_equal(whole[0, channel].numpy(), wanted)


def test_within_a_block_every_element_has_a_number_of_its_own() -> None:
    objective = made((16, 16))
    stride = objective.stride
    blocks = torch.arange(stride**2, dtype=torch.float32).reshape(1, -1, 1, 1)
    whole = objective._unfolded(blocks, torch.zeros(1, 1, stride, stride))
    np.testing.assert_array_equal(whole[0, 0].numpy(), np.arange(stride**2).reshape(stride, -1))


def test_only_hidden_elements_count_and_they_are_not_seen() -> None:
    torch.manual_seed(0)
    objective = made((16, 16)).eval()
    hidden = torch.from_numpy(hidden_blocks((16, 16), np.arange(2), seed=0, epoch=1))
    image = torch.rand(2, 1, 16, 16)
    other = image + hidden * 5
    seen = [objective.network.encoder.places(one * (1 - hidden)) for one in (image, other)]
    torch.testing.assert_close(seen[0], seen[1])
    shown = image + (1 - hidden) * 5
    with torch.no_grad():
        objective.paint.weight.zero_()  # type: ignore[union-attr,operator]  # a convolution
        objective.paint.bias.zero_()  # type: ignore[union-attr,operator]
        losses = [float(objective(one, hidden)) for one in (image, shown, other)]
    assert losses[1] == pytest.approx(losses[0])
    assert losses[2] == pytest.approx(losses[0] + 5, rel=1e-4)


@pytest.mark.parametrize("shape", [(17, 12), (8, 10, 9)])
def test_a_unet_paints_each_place_with_its_decoder_too(shape: tuple[int, ...]) -> None:
    facts = ImageFacts(channels=1, shape=shape, mean=(0.0,), deviation=(1.0,), each=True)
    network = unet(facts, 2, UNetSettings(width=4, levels=3))
    image = torch.rand(2, 1, *shape)
    hidden = torch.from_numpy(hidden_blocks(shape, np.arange(2), seed=0, epoch=1))
    MaskedImages(network, 4)(image, hidden).backward()
    silent = {name for name, one in network.named_parameters() if one.grad is None}
    assert silent == {"body.last.weight", "body.last.bias"}


def test_a_body_without_an_encoder_is_refused() -> None:
    objective = made((16, 16))
    objective.network.body = nn.Identity()
    with pytest.raises(TypeError, match="encoder"):
        MaskedImages(objective.network, 32)
