"""The race for images: each model learns a little, and its graph says what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from tests.modalities.images.made_sources import schema_of

from bedside.adapters.session import open_graph
from bedside.core.study import TaskType
from bedside.methods import outcome as outcomes
from bedside.methods.entrant import Fixed, Learned, Lesson
from bedside.methods.tune import Budget
from bedside.modalities.images.serve import decode, rows
from bedside.modalities.images.train import MODELS, edge_cases, entrants, learn
from bedside.modalities.images.train_masks import MEMBERS, patch_of

SIDE = 16


def pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a blob in every other: images [N, 1, 16, 16], and where the blob is."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(5, 11, (count, 2, 1, 1))
    apart = ((np.indices((SIDE, SIDE))[None] - centre) ** 2).sum(axis=1)
    place = (apart < 10) & (np.arange(count) % 2 == 1)[:, None, None]
    values = 90 + 12 * rng.normal(size=place.shape) + 110 * place
    return values.round().clip(0, 255).astype(np.uint8)[:, None], place.astype(np.uint8)


TRAIN, SELECT = pictures(40, 1), pictures(20, 2)
FIXED: Mapping[str, Mapping[str, object]] = {
    "convnet": {"rate": 8e-3, "decay": 1e-2, "dropout": 0.0, "width": 4},
    "trees": {"rate": 0.2, "leaves": 4, "leaf_samples": 5, "shrinkage": 1.0},
    "unet": {"rate": 8e-3, "decay": 1e-2, "width": 4},
    "voxel_trees": {"rate": 0.2, "leaves": 8, "leaf_samples": 5, "shrinkage": 1.0},
}


def lesson(name: str, *, epochs: int = 2) -> Lesson:
    outlines = name in ("unet", "voxel_trees")
    parts = []
    for images, places in (TRAIN, SELECT):
        arrays: dict[str, np.ndarray] = {"image": images}
        outcome = outcomes.binary(places.any(axis=(1, 2)))
        if outlines:
            count = len(images)
            arrays["extent"] = np.tile(np.array([SIDE, SIDE], np.int32), (count, 1))
            arrays["spacing"] = np.ones((count, 2), np.float32)
        parts.append((arrays, outcome))
    schema = schema_of((1, SIDE, SIDE), "uint8", mirrors=("left-right",))
    if outlines:
        schema = schema_of((1, 0, 0), "uint8", task="segmentation")
        schema = replace(schema, target=replace(schema.target, classes=("blob",)))
    return Lesson(
        schema=schema, train=parts[0][0], train_outcome=parts[0][1],
        select=parts[1][0], select_outcome=parts[1][1],
        select_subjects=np.arange(len(SELECT[0])),
        budget=Budget(trials=1, seconds=600), epochs=epochs, patience=0, seed=1,
        fixed=Fixed(settings=FIXED[name], length=8),  # type: ignore[arg-type]  # numbers
        masks=(TRAIN[1], SELECT[1]) if outlines else None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def trees() -> Learned:
    return learn("trees", lesson("trees"))


def says_what_its_graph_says(model: Learned) -> None:
    images = pictures(12, 3)[0]
    value, novelty = open_graph(model.export())({"image": images})
    np.testing.assert_allclose(value, model.predict({"image": images}), rtol=1e-4, atol=1e-5)
    assert value.shape == (12, 1)
    assert novelty.shape == (12,)
    assert model.parameters > 0
    assert model.outliner is None
    _, edge = edge_cases(schema_of((1, SIDE, SIDE), "uint8"))
    assert all(np.isfinite(values).all() for values in open_graph(model.export())(edge))


def test_trees_say_what_their_graph_says(trees: Learned) -> None:
    says_what_its_graph_says(trees)
    assert trees.settings == FIXED["trees"]
    assert learn("trees", lesson("trees")).export() == trees.export()


@pytest.mark.slow
def test_a_convnet_says_what_its_graph_says() -> None:
    model = learn("convnet", lesson("convnet"))
    says_what_its_graph_says(model)
    assert model.settings == FIXED["convnet"]
    assert model.length <= 2
    assert model.weights


def test_trees_learn_from_forty_pictures(trees: Learned) -> None:
    images, places = pictures(30, 4)
    risk = trees.predict({"image": images})[:, 0]
    there = places.any(axis=(1, 2))
    assert risk[there].min() > risk[~there].max()


def asked(count: int, seed: int, side: int = SIDE) -> tuple[dict[str, np.ndarray], np.ndarray]:
    images, places = pictures(count, seed)
    arrays = {
        "image": images, "extent": np.full((count, 2), side, np.int32),
        "spacing": np.ones((count, 2), np.float32),
    }  # fmt: skip
    return arrays, places


def outlines_as_its_graph_does(model: Learned) -> None:
    assert model.outliner is not None
    arrays, _ = asked(6, 5, side=13)
    by_graph = replace(model.outliner, patches=open_graph(model.export())).outlines(arrays)
    itself = model.outliner.outlines(arrays)
    np.testing.assert_array_equal(by_graph.masks, itself.masks)
    np.testing.assert_allclose(by_graph.novelty, itself.novelty, rtol=1e-4)
    np.testing.assert_allclose(model.predict(arrays), itself.volumes)
    patch = model.outliner.patch
    value, _ = open_graph(model.export())({"image": arrays["image"][:, :, : patch[0], : patch[1]]})
    assert value.shape == (6, 2, *patch)
    np.testing.assert_allclose(value.sum(axis=1), 1.0, atol=1e-4)


def test_voxel_trees_outline_and_so_does_their_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bedside.modalities.images.train_voxels.PLACES", 4000)
    model = learn("voxel_trees", lesson("voxel_trees"))
    outlines_as_its_graph_does(model)
    assert model.outliner is not None
    arrays, places = asked(20, 6)
    masks = model.outliner.outlines(arrays).masks
    dice = 2 * (masks & places).sum() / (masks.sum() + places.sum())
    assert dice > 0.8
    assert model.score < 0.3


@pytest.mark.slow
def test_a_unet_outlines_as_its_graph_does() -> None:
    model = learn("unet", lesson("unet"))
    outlines_as_its_graph_does(model)
    members = {name.split(".")[1] for name in model.weights}
    assert members == {str(member) for member in range(MEMBERS)}
    assert model.length <= 2


def volumes(count: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Noise with a bright block in each, [N, 1, 8, 16, 16]; the last rows are filling."""
    rng = np.random.default_rng(seed)
    images = rng.normal(90, 12, (count, 8, SIDE, SIDE))
    places = np.zeros(images.shape, np.uint8)
    for at in range(count):
        places[at][tuple(slice(n, n + 4) for n in rng.integers(0, (5, 9, 13)))] = 1
        images[at][places[at] > 0] += 110
    extent = np.tile(np.array([8, 12, SIDE], np.int32), (count, 1))
    arrays = {"image": images.clip(0, 255).astype(np.uint8)[:, None], "extent": extent,
              "spacing": np.full((count, 3), 2.0, np.float32)}  # fmt: skip
    return arrays, places


