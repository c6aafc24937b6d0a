from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.methods.networks.images.velocity import VelocityFacts, VelocitySettings
from bedside.methods.one_thread import one_thread
from bedside.methods.synthesis.grey_scale import grey_scale
from bedside.methods.synthesis.image_flow import ROWS, UNTOLD, FlowSettings, ImageFlow, marked
from bedside.methods.synthesis.straight_path import StraightPath


def flow(*, guidance: float = 1.0, marks: int = 0, dtype: str = "uint8") -> ImageFlow:
    """An untrained one with something to say."""
    torch.manual_seed(0)
    images = np.random.default_rng(0).normal(100, 30, (20, 1, 8, 8)).astype(dtype)
    scale = grey_scale(images)
    settings = FlowSettings(
        network=VelocitySettings(widths=(32,), fold=1), turns=2, guidance=guidance
    )
    facts = VelocityFacts(channels=1, classes=2, drawn=marks, seen=2)
    made = ImageFlow(StraightPath(scale.numbers(images)), scale, facts, settings).eval()
    for parameter in made.network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return made


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_the_first_of_more_are_the_same(dtype: str) -> None:
    with one_thread():
        made, kinds = flow(dtype=dtype), np.arange(ROWS + 5) % 2
        many = made.made(kinds, seed=7)
        assert (many.dtype, many.shape) == (np.dtype(dtype), (ROWS + 5, 1, 8, 8))
        for count in (0, 1, ROWS, ROWS + 2):
            np.testing.assert_array_equal(made.made(kinds[:count], seed=7), many[:count])
        assert (made.made(kinds, seed=8) != many).any()
    assert len(np.unique(many.reshape(len(many), -1), axis=0)) == len(many)


def test_guidance_leads_further_towards_the_class() -> None:
    """Guidance of 1 is the class as learnt, 0 would be no class; more goes on the same way."""
    kinds = np.zeros(4, np.int64)
    with one_thread():
        free = flow(dtype="float32").made(np.full(4, UNTOLD), seed=0)
        one, more = (flow(guidance=g, dtype="float32").made(kinds, seed=0) for g in (1.0, 1.5))
    towards, further = (one - free).ravel(), (more - free).ravel()
    assert float(towards @ further) > 1.2 * float(towards @ towards) > 0


def test_what_is_drawn_is_seen() -> None:
    labels = np.zeros((2, 8, 8), np.uint8)
    labels[1, 2:5, 2:5] = 2
    with one_thread():
        bare = flow(marks=2).made(np.full(2, UNTOLD), np.zeros_like(labels), seed=0)
        under = flow(marks=2).made(np.full(2, UNTOLD), labels, seed=0)
    np.testing.assert_array_equal(bare[0], under[0])
    assert (bare[1] != under[1]).any()
    np.testing.assert_array_equal(marked(labels, 2)[1, 1], labels[1] == 2)
    assert not marked(labels, 2)[:, 0].any()
