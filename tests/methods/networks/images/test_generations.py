"""Each generation learns the same toy task at the same settings, of any size, and stays small."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from bedside.methods import outcome as outcomes
from bedside.methods.fit import Part, Schedule, fit
from bedside.methods.networks.images.generations import (
    CLASSIFIERS,
    SEGMENTERS,
    Generation,
    classifier,
    segmenter,
)
from bedside.methods.networks.images.inward import ImageFacts, image_facts
from bedside.methods.networks.images.masks import MaskGoal

MOST = 2_200_000
"""Weights."""
generation = pytest.mark.parametrize("generation", CLASSIFIERS, ids=lambda g: g.name)
segmenting = pytest.mark.parametrize("generation", SEGMENTERS, ids=lambda g: g.name)


def facts(channels: int, shape: tuple[int, ...]) -> ImageFacts:
    return ImageFacts(
        channels=channels, shape=shape, mean=(0.0,) * channels, deviation=(1.0,) * channels
    )


@generation
def test_learns_where_the_blob_is(made_up_blobs: Callable, generation: Generation) -> None:
    found = made_up_blobs(260, (16, 14), classes=3)
    train, select = found.part(slice(0, 200)), found.part(slice(200, 260))
    of_images = image_facts(train.arrays[0], mirror=(0,))
    schedule = Schedule(
        epochs=12, batch=20, rate=generation.rate, course="one-cycle", average=0.8
    )  # fmt: skip
    fitted = fit(
        lambda: classifier(generation, of_images, train.outcome), train, select, schedule, seed=0
    )
    value = fitted.predict(*select.arrays)
    assert (value.argmax(axis=1) == found.place[200:]).mean() > 0.9


@generation
@pytest.mark.parametrize(
    ("channels", "shape"), [(1, (28, 28)), (3, (224, 224)), (1, (17, 23)), (1, (24, 32, 28))]
)
def test_any_size_and_few_weights(
    generation: Generation, channels: int, shape: tuple[int, ...]
) -> None:
    outcome = outcomes.multiclass(np.arange(4), 4)
    module = classifier(generation, facts(channels, shape), outcome).eval()
    assert sum(item.numel() for item in module.parameters()) <= MOST
    with torch.inference_mode():
        value = module(torch.zeros(2, channels, *shape, dtype=torch.uint8))
    assert value.shape == (2, 4)
    assert value.dtype == torch.float64
    torch.testing.assert_close(value.sum(dim=1), torch.ones(2, dtype=torch.float64))


@segmenting
@pytest.mark.parametrize("shape", [(32, 24), (12, 16, 20), (9, 13, 7)])
def test_every_element_is_answered(generation: Generation, shape: tuple[int, ...]) -> None:
    module = segmenter(generation, facts(1, shape), 2).eval()
    assert sum(item.numel() for item in module.parameters()) <= MOST
    with torch.inference_mode():
        value = module(torch.zeros(2, 1, *shape))
    assert value.shape == (2, 3, *shape)
    torch.testing.assert_close(value.sum(dim=1), torch.ones(2, *shape))


@segmenting
def test_learns_to_outline(made_up_blobs: Callable, generation: Generation) -> None:
    found = made_up_blobs(160, (24, 24))
    masks = ((found.images[:, 0] > 110) * (1 + found.place[:, None, None])).astype(np.uint8)
    parts = [
        Part(
            arrays=(found.images[rows],),
            outcome=MaskGoal(
                labels=masks[rows], weights=np.ones((len(masks[rows]), 1), np.float32), structures=2
            ),
        )
        for rows in (slice(0, 120), slice(120, 160))
    ]
    of_images = image_facts(parts[0].arrays[0])
    schedule = Schedule(epochs=12, batch=8, rate=1e-2, course="one-cycle", average=0.8)
    fitted = fit(lambda: segmenter(generation, of_images, 2), *parts, schedule, seed=0)
    # A place is told from its surroundings only by networks that see more than their patch.
    assert fitted.score < (0.8 if generation.name in ("perceptron", "mlp") else 0.25)


def test_a_ladder_is_in_order_and_says_where_it_comes_from() -> None:
    for ladder in (CLASSIFIERS, SEGMENTERS):
        years = [generation.year for generation in ladder]
        assert years == sorted(years)
        assert len({generation.name for generation in ladder}) == len(ladder)
        for generation in ladder:
            assert generation.added.endswith(".")
            assert generation.source[-4:].isdigit()
