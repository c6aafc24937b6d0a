from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.images_export import export_images
from bedside.methods import outcome as outcomes
from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
from bedside.methods.networks.images.generations import (
    CLASSIFIERS,
    SEGMENTERS,
    Generation,
    classifier,
    segmenter,
)
from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.unet import UNetSettings, unet

CLOSE = 1e-5


def facts(
    shape: tuple[int, ...], *, each: bool = False, mirror: tuple[int, ...] = ()
) -> ImageFacts:
    return ImageFacts(
        channels=1, shape=shape, mean=(120.0,), deviation=(60.0,), each=each, mirror=mirror
    )


def images(rows: int, shape: tuple[int, ...], dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(rows).integers(0, 255, (rows, 1, *shape)).astype(dtype)


def agree(content: bytes, module: nn.Module, given: np.ndarray) -> None:
    found = Graph(content).run({"image": given})["value"]
    with torch.inference_mode():
        expected = module(torch.from_numpy(given)).numpy()
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, atol=CLOSE)


def seasoned(build: Callable[[], nn.Module], shape: tuple[int, ...]) -> nn.Module:
    """A network whose batch norms have seen something, in evaluation mode."""
    torch.manual_seed(0)
    module = build().train()
    with torch.no_grad():
        module.raw(torch.from_numpy(images(8, shape)))  # type: ignore[operator]
    return module.eval()


def small(shape: tuple[int, ...], *, each: bool = False, mirror: tuple[int, ...] = ()) -> nn.Module:
    outcome = outcomes.binary(np.arange(4) > 1)
    settings = ConvNetSettings(width=4, stages=2)
    return seasoned(
        lambda: convnet(facts(shape, each=each, mirror=mirror), outcome, settings), shape
    )


def test_exports_quietly_and_runs_for_any_number_of_images(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    module = small((17, 14), mirror=(0, 1))
    content = export_images(module, (1, 17, 14))
    captured = capfd.readouterr()
    loud = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert (captured.out, captured.err, loud) == ("", "", [])
    assert str(Path(__file__).parent).encode() not in content
    for rows in (0, 1, 5):
        agree(content, module, images(rows, (17, 14)))


def test_of_any_size_where_the_network_bears_it_and_of_any_number_type() -> None:
    module = small((16, 16), each=True)
    content = export_images(module, (1, 16, 16), dtype=np.float32, multiple=8)
    for shape in ((16, 16), (24, 40)):
        agree(content, module, images(3, shape, np.float32))


@pytest.mark.slow
def test_a_volume_is_outlined_in_any_size() -> None:
    module = seasoned(
        lambda: unet(facts((16, 16, 16)), 2, UNetSettings(width=4, levels=3)), (16, 16, 16)
    )
    content = export_images(module, (1, 16, 16, 16), dtype=np.float32, multiple=4)
    for shape in ((16, 16, 16), (8, 20, 12)):
        agree(content, module, images(2, shape, np.float32))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(30, 27), (12, 14, 13)])
@pytest.mark.parametrize("generation", CLASSIFIERS, ids=lambda g: g.name)
def test_every_generation_of_classifiers(generation: Generation, shape: tuple[int, ...]) -> None:
    outcome = outcomes.multiclass(np.arange(3), 3)
    of_images = facts(shape, mirror=(1,))
    module = seasoned(lambda: classifier(generation, of_images, outcome), shape)
    agree(export_images(module, (1, *shape)), module, images(3, shape))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(30, 27), (11, 14, 13)])
@pytest.mark.parametrize("generation", SEGMENTERS, ids=lambda g: g.name)
def test_every_generation_of_segmenters(generation: Generation, shape: tuple[int, ...]) -> None:
    module = seasoned(lambda: segmenter(generation, facts(shape, mirror=(0,)), 2), shape)
    agree(export_images(module, (1, *shape)), module, images(2, shape))
