"""Runs of prepare, audit, train and evaluate as a release finds them, around a made-up graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.adapters import ed25519
from bedside.core import cells
from bedside.core.context import Context
from bedside.core.dataset import Dataset, Field, Schema, Target, write_dataset
from bedside.core.evidence import Evidence
from bedside.core.executor import InProcess
from bedside.core.progress import Silent
from bedside.core.run import Outcome, Run
from bedside.core.spec import canonical
from bedside.core.study import Study, build_study
from bedside.methods.policy import Policy

SAMPLES, EVENTS = 400, 0.3
WHOLE = Schema(
    fields=(
        Field(name="age", unit="years", low=0, high=120, seen_low=50, seen_high=101),
        Field(name="sex", kind="category", categories=("F", "M")),
        Field(name="leak", seen_low=0, seen_high=1),
        Field(name="creatinine", unit="mg/dL", seen_low=0.4, seen_high=10.8),
        Field(name="smoker", kind="category", categories=("false", "true")),
    ),
    target=Target(type="binary", outcome="death within ten years", classes=("alive", "dead")),
)
KEPT = WHOLE.without(["leak"])
POLICY = Policy(
    task="binary", threshold=0.5, coverage=0.9, quantiles=(0.6, 0.7), novelty_limit=12.0,
    most_missing=0.5, patients=100,
)  # fmt: skip


def a_study(gates: list[dict[str, object]]) -> Study:
    table = {
        "study": {"name": "made up", "question": "Who | will die?", "limits": ["One <county>."]},
        "data": {"source": "none.csv"},
        "task": {"type": "binary", "target": "death", "outcome": "death within ten years"},
        "gates": gates,
    }
    return build_study(table, path=Path("made_up.toml"))


def prepared(folder: Path) -> Dataset:
    random = np.random.default_rng(3)
    split = np.repeat(["train", "tune", "held_out"], [200, 80, 120])
    numeric = np.stack(
        [
            random.uniform(50, 100, SAMPLES),
            random.uniform(0, 1, SAMPLES),
            random.lognormal(0, 0.4, SAMPLES),
        ],
        axis=1,
    ).astype(np.float32)
    numeric[::9, 0] = np.nan
    samples = pl.DataFrame(
        {
            "sample": np.arange(SAMPLES),
            "subject": [f"KANARIENVOGEL{i}" for i in range(SAMPLES)],
            "split": split,
        }
    )
    codes = random.integers(0, 3, (SAMPLES, 2)).astype(np.int64)
    folder.mkdir(parents=True)
    dataset = write_dataset(folder, WHOLE, samples, {"numeric": numeric, "codes": codes})
    flow = [{"step": "found", "subjects": SAMPLES, "rows": SAMPLES, "why": "all rows"}]
    (folder / "flow.json").write_text(json.dumps(flow))
    Run(folder).finish(Outcome(headline=""), 0)
    return dataset


def native_risk(numeric: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """What graph() of the stage tests' conftest computes, in float64."""
    x = np.nan_to_num(numeric.astype(np.float64))
    logit = x @ np.array([0.05, 0.3]) + codes @ np.array([0.2, 0.5]) - 4
    return (1 / (1 + np.exp(-logit)))[:, None]


def trained(folder: Path, dataset: Dataset, content: bytes) -> None:
    model = folder / "models" / "tabm"
    model.mkdir(parents=True)
    (folder / "schema.json").write_text(canonical(KEPT))
    rows = dataset.rows("held_out")
    numeric = np.asarray(dataset.array("numeric"))[:, [0, 2]]
    codes = np.asarray(dataset.array("codes"))
    edge_numeric = np.array([[np.nan, np.nan], [120, 1], [np.inf, 1], [60, -1e30]], np.float32)
    edge_codes = np.array([[0, 0], [2, 2], [1, 1], [1, 1]])
    (folder / "edge.json").write_text(json.dumps(["all missing", "oldest", "infinite", "far"]))
    np.save(folder / "edge_numeric.npy", edge_numeric)
    np.save(folder / "edge_codes.npy", edge_codes)
    np.save(model / "native.npy", native_risk(numeric[rows], codes[rows]).astype(np.float32))
    with np.errstate(over="ignore"):
        edge = native_risk(edge_numeric, edge_codes)
    edge[2] = np.float64(1)
    np.save(model / "edge_native.npy", edge.astype(np.float32))
    (model / "graph.onnx").write_bytes(content)
    (model / "policy.json").write_text(canonical(POLICY))
    (model / "model.json").write_text(json.dumps({"name": "tabm", "family": "deep"}))
    Run(folder).finish(Outcome(headline=""), 0)


