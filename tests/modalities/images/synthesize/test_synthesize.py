from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.modalities.images.made_sources import schema_of
from tests.modalities.images.synthesize.made_cases import QUICK, with_classes, with_masks

from bedside.core.dataset import Schema
from bedside.core.errors import DataError, StudyError
from bedside.methods.cases import Cases
from bedside.methods.synthesis.private import Budget
from bedside.methods.synthesis.promise import Promise
from bedside.modalities.images import synthesize
from bedside.modalities.images.synthesize import fit, fit_pictures, settings_for

BINARY = schema_of((1, 12, 12), "uint8", mirrors=("left-right",))
OUTLINES = schema_of((1, 0, 0), "uint8", task="segmentation", mirrors=("left-right",))


def test_no_promise_is_made_for_images() -> None:
    promise = Promise(budget=Budget(epsilon=1.0, delta=1e-5), codebook={}, declared=frozenset())
    with pytest.raises(StudyError, match="none, for images"):
        synthesize.fit_private(BINARY, with_classes(), promise)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesize, "settings_for", lambda cases: QUICK)


def fitted(cases: Cases, schema: Schema = BINARY) -> synthesize.Generator:
    return fit("flow", schema, cases, seed=0)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_cases_come_as_those_that_were_learnt(dtype: str) -> None:
    cases = with_classes(dtype=dtype, shares=(0.75, 0.25))
    generator = fitted(cases)
    made = generator.sample(300, seed=1)
    image = made.arrays["image"]
    assert (image.dtype, image.shape) == (np.dtype(dtype), (300, 1, 12, 12))
    assert image.min() >= cases.arrays["image"].min()
    assert image.max() <= cases.arrays["image"].max()
    assert (image == np.rint(image)).all()
    assert len(np.unique(made.subjects)) == 300
    assert made.subjects.max() < 0
    assert 0.17 < made.target.mean() < 0.33
    assert np.isnan(made.duration).all()
    again = generator.sample(40, seed=1)
    np.testing.assert_array_equal(again.arrays["image"], image[:40])
    np.testing.assert_array_equal(again.target, made.target[:40])


@pytest.mark.parametrize(("asked", "index"), [("yes", 1), (0, 0), (1.0, 1), ("0", 0)])
def test_a_class_is_made_where_it_is_asked_for(asked: str | float, index: int) -> None:
    made = fitted(with_classes()).sample(5, seed=0, where={"target": asked})
    np.testing.assert_array_equal(made.target, np.full(5, index))


@pytest.mark.parametrize("where", [{"target": "perhaps"}, {"target": 2}, {"age": 65.0}])
def test_what_cannot_be_asked_is_refused(where: dict[str, str | float]) -> None:
    with pytest.raises(DataError, match=r"expected (one of no, yes|target)"):
        fitted(with_classes()).sample(2, seed=0, where=where)


def test_one_class_is_learnt_and_the_other_cannot_be_asked_for() -> None:
    generator = fitted(with_classes(shares=(0.0, 1.0)))
    assert (generator.sample(4, seed=0).target == 1).all()
    with pytest.raises(DataError, match="which none has"):
        generator.sample(2, seed=0, where={"target": "no"})


def test_a_class_that_is_not_known_is_learnt_from_and_never_made() -> None:
    cases = with_classes()
    some = cases.target.copy()
    some[:5] = np.nan
    made = fitted(replace(cases, target=some)).sample(20, seed=0)
    assert np.isfinite(made.target).all()
    with pytest.raises(DataError, match="none that is known"):
        fitted(replace(cases, target=np.full(len(cases), np.nan)))


@pytest.mark.parametrize("padded", [False, True])
def test_pictures_under_masks(padded: bool) -> None:
    cases = with_masks(padded=padded)
    made = fitted(cases, OUTLINES).sample(30, seed=0)
    assert {name: array.shape for name, array in made.arrays.items()} == {
        "image": (30, 1, 16, 16), "mask": (30, 16, 16), "extent": (30, 2), "spacing": (30, 2)
    }  # fmt: skip
    assert {name: array.dtype for name, array in made.arrays.items()} == {
        name: array.dtype for name, array in cases.arrays.items()
    }
    real = {mask.tobytes() for mask in cases.arrays["mask"]}
    assert not real & {mask.tobytes() for mask in made.arrays["mask"]}
    for image, mask, (high, wide) in zip(
        made.arrays["image"], made.arrays["mask"], made.arrays["extent"], strict=True
    ):
        assert set(np.unique(mask)) <= {0, 1, 2}
        assert not mask[high:].any()
        assert not mask[:, wide:].any()
        assert len(np.unique(image[:, high:])) <= 1
    assert (made.arrays["extent"] < 16).any() == padded


def test_a_structure_can_be_asked_for_if_some_mask_has_it() -> None:
    cases = with_masks()
    made = fitted(cases, OUTLINES).sample(12, seed=0, where={"target": "back"})
    assert (made.arrays["mask"] == 2).any(axis=(1, 2)).all()
    one = {**cases.arrays, "mask": np.minimum(cases.arrays["mask"], 1)}
    without = fitted(replace(cases, arrays=one), OUTLINES)
    assert without.sample(3, seed=0).arrays["mask"].max() == 1
    with pytest.raises(DataError, match="'back', which none has"):
        without.sample(3, seed=0, where={"target": "back"})


def test_masks_that_are_not_what_the_schema_says_are_refused() -> None:
    cases = with_masks()
    other = {**cases.arrays, "mask": cases.arrays["mask"] * 2}
    with pytest.raises(DataError, match="labels 0 to 2"):
        fitted(replace(cases, arrays=other), OUTLINES)
    bare = {name: array for name, array in cases.arrays.items() if name != "mask"}
    with pytest.raises(DataError, match="masks of training cases"):
        fitted(replace(cases, arrays=bare), OUTLINES)
    with pytest.raises(DataError, match="masks of training cases"):
        fitted(replace(cases, target=np.full(len(cases), np.nan)), OUTLINES)


def test_what_this_cell_cannot_do_it_says() -> None:
    cases = with_classes()
    with pytest.raises(StudyError, match="a known generator of images"):
        fit("tree", BINARY, cases, seed=0)
    with pytest.raises(StudyError, match="none, for images"):
        fit("flow", BINARY, cases, seed=0, rules=("a < b",))
    volumes = replace(cases, arrays={"image": np.zeros((24, 1, 4, 12, 12), np.uint8)})
    with pytest.raises(DataError, match="found volumes"):
        fit("flow", schema_of((1, 4, 12, 12), "uint8"), volumes, seed=0)
    large = replace(cases, arrays={"image": np.zeros((24, 1, 12, 300), np.uint8)})
    with pytest.raises(DataError, match=r"found 12 x 300\..*\n.*set size"):
        fit("flow", BINARY, large, seed=0)
    task = replace(BINARY, target=replace(BINARY.target, type="regression", classes=()))
    with pytest.raises(StudyError, match="found a regression"):
        fit("flow", task, cases, seed=0)
    with pytest.raises(DataError, match="8 training images or more"):
        fitted(cases.rows(np.arange(1)))


def test_larger_pictures_enter_by_larger_blocks() -> None:
    folds = [settings_for(with_classes(2, side=side)).network.fold for side in (16, 50, 64, 100)]
    assert folds == [1, 2, 2, 4]


def test_a_checkpoint_is_kept_where_a_folder_is_given(tmp_path: Path) -> None:
    settings = replace(QUICK, save=0.0)
    fit_pictures(BINARY, with_classes(), settings, seed=0, folder=tmp_path)
    assert len(list(tmp_path.glob("flow-*.safetensors"))) == 1
