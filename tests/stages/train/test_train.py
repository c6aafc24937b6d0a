"""The race: what it leaves, what it must not see, that it repeats itself and survives a kill."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.adapters.onnx import Graph
from bedside.core.context import Context
from bedside.core.dataset import Dataset, Field, Schema, Target, read_schema, write_dataset
from bedside.core.errors import DataError, StudyError
from bedside.core.executor import LocalPool
from bedside.core.run import Run
from bedside.core.study import Study
from bedside.methods.policy import Policy
from bedside.modalities.tables import train as cell
from bedside.stages import train

SIMPLE = train.Spec(models=("logistic", "trees", "prevalence"), trials=2, shuffled=False)
TARGETS = {
    "binary": Target(type="binary", outcome="death", classes=("no", "yes")),
    "multiclass": Target(type="multiclass", outcome="ward", classes=("a", "b", "c")),
    "multilabel": Target(type="multilabel", outcome="findings", classes=("a", "b")),
    "regression": Target(type="regression", outcome="pressure", unit="mmHg"),
    "survival": Target(type="survival", outcome="death", horizon=500.0, unit="days"),
}


def made_up(folder: Path, task: str = "binary", samples: int = 500, seed: int = 0) -> Run:
    """A prepared data set of two samples a subject; `leak` gives the outcome away."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    numeric = rng.normal(size=(samples, 3)).astype(np.float32)
    codes = rng.integers(0, 4, (samples, 1))
    risk = 2 * numeric[:, 0] + (codes[:, 0] == 2)
    columns = outcome(task, risk, rng)
    numeric[:, 2] = np.nan_to_num(columns.get("target.a", columns["target"]))
    numeric[rng.random(samples) < 0.1, 1] = np.nan
    subjects = np.arange(samples) // 2
    split = np.array(["train", "train", "tune", "tune", "held_out"])[subjects % 5]
    samples_frame = pl.DataFrame(
        {
            "sample": np.arange(samples),
            "subject": [f"S{number}" for number in subjects],
            "split": split,
            **columns,
        }
    ).with_columns(pl.col("^target.*$").fill_nan(None), pl.col("duration").fill_nan(None))
    schema = Schema(
        fields=(
            Field(name="strong", seen_low=-3.0, seen_high=3.0),
            Field(name="weak", low=-10.0, high=10.0),
            Field(name="leak"),
            Field(name="ward", kind="category", categories=("x", "y", "z")),
        ),
        target=TARGETS[task],
    )
    write_dataset(folder, schema, samples_frame, {"numeric": numeric, "codes": codes})
    return Run(folder)


