"""Weights from elsewhere: read without pickle, matched or refused, never without a licence."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch
from tests.methods.pretraining.conftest import network, rows
from torch import nn

from bedside.core.errors import DataError, StudyError
from bedside.methods.pretraining.begin import encoder_of
from bedside.methods.pretraining.outside import Guess, fitted_start, read_outside


def blank(_: Guess) -> nn.Module:
    return network(rows())


def file_of(folder: Path, weights: dict[str, np.ndarray]) -> Path:
    path = folder / "weights.safetensors"
    save_file(weights, path)
    return path


def test_what_fits_starts_with_licence_and_digest(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = encoder_of(network(rows()))
    whole = {**weights, "body.6.weight": np.zeros((3, 16), np.float32)}
    outside = read_outside(file_of(tmp_path, whole), "MIT")
    start = fitted_start(outside, [("mlp", {"width": 16})], blank, tune="probe")
    assert set(start.weights) == set(weights)  # the head of another task stays behind
    assert (start.licence, start.tune, start.settings) == ("MIT", "probe", {"width": 16})
    assert len(start.digest) == 64
    assert "weights.safetensors" in start.source


def test_another_architecture_is_told_by_what_is_missing_and_what_is_too_much(
    tmp_path: Path,
) -> None:
    other = {"patch_embed.proj.weight": np.zeros((4, 4)), "blocks.0.norm.bias": np.zeros(4)}
    outside = read_outside(file_of(tmp_path, other), "MIT")
    with pytest.raises(DataError) as caught:
        fitted_start(outside, [("mlp", {})], blank, tune="full")
    text = str(caught.value)
    assert "missing: fields.numbers" in text
    assert "unexpected: blocks.0.norm.bias, patch_embed.proj.weight" in text


@pytest.mark.parametrize("licence", ["", "  "])
def test_a_licence_is_required(tmp_path: Path, licence: str) -> None:
    with pytest.raises(StudyError, match="licence"):
        read_outside(file_of(tmp_path, {"a": np.zeros(3)}), licence)


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "pytorch_model.bin", "last.ckpt"])
def test_a_pickled_file_is_not_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="could run code"):
        read_outside(tmp_path / name, "MIT")  # it need not even be there


def test_numbers_that_numpy_does_not_have_are_told(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_torch({"a": torch.zeros(3, dtype=torch.bfloat16)}, path)
    with pytest.raises(DataError, match=r"(?s)float32 or float16.*bfloat16"):
        read_outside(path, "MIT")
    import_module("ml_dtypes")  # from now on numpy knows the form, as after an export
    assert np.dtype("bfloat16").kind == "V"
    with pytest.raises(DataError, match=r"(?s)float32 or float16.*bfloat16"):
        read_outside(path, "MIT")


@pytest.mark.parametrize("kept", [0, 5, 60, -8])
def test_a_truncated_file_is_told(tmp_path: Path, kept: int) -> None:
    path = file_of(tmp_path, {"a": np.zeros((20, 20))})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="truncated"):
        read_outside(path, "MIT")
