from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from bedside.methods.fit import Schedule, fit
from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
from bedside.methods.networks.images.inward import image_facts

SMALL = ConvNetSettings(width=8, stages=3)


@pytest.mark.parametrize(
    ("shape", "channels", "classes"),
    [((16, 18), 1, 2), ((17, 15), 3, 3), ((44, 41), 1, 2), ((8, 10, 12), 1, 2)],
)
def test_learns_where_the_blob_is(
    made_up_blobs: Callable, shape: tuple, channels: int, classes: int
) -> None:
    found = made_up_blobs(360, shape, channels=channels, classes=classes)
    train, select = found.part(slice(0, 280)), found.part(slice(280, 360))
    facts = image_facts(train.arrays[0], mirror=(0,))
    schedule = Schedule(epochs=8, batch=32, rate=5e-3, course="one-cycle", average=0.8)
    fitted = fit(lambda: convnet(facts, train.outcome, SMALL), train, select, schedule, seed=0)
    value = fitted.predict(*select.arrays)
    assert value.dtype == np.float64
    right = (value[:, 0] > 0.5) if classes == 2 else value.argmax(axis=1)
    assert (right == found.place[280:]).mean() > 0.95


def network(made_up_blobs: Callable, mirror: tuple[int, ...]) -> nn.Module:
    found = made_up_blobs(20, (16, 16))
    torch.manual_seed(0)
    return convnet(image_facts(found.images, mirror=mirror), found.outcome, SMALL).eval()


def test_a_mirrored_image_has_the_same_answer_along_the_axes_that_allow_it(
    made_up_blobs: Callable,
) -> None:
    images = torch.from_numpy(made_up_blobs(6, (16, 16), seed=1).images)
    with torch.inference_mode():
        both, one = (network(made_up_blobs, mirror) for mirror in ((0, 1), (0,)))
        torch.testing.assert_close(both(images.flip(3)), both(images))
        torch.testing.assert_close(one(images.flip(2)), one(images))
        assert float((one(images.flip(3)) - one(images)).abs().max()) > 1e-6


def test_an_image_has_the_same_answer_alone_and_there_may_be_none(made_up_blobs: Callable) -> None:
    images = torch.from_numpy(made_up_blobs(6, (16, 16)).images)
    module = network(made_up_blobs, (0, 1))
    with torch.inference_mode():
        torch.testing.assert_close(module(images[2:3]), module(images)[2:3])
        assert module(images[:0]).shape == (0, 1)


def test_the_default_is_small(made_up_blobs: Callable) -> None:
    found = made_up_blobs(4, (50, 50))
    module = convnet(image_facts(found.images), found.outcome, ConvNetSettings())
    assert sum(item.numel() for item in module.parameters()) == 485_489
