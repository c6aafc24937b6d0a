from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bedside.core.errors import DataError
from bedside.methods.networks.images.velocity import VelocitySettings
from bedside.methods.one_thread import one_thread
from bedside.methods.synthesis import flow_training
from bedside.methods.synthesis.flow_training import fit_flow
from bedside.methods.synthesis.image_flow import UNTOLD, FlowSettings, Pictures

SMALL = FlowSettings(
    network=VelocitySettings(widths=(32,), fold=1), batch=16, steps=6, seconds=1e9, turns=3
)


def pictures(count: int = 40, *, dtype: str = "uint8") -> Pictures:
    """Dark ones of class 0, bright ones of class 1, each with a spot below the middle."""
    rng = np.random.default_rng(0)
    kinds = np.arange(count) % 2
    values = 70 + 90 * kinds[:, None, None, None] + rng.normal(0, 6, (count, 1, 10, 9))
    values[:, :, 6:8, 3:6] += 60
    return Pictures(images=np.rint(values).astype(dtype), kinds=kinds, classes=2)


def made(given: Pictures, settings: FlowSettings, folder: Path | None = None) -> np.ndarray:
    with one_thread():
        flow = fit_flow(given, settings, seed=3, folder=folder)
        return flow.made(np.array([0, 1, UNTOLD]), seed=1)


def test_it_learns_what_the_classes_look_like() -> None:
    settings = replace(SMALL, steps=150, rate=5e-3, average=0.9, turns=6)
    with one_thread():
        flow = fit_flow(pictures(), settings, seed=0)
        kinds = np.arange(32) % 2
        images = flow.made(kinds, seed=0).astype(float)
    bright = images.mean(axis=(1, 2, 3))
    assert bright[kinds == 0].max() < bright[kinds == 1].min()
    spot = images[:, 0, 6:8, 3:6].mean(axis=(1, 2)) - images[:, 0, :4].mean(axis=(1, 2))
    assert 40 < np.median(spot) < 80


def test_a_training_that_was_killed_ends_in_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(SMALL, save=0.0)
    straight = made(pictures(), settings)
    learn, steps = flow_training._Training._learn, []

    def killed(self: flow_training._Training) -> None:
        if len(steps) == 4:
            raise KeyboardInterrupt
        steps.append(self.step)
        learn(self)

    monkeypatch.setattr(flow_training._Training, "_learn", killed)
    with pytest.raises(KeyboardInterrupt):
        made(pictures(), settings, tmp_path)
    assert [file.suffix for file in tmp_path.iterdir()] == [".safetensors"]
    steps.clear()
    np.testing.assert_array_equal(made(pictures(), settings, tmp_path), straight)
    assert steps == [4, 5]
    steps.clear()
    np.testing.assert_array_equal(made(pictures(), settings, tmp_path), straight)
    assert steps == []


def test_a_checkpoint_of_something_else_is_not_used(tmp_path: Path) -> None:
    made(pictures(), SMALL, tmp_path)
    made(pictures(38), SMALL, tmp_path)
    made(pictures(), replace(SMALL, steps=5), tmp_path)
    made(replace(pictures(), mirror=(1,)), SMALL, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_seconds_end_it() -> None:
    with one_thread():
        flow = fit_flow(pictures(), replace(SMALL, steps=10**6, seconds=0.05), seed=0)
        assert flow.made(np.array([0]), seed=0).shape == (1, 1, 10, 9)


def test_labels_and_images_are_mirrored_together() -> None:
    given = pictures()
    labels = np.zeros((40, 10, 9), np.uint8)
    labels[:, 1, 2] = 1
    marked = replace(given, labels=labels, marks=1, mirror=(0, 1))
    training = flow_training._Training(marked, SMALL, 0, None)
    training.numbers[:] = 0
    training.numbers[:, :, 1, 2] = 1
    places = set()
    for training.step in range(3):
        images, _, drawn = training._batch()
        assert drawn is not None
        np.testing.assert_array_equal(images.numpy(), drawn.numpy())
        places |= {tuple(at) for at in images.nonzero()[:, 2:].tolist()}
    assert places == {(1, 2), (8, 2), (1, 6), (8, 6)}


def test_what_teaches_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="8 training images or more"):
        fit_flow(pictures(1), SMALL, seed=0)
    with pytest.raises(DataError, match="the same everywhere"):
        fit_flow(replace(pictures(), images=np.full((40, 1, 9, 9), 3, np.uint8)), SMALL, seed=0)
    holes = pictures(dtype="float32")
    holes.images[3, 0, 2, 2] = np.nan
    with pytest.raises(DataError, match="finite values"):
        fit_flow(holes, SMALL, seed=0)
