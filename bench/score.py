"""`bedside score` against ONNX Runtime alone, in one run: rows a second of each, and their ratio.

    python bench/score.py [--rows 1000000] [--bundle DIR] [--format csv|parquet] [--members 32]

Without a bundle, one is made up around a network of the size of the default TabM (32 members of
two layers of 128 on 20 numbers and 4 categories). ONNX Runtime gets the same rows, already decoded,
in batches of the same size; both run on all cores. Also printed: the largest memory of a process
that scores.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import polars as pl
from onnx import TensorProto, helper, numpy_helper

from bedside.adapters import ed25519, session
from bedside.adapters.session import Compute
from bedside.core.bundle import PARTS, Bundle, Release, seal
from bedside.core.dataset import Field, Schema, Target, read_schema
from bedside.core.spec import canonical
from bedside.methods.policy import Policy
from bedside.modalities.tables import score as cell
from bedside.stages.score import Spec, score

NUMERIC, CATEGORIES, MEMBERS, WIDTH = 20, 4, 32, 128


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--format", choices=("csv", "parquet"), default="parquet")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CONFIG_HOME"] = str(folder / "config")
        bundle = asked.bundle or made_up_bundle(folder / "bundle", asked.members)
        source = made_up_rows(bundle, folder / f"in.{asked.format}", asked.rows)
        measure(bundle, source, folder / "out.parquet", asked.repeats)


def measure(bundle: Path, source: Path, out: Path, repeats: int) -> None:
    """Turn about, so that whatever else the machine does meets both; medians, and every value.

    Processor seconds are the steadier of the two where the machine has other work to do.

    A ratio above 1 can only be noise: bedside does all that ONNX Runtime does, and more.
    """
    loaded = Bundle.load(bundle, ed25519.verify)
    schema = read_schema(loaded.text("schema.json"))
    compute = session.open_graph(loaded.contents["graph.onnx"], threads=0)
    ours, theirs, rows = [], [], 0
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        score(bundle, source, out)
        ours.append((time.perf_counter() - started, time.process_time() - used))
        *spent, rows = alone(compute, schema, source)
        theirs.append(tuple(spent))
    memory = largest_memory(bundle, source, out)
    for column, unit in enumerate(("seconds by the clock", "seconds of processors")):
        a, b = ([pair[column] for pair in pairs] for pairs in (ours, theirs))
        for name, seconds in (("bedside score", a), ("ONNX Runtime", b)):
            each = ", ".join(f"{value:.2f}" for value in seconds)
            print(f"{name:<15} {rows / np.median(seconds):12,.0f} rows/s  ({unit}: {each})")
        ratios = sorted(y / x for x, y in zip(a, b, strict=True))
        print(f"ratio           {np.median(b) / np.median(a):12.2f}  "
              f"(pairs: {ratios[0]:.2f} to {ratios[-1]:.2f}; at least 0.5 is asked)")  # fmt: skip
    print(f"largest memory  {memory:12.2f} GB")


def largest_memory(bundle: Path, source: Path, out: Path) -> float:
    """Gigabytes that a process which only scores holds at most, by the kernel's own count."""
    code = (
        f"from pathlib import Path; from bedside.stages.score import score; "
        f"score(Path({str(bundle)!r}), Path({str(source)!r}), Path({str(out)!r})); "
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[1]) / 1e6


def alone(compute: Compute, schema: Schema, source: Path) -> tuple[float, float, int]:
    """Seconds inside ONNX Runtime, by the clock and of processors, for decoded batches; rows."""
    spent, busy, rows = 0.0, 0.0, 0
    for batch in cell.batches(source, schema, Spec().rows):
        started, used = time.perf_counter(), time.process_time()
        compute(batch.arrays)
        spent += time.perf_counter() - started
        busy += time.process_time() - used
        rows += len(batch.problem)
    return spent, busy, rows


