"""Where a network starts from a file: a former encoder or a published ResNet, or a refusal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from tests.methods.networks.images.test_published_resnet import reference
from tests.methods.pretraining.published_weights import weights_of
from tests.modalities.images.made_sources import schema_of
from tests.modalities.images.test_pretrain import IMAGES, SCHEMA
from tests.modalities.images.test_train import lesson

from bedside.adapters.session import open_graph
from bedside.core.errors import DataError, StudyError
from bedside.methods.entrant import Learned
from bedside.methods.pretraining.outside import Outside, read_outside
from bedside.methods.pretraining.plan import Plan
from bedside.methods.pretraining.saved import write_start
from bedside.methods.pretraining.start import Start
from bedside.methods.tune import Budget
from bedside.modalities.images.pretrain import embedded, pretrain
from bedside.modalities.images.pretrain_start import started
from bedside.modalities.images.train import learn

COLOUR = schema_of((3, 32, 32), "uint8")
PICTURES = np.random.default_rng(5).integers(0, 255, (20, 3, 32, 32)).astype(np.uint8)


def file_of(folder: Path, weights: dict[str, np.ndarray]) -> Outside:
    save_file(weights, folder / "w.safetensors")
    return read_outside(folder / "w.safetensors", "BSD-3-Clause")


def grey(folder: Path, **plan: object) -> Start:
    outside = file_of(folder, weights_of(start="module."))
    return started(outside, SCHEMA, {"image": IMAGES}, plan=Plan(**plan))  # type: ignore[arg-type]  # fields of Plan


def test_imagenet_weights_see_pictures_as_they_were_trained_to(tmp_path: Path) -> None:
    outside = file_of(tmp_path, weights_of())
    start = started(outside, COLOUR, {"image": PICTURES}, plan=Plan(scale="imagenet"))
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
    seen = (torch.from_numpy(PICTURES) / 255 - mean) / deviation
    table = {name: torch.from_numpy(value) for name, value in weights_of().items()}
    wanted = reference(table, seen, layers=18, stride=2).numpy()
    found = embedded(start, COLOUR, {"image": PICTURES})
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    assert start.entrant == "resnet18"
    assert start.settings == {"layers": 18, "shortcut": "projected", "stride": 2}
    assert (start.licence, len(start.digest)) == ("BSD-3-Clause", 64)
    assert "ResNet-18" in start.source
    assert "mean and deviation of ImageNet" in start.source


def test_what_was_changed_and_assumed_is_told(tmp_path: Path) -> None:
    start = grey(tmp_path)
    for words in ("summed over its 3 channels", "first stride 2, as assumed", "training images"):
        assert words in start.source
    assert start.weights["body.conv1.weight"].shape == (64, 1, 7, 7)
    usual = grey(tmp_path, scale="imagenet")
    np.testing.assert_allclose(usual.weights["inward.mean"].ravel(), [0.449 * 255], rtol=1e-6)


def test_volumes_start_from_volumes(tmp_path: Path) -> None:
    schema = schema_of((1, 8, 16, 16), "uint8")
    volumes = np.random.default_rng(0).integers(0, 255, (4, 1, 8, 16, 16)).astype(np.uint8)
    outside = file_of(tmp_path, weights_of(dims=3, channels=1, shortcut="padded"))
    start = started(outside, schema, {"image": volumes}, plan=Plan(stride=1))
    assert start.settings == {"layers": 18, "shortcut": "padded", "stride": 1}
    assert embedded(start, schema, {"image": volumes}).shape == (4, 512)
    with pytest.raises(DataError, match="of 2 axes"):
        started(outside, SCHEMA, {"image": IMAGES}, plan=Plan())
    flat = file_of(tmp_path, weights_of(channels=1))
    with pytest.raises(DataError, match="of 3 axes"):
        started(flat, schema, {"image": volumes}, plan=Plan())
    with pytest.raises(StudyError, match="8 bits"):
        started(outside, schema, {"image": volumes}, plan=Plan(scale="imagenet"))


def taught(start: Start) -> Learned:
    asked = replace(
        lesson("convnet", epochs=1), fixed=None, start=start, budget=Budget(trials=1, seconds=600)
    )
    return learn("resnet18", asked)


@pytest.mark.slow
@pytest.mark.parametrize("tune", ["probe", "partial", "full"])
def test_a_training_starts_from_it(tmp_path: Path, tune: str) -> None:
    start = grey(tmp_path, tune=tune)
    learned = taught(start)
    first, last = (
        np.array_equal(learned.weights[name], start.weights[name])
        for name in ("body.conv1.weight", "body.layer4.1.conv2.weight")
    )
    assert (first, last) == (tune != "full", tune == "probe")
    assert learned.settings.items() >= start.settings.items()
    assert all(np.isfinite(values).all() for values in learned.weights.values())


@pytest.mark.slow
def test_it_says_what_its_graph_says(tmp_path: Path) -> None:
    learned = taught(grey(tmp_path))
    images = IMAGES[:5]
    value, _ = open_graph(learned.export())({"image": images})
    np.testing.assert_allclose(value, learned.predict({"image": images}), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_from_scratch_it_is_the_same_network_as_beside_it(tmp_path: Path) -> None:
    like = {"layers": 18, "shortcut": "padded", "stride": 1}
    asked = replace(
        lesson("convnet", epochs=1), fixed=None, like=like, budget=Budget(trials=1, seconds=600)
    )
    learned = learn("resnet18", asked)
    assert learned.settings.items() >= like.items()
    assert not [name for name in learned.weights if "downsample" in name]


def test_a_former_encoder_and_a_former_races_weights_fit(tmp_path: Path) -> None:
    start = pretrain(SCHEMA, {"image": IMAGES}, seed=3, seconds=600, plan=Plan(epochs=1))
    path = tmp_path / "encoder.safetensors"
    write_start(path, start, SCHEMA)
    again = started(read_outside(path, "own"), SCHEMA, {"image": IMAGES}, plan=Plan())
    assert (again.entrant, again.settings) == ("convnet_large", start.settings)
    assert set(again.weights) == set(start.weights)
    with pytest.raises(StudyError, match=r"(?s)scale and stride.*leave them out"):
        started(read_outside(path, "own"), SCHEMA, {"image": IMAGES}, plan=Plan(stride=1))
    with pytest.raises(StudyError, match="'convnet_large', or none"):
        started(read_outside(path, "own"), SCHEMA, {"image": IMAGES}, plan=Plan(model="convnet"))
    learned = learn("convnet", lesson("convnet"))
    outside = file_of(tmp_path, {name: np.asarray(v) for name, v in learned.weights.items()})
    raced = started(outside, SCHEMA, {"image": IMAGES}, plan=Plan())
    assert (raced.entrant, raced.settings) == ("convnet", {"width": learned.settings["width"]})
    assert "body.last.weight" not in raced.weights


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"cls_token": np.zeros((1, 1, 8), np.float32)}, "a vision transformer"),
        ({**weights_of(), "layer1.0.conv3.weight": np.zeros((256, 64, 1, 1), np.float32)},
         "a ResNet of bottleneck blocks"),
        ({"a.weight": np.zeros(3, np.float32)}, "another network: a.weight"),
    ],
)  # fmt: skip
def test_another_architecture_is_told_with_what_can_be_read(
    tmp_path: Path, weights: dict[str, np.ndarray], words: str
) -> None:
    with pytest.raises(DataError) as caught:
        started(file_of(tmp_path, weights), SCHEMA, {"image": IMAGES}, plan=Plan())
    assert words in str(caught.value)
    assert "ResNet-18 or ResNet-34 in the layout of torchvision or MONAI" in str(caught.value)


def test_a_study_that_names_another_network_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="'resnet18', or none"):
        grey(tmp_path, model="resnet34")
