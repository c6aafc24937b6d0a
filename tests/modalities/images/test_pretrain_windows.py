"""Pretraining of U-Nets: all but the last layer is learnt without masks, and carried over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.modalities.images.made_sources import schema_of
from tests.modalities.images.test_train import SIDE, asked, lesson, volumes

from bedside.core.dataset import Schema
from bedside.core.errors import DataError, StudyError
from bedside.methods.entrant import Arrays, Learned
from bedside.methods.pretraining.checkpoint import NAME
from bedside.methods.pretraining.collapse import health
from bedside.methods.pretraining.outside import Outside, read_outside
from bedside.methods.pretraining.plan import Plan
from bedside.methods.pretraining.saved import write_start
from bedside.methods.pretraining.start import Start
from bedside.methods.tune import Budget
from bedside.modalities.images import pretrain_windows
from bedside.modalities.images.pretrain import embedded, pretrain, started
from bedside.modalities.images.train import learn
from bedside.modalities.images.train_masks import MEMBERS

SCHEMA = schema_of((1, 0, 0), "uint8", task="segmentation")
ARRAYS = asked(40, 8)[0]
VOLUMES = schema_of((1, 0, 0, 0), "uint8", task="segmentation")
LAST = "body.last."


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of four channels, so that an epoch takes a moment."""
    monkeypatch.setattr(pretrain_windows, "architecture", lambda: {"width": 4})


def made(arrays: Arrays = ARRAYS, schema: Schema = SCHEMA, **plan: object) -> Start:
    values = {"epochs": 2} | plan
    return pretrain(schema, arrays, seed=3, seconds=600, plan=Plan(**values))  # type: ignore[arg-type]  # fields of Plan


def begun(start: Start, *, epochs: int = 1) -> Learned:
    given = lesson("unet", epochs=epochs)
    budget = Budget(trials=1, seconds=600)
    return learn("unet", replace(given, fixed=None, start=start, budget=budget))


def test_it_paints_what_is_hidden_and_does_not_collapse() -> None:
    start = made(epochs=6)
    assert start.course[-1] < 0.95 * start.course[0]
    assert (start.entrant, start.settings) == ("unet", {"width": 4})
    found = embedded(start, SCHEMA, ARRAYS)
    assert found.shape == (40, 32)  # four channels, doubled three times
    assert health(found, np.arange(40)).collapsed == ""
    assert start.digest == made(epochs=6).digest
    assert not [name for name in start.weights if name.startswith(("head", LAST))]


def test_volumes_of_several_sizes_are_learnt_from() -> None:
    arrays, _ = volumes(20, 3)
    arrays["extent"][::2] = (6, 9, 11)
    start = made(arrays, VOLUMES, epochs=1)
    assert start.weights["body.joined.0.0.0.weight"].ndim == 5
    assert embedded(start, VOLUMES, arrays).shape == (20, 32)


def test_what_lies_beyond_an_image_is_not_learnt_from() -> None:
    arrays = {**ARRAYS, "extent": np.full((40, 2), 12, np.int32)}
    other = {**arrays, "image": ARRAYS["image"].copy()}
    other["image"][:, :, 12:] = 255
    other["image"][:, :, :, 12:] = 0
    assert made(arrays, epochs=1).digest == made(other, epochs=1).digest


def test_a_killed_one_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    def killed(epoch: int, *_: object) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    plan = Plan(epochs=3)
    with pytest.raises(KeyboardInterrupt):
        pretrain(SCHEMA, ARRAYS, seed=3, seconds=600, plan=plan, folder=tmp_path, told=killed)
    assert (tmp_path / NAME).is_file()
    resumed = pretrain(SCHEMA, ARRAYS, seed=3, seconds=600, plan=plan, folder=tmp_path)
    assert resumed.digest == made(epochs=3).digest


@pytest.mark.slow
@pytest.mark.parametrize("tune", ["probe", "partial", "full"])
def test_what_learns_of_masks_is_the_last_layer_the_decoder_or_all(tune: str) -> None:
    start = made(tune=tune)
    learned = begun(start)
    changed = [moved(start, learned, member) for member in range(MEMBERS)]
    parts = {"probe": set(), "partial": {"up", "joined"}, "full": {"down", "up", "joined"}}
    assert changed == [parts[tune]] * MEMBERS
    # The last layer alone is not of the start, and each member has one of its own.
    new = {name for name in learned.weights if name.split(".", 2)[2] not in start.weights}
    assert {name.split(".")[3] for name in new} == {"last"}
    first, second = (learned.weights[f"members.{member}.{LAST}weight"] for member in range(MEMBERS))
    assert not np.array_equal(first, second)
    assert learned.settings["width"] == 4
    assert learned.outliner is not None
    assert learned.outliner.outlines(asked(2, 9)[0]).masks.shape == (2, SIDE, SIDE)


def moved(start: Start, learned: Learned, member: int) -> set[str]:
    """Parts of a member that training has changed."""
    return {
        name.split(".")[1]
        for name, values in start.weights.items()
        if not np.array_equal(learned.weights[f"members.{member}.{name}"], values)
    }


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(
        StudyError, match=r"(?s)\"masked\" where masks are learnt.*leave objective out"
    ):
        made(objective="joint")
    with pytest.raises(StudyError, match="one of unet, found 'convnet'"):
        made(model="convnet")
    blank = {**ARRAYS, "image": np.full_like(ARRAYS["image"], 7)}
    with pytest.raises(DataError, match="images that differ"):
        made(blank)


def file_of(folder: Path, start: Start, schema: Schema = SCHEMA) -> Outside:
    write_start(folder / "w.safetensors", start, schema)
    return read_outside(folder / "w.safetensors", "own")


def test_a_former_pretraining_starts_it(tmp_path: Path) -> None:
    former = made()
    start = started(file_of(tmp_path, former), SCHEMA, ARRAYS, plan=Plan(tune="partial"))
    assert (start.entrant, start.tune, start.licence) == ("unet", "partial", "own")
    assert start.settings == former.settings
    for name, values in former.weights.items():
        np.testing.assert_array_equal(start.weights[name], values)


def test_weights_of_another_architecture_are_refused_with_what_was_found(tmp_path: Path) -> None:
    images = {"image": ARRAYS["image"]}
    labels = schema_of((1, SIDE, SIDE), "uint8")
    outlining = made(epochs=1)
    classifier = replace(outlining, entrant="convnet")
    with pytest.raises(DataError, match="an encoder of unet, found one of 'convnet'"):
        started(file_of(tmp_path, classifier), SCHEMA, ARRAYS, plan=Plan())
    with pytest.raises(DataError, match="found one of 'unet'"):
        started(file_of(tmp_path, outlining), labels, images, plan=Plan())
    solid, _ = volumes(20, 3)
    with pytest.raises(DataError, match=r"of another shape: .*body\.down"):
        started(file_of(tmp_path, outlining), VOLUMES, solid, plan=Plan())
    save_file({"members.0.body.down.0.0.0.weight": np.zeros(3)}, tmp_path / "race.safetensors")
    race = read_outside(tmp_path / "race.safetensors", "own")
    with pytest.raises(DataError, match=r"(?s)found another network: members\.0.*several members"):
        started(race, SCHEMA, ARRAYS, plan=Plan())
    with pytest.raises(StudyError, match="published ResNet"):
        started(file_of(tmp_path, outlining), SCHEMA, ARRAYS, plan=Plan(stride=1))