def outcome(task: str, risk: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    noisy = risk + rng.logistic(size=len(risk))
    target = {"binary": noisy > 0.5, "multiclass": np.digitize(noisy, [-1, 1.5])}.get(
        task, 40 + 9 * noisy
    )
    duration, event = np.full(len(risk), np.nan), np.zeros(len(risk), np.int8)
    if task == "survival":
        time, lost = 300 * rng.exponential(np.exp(-risk)), rng.uniform(50, 900, len(risk))
        duration, event = np.minimum(time, lost), (time <= lost).astype(np.int8)
        known = event & (time <= 500) | (duration >= 500)
        target = np.where(known, event & (time <= 500), np.nan)
    columns = {"target": np.asarray(target, np.float64), "duration": duration, "event": event}
    if task == "multilabel":
        second = np.where(rng.random(len(risk)) < 0.3, np.nan, noisy < 0.5)
        columns |= {"target": np.full(len(risk), np.nan), "target.a": noisy > 0.5,
                    "target.b": second}  # fmt: skip
    return {name: np.asarray(values, np.float64) for name, values in columns.items()}


Race = Callable[..., Run]


@pytest.fixture
def race(made_up_study: Study, context_for: Callable[..., Context], tmp_path: Path) -> Race:
    """`race(prepared, spec)` runs the stage with `leak` dropped by the audit."""

    def run(prepared: Run, spec: train.Spec, **changes: object) -> Run:
        audit = Run(tmp_path / "audit-0")
        audit.folder.mkdir(exist_ok=True)
        audit.write_json("dropped.json", ["leak"])
        context = context_for(made_up_study, "train", inputs={"prepare": prepared, "audit": audit})
        context = replace(context, **changes)
        train.run(spec, context)
        return context.run

    return run


def said(run: Run, model: str) -> np.ndarray:
    return np.load(run.folder / "models" / model / "native.npy")


def record(run: Run, name: str) -> dict:
    return json.loads((run.folder / name).read_text())


def auroc(value: np.ndarray, target: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(target, value))


def test_what_a_race_leaves(race: Race, tmp_path: Path) -> None:
    prepared = made_up(tmp_path / "prepare-0")
    run = race(prepared, replace(SIMPLE, models=("mlp", *SIMPLE.models), epochs=4, shuffled=True))
    schema = read_schema((run.folder / "schema.json").read_text())
    assert [field.name for field in schema.fields] == ["strong", "weak", "ward"]
    names = [entry["name"] for entry in record(run, "race.json")["models"]]
    assert names == ["prevalence", "logistic", "trees", "mlp"]
    assert record(run, "race.json")["released_candidates"]["deep"] == "mlp"
    assert record(run, "race.json")["released_candidates"]["simple"] in ("logistic", "trees")
    assert record(run, "models/_shuffled/model.json")["family"] == "control"
    dataset = Dataset(prepared.folder)
    held = dataset.rows("held_out")
    edge = {name: np.load(run.folder / f"edge_{name}.npy") for name in ("numeric", "codes")}
    assert len(record(run, "edge.json")) == len(edge["numeric"]) == len(edge["codes"]) > 10
    for name in names:
        folder = run.folder / "models" / name
        graph = Graph(folder / "graph.onnx")
        assert graph.metadata["schema"] == schema.digest
        for arrays, file in ((cell.arrays(dataset, schema, held), "native"), (edge, "edge_native")):
            out = graph.run(arrays)
            np.testing.assert_allclose(out["value"], np.load(folder / f"{file}.npy"), atol=1e-5)
            assert out["novelty"].shape == (len(arrays["numeric"]),)
        assert Policy.from_json(record(run, f"models/{name}/policy.json")).task == "binary"
        model = record(run, f"models/{name}/model.json")
        assert model["trials"] == len(model["tried"]) == (1 if name == "prevalence" else 2)
        assert (folder / "weights.safetensors").is_file() == (name == "mlp")
    assert not list((run.folder / "models").glob(".*"))


@pytest.mark.parametrize("task", ["multiclass", "multilabel", "regression", "survival"])
def test_every_task_is_raced(race: Race, tmp_path: Path, task: str) -> None:
    prepared = made_up(tmp_path / "prepare-0", task, 600)
    linear = {"multiclass": "multinomial", "regression": "ridge", "survival": "cox"}.get(
        task, "logistic"
    )
    run = race(prepared, replace(SIMPLE, models=(linear, "trees", "prevalence"), intervals=5))
    entries = {entry["name"]: entry for entry in record(run, "race.json")["models"]}
    assert entries[linear]["select_score"] < entries["prevalence"]["select_score"] - 0.03
    model = record(run, f"models/{linear}/model.json")
    if task == "survival":
        assert model["edges"][-1] == 500.0
        assert said(run, linear).shape[1] == len(model["edges"]) <= 5
        assert (np.diff(said(run, linear), axis=1) <= 1e-7).all()
    else:
        assert model["edges"] is None


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(
    race: Race, tmp_path: Path, made_up_study: Study
) -> None:
    prepared = made_up(tmp_path / "prepare-0")
    first, second = race(prepared, SIMPLE), race(prepared, SIMPLE)
    other = race(prepared, SIMPLE, study=replace(
        made_up_study, about=replace(made_up_study.about, seed=77)))  # fmt: skip
    for name in ("logistic", "trees"):
        np.testing.assert_array_equal(said(first, name), said(second, name))
        graphs = [run.folder / "models" / name / "graph.onnx" for run in (first, second)]
        assert graphs[0].read_bytes() == graphs[1].read_bytes()
        assert np.abs(said(first, name) - said(other, name)).max() > 1e-4


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_workers_change_nothing(race: Race, tmp_path: Path) -> None:
    prepared = made_up(tmp_path / "prepare-0")
    spec = train.Spec(models=("tabm", "trees", "logistic"), trials=2, epochs=3)
    alone, together = race(prepared, spec), race(prepared, spec, executor=LocalPool(2))
    for entry in record(alone, "race.json")["models"]:
        np.testing.assert_array_equal(said(alone, entry["name"]), said(together, entry["name"]))
    scores = [
        [entry["select_score"] for entry in record(run, "race.json")["models"]]
        for run in (alone, together)
    ]
    assert scores[0] == scores[1]
    control = "models/_shuffled/graph.onnx"
    assert (alone.folder / control).read_bytes() == (together.folder / control).read_bytes()


def test_a_killed_race_goes_on_with_the_models_that_are_missing(
    race: Race, context_for: Callable[..., Context], tmp_path: Path, made_up_study: Study
) -> None:
    prepared = made_up(tmp_path / "prepare-0")
    calm = race(prepared, SIMPLE)
    folder = tmp_path / "train-killed"
    shutil.copytree(calm.folder, folder)
    (folder / "race.json").unlink()
    (folder / "models" / "trees").rename(folder / "models" / ".trees.part")
    (folder / "models" / ".trees.part" / "graph.onnx").write_bytes(b"half")
    kept = folder / "models" / "logistic" / "graph.onnx"
    kept.write_bytes(b"left as it is")
    again = race(prepared, SIMPLE, run=Run(folder))
    np.testing.assert_array_equal(said(again, "trees"), said(calm, "trees"))
    assert (
        record(again, "race.json")["released_candidates"]
        == record(calm, "race.json")["released_candidates"]
    )
    assert kept.read_bytes() == b"left as it is"


def test_neither_dropped_fields_nor_held_out_outcomes_matter(race: Race, tmp_path: Path) -> None:
    prepared = made_up(tmp_path / "prepare-0")
    first = race(prepared, SIMPLE)
    dataset = Dataset(prepared.folder)
    held = dataset.rows("held_out")
    numeric = np.array(dataset.array("numeric"))
    numeric[:, 2] = 7.0
    target = dataset.samples["target"].to_numpy().copy()
    target[held] = 1 - target[held]
    samples = dataset.samples.with_columns(target=pl.Series(target))
    (tmp_path / "prepare-1").mkdir()
    write_dataset(
        tmp_path / "prepare-1", dataset.schema, samples,
        {"numeric": numeric, "codes": np.array(dataset.array("codes"))},
    )  # fmt: skip
    second = race(Run(tmp_path / "prepare-1"), SIMPLE)
    for name in SIMPLE.models:
        np.testing.assert_array_equal(said(first, name), said(second, name))


def test_the_control_has_learnt_nothing(race: Race, tmp_path: Path) -> None:
    prepared = made_up(tmp_path / "prepare-0", samples=1500)
    run = race(prepared, replace(SIMPLE, models=("trees",), shuffled=True))
    dataset = Dataset(prepared.folder)
    held = dataset.rows("held_out")
    schema = read_schema((run.folder / "schema.json").read_text())
    target = dataset.samples["target"].to_numpy()[held]
    control = Graph(run.folder / "models" / "_shuffled" / "graph.onnx")
    value = control.run(cell.arrays(dataset, schema, held))["value"][:, 0]
    assert auroc(said(run, "trees")[:, 0], target) > 0.8
    assert 0.3 < auroc(value, target) < 0.7


def test_an_unknown_model_is_refused(race: Race, tmp_path: Path) -> None:
    prepared = made_up(tmp_path / "prepare-0")
    with pytest.raises(StudyError, match="logistic"):
        race(prepared, train.Spec(models=("logistc",)))
    with pytest.raises(StudyError, match="binary outcome"):
        race(prepared, train.Spec(models=("cox",)))


@pytest.mark.parametrize("model", ["prevalence", "logistic", "trees", "mlp"])
def test_one_class_is_refused(race: Race, tmp_path: Path, model: str) -> None:
    prepared = made_up(tmp_path / "prepare-0")
    dataset = Dataset(prepared.folder)
    samples = dataset.samples.with_columns(target=pl.lit(1.0))
    samples.write_parquet(prepared.folder / "samples.parquet")
    with pytest.raises(DataError, match="both classes"):
        race(prepared, replace(SIMPLE, models=(model,)))
