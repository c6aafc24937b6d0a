"""Pretraining on images: what it learns, where a training starts from it, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from tests.modalities.images.made_sources import schema_of
from tests.modalities.images.test_train import SIDE, lesson, pictures

from bedside.core.errors import DataError, StudyError
from bedside.methods.entrant import Lesson
from bedside.methods.pretraining.begin import encoder_of
from bedside.methods.pretraining.collapse import health
from bedside.methods.pretraining.plan import Plan
from bedside.methods.pretraining.start import Start
from bedside.methods.tune import Budget
from bedside.modalities.images.pretrain import embedded, entrant, pretrain
from bedside.modalities.images.pretrain_start import blank
from bedside.modalities.images.train import learn
from bedside.modalities.images.train_networks import LARGE, architecture_of

SCHEMA = schema_of((1, SIDE, SIDE), "uint8", mirrors=("left-right",))
IMAGES = pictures(72, 5)[0]


def made(**plan: object) -> Start:
    values = {"epochs": 2} | plan
    return pretrain(SCHEMA, {"image": IMAGES}, seed=3, seconds=600, plan=Plan(**values))  # type: ignore[arg-type]  # fields of Plan


@pytest.mark.parametrize("objective", ["joint", "masked"])
def test_it_learns_without_labels_and_does_not_collapse(objective: str) -> None:
    start = made(objective=objective, epochs=4)
    assert start.course[-1] < start.course[0]
    assert start.entrant == "convnet_large"
    assert 1e6 < start.parameters < 4e6
    found = embedded(start, SCHEMA, {"image": IMAGES})
    assert health(found, np.arange(72)).collapsed == ""
    assert start.digest == made(objective=objective, epochs=4).digest


@pytest.mark.parametrize("tune", ["probe", "partial", "full"])
def test_a_training_starts_from_it(tune: str) -> None:
    from dataclasses import replace

    start = made(tune=tune)
    asked: Lesson = replace(
        lesson("convnet"), fixed=None, start=start, budget=Budget(trials=1, seconds=600)
    )
    learned = learn("convnet_large", asked)
    same = [np.array_equal(learned.weights[name], values) for name, values in start.weights.items()]
    assert learned.settings["width"] == start.settings["width"]
    assert {"probe": all(same), "partial": any(same), "full": not all(same)}[tune]
    assert learned.predict({"image": IMAGES[:3]}).shape == (3, 1)


def test_volumes_are_learnt_from_too() -> None:
    schema = schema_of((1, 8, 16, 16), "uint8")
    volumes = np.random.default_rng(0).integers(0, 255, (24, 1, 8, 16, 16)).astype(np.uint8)
    for objective in ("joint", "masked"):
        plan = Plan(objective=objective, epochs=1)  # type: ignore[arg-type]  # an objective
        start = pretrain(schema, {"image": volumes}, seed=3, seconds=600, plan=plan)
        assert embedded(start, schema, {"image": volumes}).shape[0] == 24


@pytest.mark.parametrize("images", [np.full_like(IMAGES, 7), np.repeat(IMAGES[:1], 72, axis=0)])
def test_images_that_are_all_alike_are_refused(images: np.ndarray) -> None:
    with pytest.raises(DataError, match="images that differ"):
        pretrain(SCHEMA, {"image": images}, seed=0, seconds=9)


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(StudyError, match="convnet_large, convnet, resnet18, resnet34"):
        made(model="resnet50")
    with pytest.raises(StudyError, match="two views"):
        made(chain={"axes": ["up-down", "left-right"], "ops": []})
    assert entrant("convnet").family == "deep"


@pytest.mark.parametrize(("shape", "least"), [((16, 16), 1e6), ((8, 16, 16), 1e6)])
def test_an_encoder_has_one_to_four_million_numbers(shape: tuple[int, ...], least: float) -> None:
    network = blank(
        LARGE, schema_of((1, *shape), "uint8"), np.zeros((2, 1, *shape), np.uint8),
        architecture_of(LARGE, len(shape)),
    )  # fmt: skip
    assert least <= sum(values.size for values in encoder_of(network).values()) <= 4e6
