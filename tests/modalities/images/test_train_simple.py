"""Simple models of images: they learn, their graph says the same, and strange images are news."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from bedside.adapters.onnx import Graph
from bedside.core.dataset import Schema, Target
from bedside.methods import outcome as outcomes
from bedside.methods.entrant import Fixed, Lesson
from bedside.methods.outcome import Outcome
from bedside.methods.tune import Budget
from bedside.modalities.images import train_simple
from bedside.modalities.images.train_simple import Seen, features_of, learn_simple, seen

SIDE = 16
MODELS = [
    ("prevalence", "binary"), ("logistic", "binary"), ("trees", "binary"),
    ("logistic", "multilabel"), ("trees", "multilabel"), ("prevalence", "multilabel"),
    ("multinomial", "multiclass"), ("trees", "multiclass"), ("ridge", "regression"),
    ("trees", "regression"), ("cox", "survival"), ("trees", "survival"),
]  # fmt: skip


def images(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright blob of a random height: pictures [N, 1, 16, 16] and heights [N]."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(0, 60, count)
    place = np.indices((SIDE, SIDE))
    centre = rng.uniform(4, 12, (count, 2, 1, 1))
    apart = ((place[None] - centre) ** 2).sum(axis=1)
    values = 90 + 8 * rng.normal(size=(count, SIDE, SIDE))
    values += height[:, None, None] * np.exp(-apart / 8)
    return np.round(values).clip(0, 255).astype(np.uint8)[:, None], height


TRAIN, SELECT, TEST = (images(count, seed) for seed, count in enumerate((160, 60, 80)))


def outcome(task: str, height: np.ndarray) -> Outcome:
    if task == "binary":
        return outcomes.binary(height > 30)
    if task == "multiclass":
        return outcomes.multiclass(np.digitize(height, [20, 40]).astype(np.int64), 3)
    if task == "multilabel":
        values = np.stack([height > 30, height > 45], axis=1).astype(np.float64)
        values[::5, 1] = np.nan
        return outcomes.multilabel(values)
    if task == "regression":
        return outcomes.regression(height)
    time = 400 * np.exp(-height / 15)
    return outcomes.survival(time, np.ones(len(height), bool), np.array([20.0, 60, 200]))


def lesson(
    task: str, *, fixed: Fixed | None = None, trials: int = 2, shared: Path | None = None
) -> Lesson:
    return Lesson(
        schema=Schema(fields=(), target=Target(type="binary", outcome="y")),
        train={"image": TRAIN[0]}, train_outcome=outcome(task, TRAIN[1]),
        select={"image": SELECT[0]}, select_outcome=outcome(task, SELECT[1]),
        select_subjects=np.arange(len(SELECT[1])),
        budget=Budget(trials=trials, seconds=600), epochs=1, patience=1, seed=0, fixed=fixed,
        shared=shared,
    )  # fmt: skip


@pytest.fixture(scope="module")
def known() -> Seen:
    return seen(lesson("binary"))


@pytest.mark.parametrize(("name", "task"), MODELS)
def test_a_model_learns_and_its_graph_says_the_same(name: str, task: str, known: Seen) -> None:
    learned = learn_simple(name, lesson(task), known)
    pictures, height = TEST
    graph = Graph(learned.export())
    found = graph.run({"image": pictures})
    assert list(found) == ["value", "novelty"]
    assert found["value"].dtype == np.float64
    expected = learned.predict({"image": pictures})
    np.testing.assert_allclose(found["value"], expected, rtol=1e-4, atol=1e-5)
    assert graph.run({"image": pictures[:1]})["value"].shape == (1, expected.shape[1])
    truth = outcome(task, height)
    constant = learn_simple("prevalence", lesson(task, trials=1), known)
    alone = truth.score(constant.predict({"image": pictures}))
    if name != "prevalence":
        assert truth.score(expected) < 0.8 * alone
        assert learned.parameters > constant.parameters


def test_the_only_input_is_the_image(known: Seen) -> None:
    learned = learn_simple("trees", lesson("binary"), known)
    graph = onnx.load_model_from_string(learned.export()).graph
    assert [item.name for item in graph.input] == ["image"]


def test_novelty_grows_for_images_unlike_those_of_training(known: Seen) -> None:
    graph = Graph(learn_simple("prevalence", lesson("binary"), known).export())
    usual = graph.run({"image": TEST[0]})["novelty"]
    rng = np.random.default_rng(5)
    strange = {
        "inverted": 255 - TEST[0], "empty": np.zeros_like(TEST[0]),
        "noise": rng.integers(0, 256, TEST[0].shape).astype(np.uint8),
        "brighter": np.minimum(TEST[0].astype(int) + 80, 255).astype(np.uint8),
        "smooth": np.repeat(np.repeat(TEST[0][..., ::4, ::4], 4, -1), 4, -2),
    }  # fmt: skip
    for name, pictures in strange.items():
        found = graph.run({"image": pictures})["novelty"]
        assert np.isfinite(found).all(), name
        assert (found > np.quantile(usual, 0.95)).mean() > 0.9, name


def test_settings_that_are_given_are_kept(known: Seen) -> None:
    settings = {"rate": 0.1, "leaves": 4, "leaf_samples": 5, "shrinkage": 1.0}
    learned = learn_simple(
        "trees", lesson("binary", fixed=Fixed(settings=settings, length=7)), known
    )
    assert learned.length == 7
    assert learned.settings == settings


def test_features_are_computed_in_parts_that_do_not_matter(
    known: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = known.features.of(TEST[0])
    monkeypatch.setattr("bedside.modalities.images.train_simple.ELEMENTS", 7 * SIDE * SIDE)
    np.testing.assert_allclose(known.features.of(TEST[0]), whole, rtol=1e-5, atol=1e-5)
    assert known.features.of(TEST[0][:0]).shape == (0, len(known.features.names))
    assert whole.shape == (80, len(known.features.names))


def test_features_for_a_network_are_those_of_the_simple_models(known: Seen) -> None:
    features = features_of(TRAIN[0])
    assert features.graph == known.features.graph
    np.testing.assert_array_equal(features.of(TRAIN[0]), known.train)


def test_models_of_a_race_compute_features_once(
    known: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph and numbers are made by the first model; a network asks for the same."""
    made: list[str] = []
    compute = train_simple._computed

    def export(*_: object) -> bytes:
        made.append("graph")
        return known.features.graph

    def computed(graph: bytes, pictures: np.ndarray) -> np.ndarray:
        made.append("numbers")
        return compute(graph, pictures)

    monkeypatch.setattr(train_simple, "_graph", export)
    monkeypatch.setattr(train_simple, "_computed", computed)
    asked = lesson("binary", trials=1, shared=tmp_path / "shared")
    first = learn_simple("logistic", asked)
    value = first.predict({"image": TEST[0]})
    assert sorted(made) == ["graph"] + ["numbers"] * 3
    again = learn_simple("logistic", asked)
    np.testing.assert_array_equal(again.predict({"image": TEST[0]}), value)
    assert again.export() == first.export()
    learn_simple("trees", asked)
    assert features_of(TRAIN[0], asked.shared).graph == known.features.graph
    assert len(made) == 4
    changed = TRAIN[0].copy()
    changed[0, 0, 0, 0] ^= 1
    mapped = known.features.of(TRAIN[0])
    other = replace(known.features, shared=asked.shared).of(changed)
    assert len(made) == 6
    assert (other[0] != mapped[0]).any()
    np.testing.assert_array_equal(other[1:], mapped[1:])


def test_sharing_changes_no_number(known: Seen, tmp_path: Path) -> None:
    alone = learn_simple("trees", lesson("binary"), known)
    shared = learn_simple("trees", lesson("binary", shared=tmp_path))
    assert shared.export() == alone.export()
    assert shared.score == alone.score