@pytest.mark.slow
def test_a_unet_of_volumes_learns_and_outlines_as_its_graph_does() -> None:
    """A plain task, so that what is tried is the third axis: patches, masks, millilitres."""
    (train, places), (select, of_select) = volumes(24, 1), volumes(8, 2)
    schema = schema_of((1, 0, 0, 0), "uint8", task="segmentation", image="{patient}.nii")
    schema = replace(schema, target=replace(schema.target, classes=("block",)))
    model = learn("unet", Lesson(
        schema=schema, train=train, train_outcome=outcomes.binary(np.ones(24, bool)),
        select=select, select_outcome=outcomes.binary(np.ones(8, bool)),
        select_subjects=np.arange(8),
        budget=Budget(trials=1, seconds=600), epochs=12, patience=0, seed=1,
        fixed=Fixed(settings=FIXED["unet"], length=12),  # type: ignore[arg-type]  # numbers
        masks=(places, of_select),
    ))  # fmt: skip
    assert model.outliner is not None
    assert model.outliner.patch == (8, 16, 16)
    assert {value.ndim for name, value in model.weights.items() if name.endswith("weight")} >= {5}
    asked, truth = volumes(4, 3)
    itself = model.outliner.outlines(asked)
    by_graph = replace(model.outliner, patches=open_graph(model.export())).outlines(asked)
    np.testing.assert_array_equal(by_graph.masks, itself.masks)
    np.testing.assert_allclose(by_graph.novelty, itself.novelty, rtol=1e-3)
    assert not itself.masks[:, :, 12:].any()
    np.testing.assert_allclose(itself.volumes[:, 0], (itself.masks == 1).sum(axis=(1, 2, 3)) * 8e-3)
    dice = 2 * (itself.masks & truth).sum() / (itself.masks.sum() + truth.sum())
    assert dice > 0.7
    assert model.score < 0.4


def test_a_patch_holds_the_images_in_steps_of_eight() -> None:
    found = lesson("unet")
    assert patch_of(found) == (16, 16)
    small = replace(found, train={**found.train, "extent": np.array([[9, 3]], np.int32)})
    assert patch_of(small) == (16, 8)
    large = replace(found, train={**found.train, "extent": np.array([[900, 30]], np.int32)})
    assert patch_of(large) == (256, 32)


@pytest.mark.parametrize("name", ["unet", "voxel_trees"])
def test_no_segmentation_without_masks(name: str) -> None:
    with pytest.raises(ValueError, match="masks"):
        learn(name, replace(lesson(name), masks=None))


@pytest.mark.parametrize("task", get_args(TaskType))
def test_each_task_has_a_deep_and_a_simple_model(task: TaskType) -> None:
    found = entrants(task)
    assert {item.family for item in found} == {"deep", "simple"}
    assert found[0].family == "deep"  # takes longest, so it begins first
    assert all(MODELS[item.name] is item for item in found)


@pytest.mark.parametrize("spacing", [(), (2.0, 1.5, 1.0)])
def test_a_case_at_the_edge_is_read_back_as_it_is(spacing: tuple[float, ...]) -> None:
    schema = schema_of((1, 0, 0, 0), "int16", task="segmentation", spacing=spacing)
    _, arrays = edge_cases(schema)
    read = decode(rows(arrays, schema), schema)
    for name, values in arrays.items():
        np.testing.assert_array_equal(read[name], values)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize(
    ("shape", "task"),
    [((1, 16, 16), "binary"), ((3, 9, 7), "binary"), ((1, 0, 0, 0), "segmentation")],
)
def test_cases_at_the_edge_are_of_the_schema(shape: tuple[int, ...], task: str, dtype: str) -> None:
    names, arrays = edge_cases(schema_of(shape, dtype, task=task))
    assert arrays["image"].shape == (len(names), shape[0], *(n or 32 for n in shape[1:]))
    assert arrays["image"].dtype == dtype
    assert set(arrays) == ({"image", "extent", "spacing"} if task == "segmentation" else {"image"})
    low, high = arrays["image"][0], arrays["image"][1]
    assert low.min() == arrays["image"].min()
    assert high.max() == arrays["image"].max()
    assert len(np.unique(arrays["image"][5])) == 2