@pytest.fixture
def content() -> bytes:
    """The graph: value = sigmoid(0.05 age + 0.3 creatinine + 0.2 sex + 0.5 smoker - 4)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    node, info = helper.make_node, helper.make_tensor_value_info
    weights = {
        "w": np.array([[0.05], [0.3]], np.float32),
        "v": np.array([[0.2], [0.5]], np.float32),
        "zero": np.array(0, np.float32),
        "bias": np.array([-4], np.float32),
        "top": np.array(100, np.float32),
        "axes": np.array([1]),
    }
    graph = helper.make_graph(
        [
            node("IsNaN", ["numeric"], ["missing"]),
            node("Where", ["missing", "zero", "numeric"], ["x"]),
            node("Cast", ["codes"], ["c"], to=TensorProto.FLOAT),
            node("MatMul", ["x", "w"], ["xw"]),
            node("MatMul", ["c", "v"], ["cv"]),
            node("Sum", ["xw", "cv", "bias"], ["logit"]),
            node("Sigmoid", ["logit"], ["value"]),
            node("Abs", ["x"], ["size"]),
            node("ReduceSum", ["size", "axes"], ["total"], keepdims=0),
            node("Div", ["total", "top"], ["novelty"]),
        ],
        "made_up",
        [
            info("numeric", TensorProto.FLOAT, ["N", 2]),
            info("codes", TensorProto.INT64, ["N", 2]),
        ],
        [info("value", TensorProto.FLOAT, ["N", 1]), info("novelty", TensorProto.FLOAT, ["N"])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    made: bytes = model.SerializeToString()
    return made


def measured(dataset: Dataset, low: float) -> list[Evidence]:
    def line(measure: str, value: float, slice_: str = "all") -> Evidence:
        return Evidence(
            measure=measure, value=value, low=low, high=value + 0.02, subjects=120,
            slice=slice_, stage="evaluate", data=dataset.label("held_out"), model="tabm",
        )  # fmt: skip

    return [line("auroc", 0.83), line("auroc", 0.81, "sex=F"), line("deep_minus_simple.auroc", 0.0)]


@pytest.fixture
def context(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Context]:
    """A context for a release, with gates of the study and a lower end for its AUROC."""
    monkeypatch.delenv(ed25519.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def make(gates: list[dict[str, object]] | None = None, low: float = 0.8) -> Context:
        runs = tmp_path / "runs"
        dataset = prepared(runs / "prepare-1")
        trained(runs / "train-1", dataset, content)
        for name, files in {
            "audit-1": {
                "findings.json": [{"verdict": "warn", "sentence": "Few.", "action": "warn"}]
            },
            "evaluate-1": {"verdict.json": {"released": "tabm", "sentence": "Not warranted here."}},
            "release-1": {},
        }.items():
            (runs / name).mkdir()
            for file, value in files.items():
                (runs / name / file).write_text(json.dumps(value))
        inputs = {
            name: Run(runs / f"{name}-1") for name in ("prepare", "audit", "train", "evaluate")
        }
        inputs["evaluate"].write_evidence(measured(dataset, low))
        return Context(
            study=a_study(gates or []), run=Run(runs / "release-1"), inputs=inputs,
            cell=cells.cell("tables", "release"), executor=InProcess(), progress=Silent(),
        )  # fmt: skip

    return make