def made_up_rows(bundle: Path, path: Path, rows: int) -> Path:
    """Random rows that the bundle's schema admits, one in twenty values missing."""
    schema = read_schema((bundle / "schema.json").read_text())
    random = np.random.default_rng(0)
    columns: dict[str, pl.Series] = {}
    for field in schema.fields:
        if field.kind == "numeric":
            low, high = field.seen_low or 0.0, field.seen_high or 1.0
            values = pl.Series(random.uniform(low, high, rows).astype(np.float32).round(3))
        else:
            values = pl.Series(random.choice(np.array(field.categories), rows))
        missing = pl.Series(random.random(rows) < 0.05)
        columns[field.name] = values.set(missing, None)
    frame = pl.DataFrame(columns)
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


def made_up_bundle(folder: Path, members: int) -> Path:
    """A signed bundle around an ensemble of perceptrons with random weights."""
    numbers = [Field(name=f"n{i}", seen_low=-2.0, seen_high=2.0) for i in range(NUMERIC)]
    words = [
        Field(name=f"c{i}", kind="category", categories=("a", "b", "c", "d"))
        for i in range(CATEGORIES)
    ]
    schema = Schema(fields=(*numbers, *words), target=Target(type="binary", outcome="an outcome"))
    policy = Policy(
        task="binary", threshold=0.5, coverage=0.9, quantiles=(0.7, 0.7), novelty_limit=40.0,
        most_missing=0.5, patients=1000,
    )  # fmt: skip
    folder.mkdir()
    for name in PARTS:
        (folder / name).write_text("[]")
    (folder / "schema.json").write_text(canonical(schema))
    (folder / "policy.json").write_text(canonical(policy))
    (folder / "model.json").write_text("{}")
    (folder / "graph.onnx").write_bytes(network(members))
    key = ed25519.signing_key()
    release = Release(study="made up", model="ensemble", bedside="0")
    seal(folder, release, sign=key.sign, public_key=key.public)
    return folder


def network(members: int) -> bytes:
    """[N, 24] through `members` networks 24-128-128-1 at once, sigmoid, mean."""
    random = np.random.default_rng(1)
    inside = NUMERIC + CATEGORIES
    shapes = {
        "w1": (members, inside, WIDTH),
        "w2": (members, WIDTH, WIDTH),
        "w3": (members, WIDTH, 1),
    }
    weights = {
        name: (random.standard_normal(shape) / np.sqrt(shape[1])).astype(np.float32)
        for name, shape in shapes.items()
    }
    weights |= {"zero": np.array(0, np.float32), "axis0": np.array([0]), "axis1": np.array([1])}
    node = helper.make_node
    nodes = [
        node("IsNaN", ["numeric"], ["missing"]),
        node("Where", ["missing", "zero", "numeric"], ["known"]),
        node("Cast", ["codes"], ["c"], to=TensorProto.FLOAT),
        node("Concat", ["known", "c"], ["x"], axis=1),
        node("Unsqueeze", ["x", "axis0"], ["x1"]),
        node("MatMul", ["x1", "w1"], ["a1"]), node("Relu", ["a1"], ["h1"]),
        node("MatMul", ["h1", "w2"], ["a2"]), node("Relu", ["a2"], ["h2"]),
        node("MatMul", ["h2", "w3"], ["a3"]), node("Sigmoid", ["a3"], ["p"]),
        node("ReduceMean", ["p", "axis0"], ["value"], keepdims=0),
        node("Abs", ["known"], ["size"]),
        node("ReduceSum", ["size", "axis1"], ["novelty"], keepdims=0),
    ]  # fmt: skip
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "ensemble",
        [info("numeric", TensorProto.FLOAT, ["N", NUMERIC]),
         info("codes", TensorProto.INT64, ["N", CATEGORIES])],
        [info("value", TensorProto.FLOAT, ["N", 1]), info("novelty", TensorProto.FLOAT, ["N"])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


if __name__ == "__main__":
    main()
