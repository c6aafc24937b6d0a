"""A made-up released model: two numbers and two categories in, a risk out; no training."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from bedside.adapters import ed25519, session
from bedside.core.bundle import PARTS, Release, seal
from bedside.core.dataset import Field, Schema, Target
from bedside.core.spec import canonical
from bedside.methods.label_policy import AnyPolicy
from bedside.methods.policy import Policy
from bedside.methods.served import assemble, golden
from bedside.modalities.tables import serve as cell

SCHEMA = Schema(
    fields=(
        Field(name="age", unit="years", low=0, high=120, seen_low=50, seen_high=101),
        Field(name="sex", kind="category", categories=("F", "M")),
        Field(name="creatinine", unit="mg/dL", seen_low=0.4, seen_high=10.8),
        Field(name="smoker", kind="category", categories=("false", "true")),
    ),
    target=Target(type="binary", outcome="death within ten years", classes=("alive", "dead")),
)
POLICY = Policy(
    task="binary",
    threshold=0.3,
    coverage=0.9,
    quantiles=(0.6, 0.7),
    novelty_limit=12.0,
    most_missing=0.5,
    patients=500,
)


def graph(numeric: int = 2, codes: int = 2) -> bytes:
    """value = sigmoid(0.05 age + ... - 4); novelty = sum of absolute values / 10."""
    weights = {
        "w": np.linspace(0.05, 0.3, numeric, dtype=np.float32)[:, None],
        "v": np.linspace(0.2, 0.5, codes, dtype=np.float32)[:, None],
        "zero": np.array(0, np.float32),
        "bias": np.array([-4], np.float32),
        "ten": np.array(10, np.float32),
        "axes": np.array([1], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("IsNaN", ["numeric"], ["missing"]),
        node("Where", ["missing", "zero", "numeric"], ["x"]),
        node("Cast", ["codes"], ["c"], to=TensorProto.FLOAT),
        node("MatMul", ["x", "w"], ["xw"]),
        node("MatMul", ["c", "v"], ["cv"]),
        node("Sum", ["xw", "cv", "bias"], ["logit"]),
        node("Sigmoid", ["logit"], ["value"]),
        node("Abs", ["x"], ["size"]),
        node("ReduceSum", ["size", "axes"], ["total"], keepdims=0),
        node("Div", ["total", "ten"], ["novelty"]),
    ]
    made = helper.make_graph(
        nodes,
        "made_up",
        [
            helper.make_tensor_value_info("numeric", TensorProto.FLOAT, ["N", numeric]),
            helper.make_tensor_value_info("codes", TensorProto.INT64, ["N", codes]),
        ],
        [
            helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N", 1]),
            helper.make_tensor_value_info("novelty", TensorProto.FLOAT, ["N"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def write_bundle(
    folder: Path, schema: Schema, policy: AnyPolicy, content: bytes, *, serve: ModuleType = cell,
    patch: tuple[int, ...] = (), more: Mapping[str, bytes] | None = None,
) -> Path:  # fmt: skip
    """A signed bundle around a graph; `serve` is the cell of its modality, `more` other files."""
    folder.mkdir()
    for name in PARTS:
        (folder / name).write_text("[]")
    (folder / "graph.onnx").write_bytes(content)
    (folder / "schema.json").write_text(canonical(schema))
    (folder / "policy.json").write_text(canonical(policy))
    (folder / "model.json").write_text(json.dumps({"task": schema.target.type, "patch": patch}))
    (folder / "card.md").write_text("# A made-up model\n")
    for name, kept in (more or {}).items():
        (folder / name).write_bytes(kept)
    contents = {name: (folder / name).read_bytes() for name in PARTS}
    served = assemble(contents, serve, session.open_graph)  # type: ignore[arg-type]  # a module that decodes
    (folder / "golden.json").write_text(json.dumps(golden(served, serve.made_up(schema))))
    key = ed25519.signing_key()
    release = Release(study="made up", model="tabm", bedside="0.1.0")
    seal(folder, release, sign=key.sign, public_key=key.public)
    return folder


@pytest.fixture(autouse=True)
def own_config(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the signing key of whoever runs it."""
    monkeypatch.delenv(ed25519.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The folder of a made-up bundle."""
    return write_bundle(tmp_path / "bundle", SCHEMA, POLICY, graph())


@pytest.fixture
def bundle_with(tmp_path: Path) -> Callable[..., Path]:
    """Makes a bundle whose policy differs in some keys."""

    def make(**changes: float) -> Path:
        return write_bundle(tmp_path / "changed", SCHEMA, replace(POLICY, **changes), graph())

    return make
