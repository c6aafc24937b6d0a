from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.segmenter import Segmenter
from bedside.methods.networks.images.unet import Step, UNetSettings, unet


def network(mirror: tuple[int, ...], shape: tuple[int, ...] = (8, 10, 12)) -> Segmenter:
    torch.manual_seed(0)
    facts = ImageFacts(
        channels=1, shape=shape, mean=(0.0,), deviation=(1.0,), each=True, mirror=mirror
    )
    return unet(facts, 2, UNetSettings(width=4, levels=2)).eval()


def images(rows: int, shape: tuple[int, ...] = (8, 10, 12)) -> torch.Tensor:
    draw = np.random.default_rng(0).normal(size=(rows, 1, *shape))
    return torch.from_numpy(draw.astype(np.float32))


def test_a_mirrored_image_is_outlined_as_the_mirror_image() -> None:
    given = images(2)
    with torch.inference_mode():
        both, none = network((1, 2)), network(())
        torch.testing.assert_close(both(given.flip(3)), both(given).flip(3))
        torch.testing.assert_close(both(given.flip(4)), both(given).flip(4))
        assert float((none(given.flip(3)) - none(given).flip(3)).abs().max()) > 1e-4


def test_the_views_are_averaged_as_probabilities() -> None:
    given = images(2)
    with torch.inference_mode():
        plain, both = network(()), network((2,))
        expected = (plain(given) + plain(given.flip(4)).flip(4)) / 2
        torch.testing.assert_close(both(given), expected)
        torch.testing.assert_close(both(given).sum(dim=1), torch.ones(2, 8, 10, 12))


def test_the_smallest_size_represents_an_image_and_places_are_what_the_last_layer_takes() -> None:
    made, given = network(()), images(3)
    with torch.inference_mode():
        assert made.represent(given).shape == (3, 8)
        places = made.encoder.places(made.inward(given))
        torch.testing.assert_close(made.encoder.last(places), made.raw(given))


def test_all_but_the_last_layer_is_the_encoder_and_its_last_stage_goes_up() -> None:
    layout = network(()).layout()
    names = [name for name, _ in network(()).named_parameters()]
    assert {name for name in names if layout.of_head(name)} == {
        "body.last.weight",
        "body.last.bias",
    }
    assert {name.split(".")[1] for name in names if layout.of_last(name)} == {"up", "joined"}


@pytest.mark.parametrize("shape", [(9, 7), (5, 6, 11)])
@pytest.mark.parametrize("step", ["plain", "residual", "convnext"])
@pytest.mark.parametrize("gates", [False, True])
def test_odd_sides_alone_and_none(shape: tuple[int, ...], step: Step, gates: bool) -> None:
    facts = ImageFacts(channels=1, shape=shape, mean=(0.0,), deviation=(1.0,))
    settings = UNetSettings(width=4, levels=3, step=step, gates=gates)
    module, given = unet(facts, 1, settings).eval(), images(3, shape)
    with torch.inference_mode():
        value = module(given)
        assert value.shape == (3, 2, *shape)
        torch.testing.assert_close(module(given[1:2]), value[1:2], atol=1e-5, rtol=0)
        assert module(given[:0]).shape == (0, 2, *shape)
