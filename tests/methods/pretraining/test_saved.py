"""A start on disk is the same start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bedside.core.dataset import Field, Schema, Target
from bedside.core.errors import RunError
from bedside.methods.pretraining.outside import read_outside
from bedside.methods.pretraining.saved import read_start, told_fields, write_start
from bedside.methods.pretraining.start import Start

SCHEMA = Schema(fields=(Field(name="age"),), target=Target(type="binary", outcome="death"))
START = Start(
    weights={"a.b": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array(4)},
    entrant="mlp", settings={"width": 16, "embedding": "piecewise", "share": 0.5}, tune="partial",
    source="VIME on 3 patients", digest="ab", course=(2.0, 1.5), cut=True,
)  # fmt: skip


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    write_start(path, START, SCHEMA)
    found = read_start(path)
    assert replace(found, weights={}) == replace(START, weights={})
    assert set(found.weights) == set(START.weights)
    for name, values in START.weights.items():
        np.testing.assert_array_equal(found.weights[name], values)
    assert [one.name for one in tmp_path.iterdir()] == ["encoder.safetensors"]
    first = path.read_bytes()
    write_start(path, found, SCHEMA)
    assert path.read_bytes() == first


def test_a_later_study_knows_it_again(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    write_start(path, START, SCHEMA)
    outside = read_outside(path, "own")
    assert outside.own == ("mlp", START.settings)
    assert len(outside.fields) == 64
    assert told_fields(SCHEMA) == [["age", "numeric", []]]


def test_a_damaged_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    with pytest.raises(RunError, match="encoder that pretraining wrote"):
        read_start(path)
    write_start(path, START, SCHEMA)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(RunError, match="encoder that pretraining wrote"):
        read_start(path)
