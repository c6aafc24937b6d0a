"""Maps of several labels: each with a check of its own, of the network's own column."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.modalities.images.made_sources import schema_of
from tests.modalities.images.test_evaluate import bright, dataset, looking, noise
from torch import Tensor, nn

from bedside.core.dataset import Target
from bedside.methods.corruption.spread import spread_of
from bedside.methods.evaluation.looking import Looking
from bedside.methods.explanation.occlusion import Effort
from bedside.modalities.images import evaluate_saliency
from bedside.modalities.images.evaluate_explanations import Asked, Explained
from bedside.modalities.images.evaluate_saliency import explained
from bedside.modalities.images.pictures import Picture

SIDE = 16


class Corners(nn.Module):
    """One logit by the first corner, one by the last."""

    def __init__(self) -> None:
        super().__init__()
        self.top = nn.Linear(16, 2)
        with torch.no_grad():
            self.top.weight.zero_()
            self.top.weight[0, 0] = self.top.weight[1, 15] = 0.2
            self.top.bias[:] = -25.0

    def raw(self, image: Tensor) -> Tensor:
        return self.top(nn.functional.avg_pool2d(image, 4).flatten(1))

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.raw(image).double())


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Looking:
    """Of a network that found two labels in images of 20 patients."""
    monkeypatch.setattr(evaluate_saliency, "rebuilt", lambda *given: Corners().eval())
    monkeypatch.setattr(evaluate_saliency, "outcome_of", lambda *given: None)
    quick = partial(Asked, copies=2, steps=2, effort=Effort(most=20))
    monkeypatch.setattr(evaluate_saliency, "Asked", lambda **asked: quick(**asked | {"images": 10}))
    image = np.random.default_rng(3).integers(60, 190, (40, 1, SIDE, SIDE)).astype(np.uint8)
    data = dataset(tmp_path / "data", schema_of((1, SIDE, SIDE), "uint8", image="{patient}.png"),
                   image=image)  # fmt: skip
    found = looking(data, data.rows("held_out"), bright, tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({"settings": {}}))
    (tmp_path / "weights.safetensors").write_bytes(b"")
    target = Target(type="multilabel", outcome="findings", classes=("first", "last"))
    return replace(found, schema=replace(found.schema, target=target))


def test_each_label_is_explained_and_checked_by_itself(look: Looking) -> None:
    maps = explained(look, spread_of(noise()))
    assert maps is not None
    assert list(maps.table) == ["labels"]
    tables = maps.table["labels"]
    assert isinstance(tables, list)
    assert [table["label"] for table in tables] == ["first", "last"]  # type: ignore[call-overload,index]
    for table in tables:
        assert {item["name"] for item in table["methods"]} >= {"occlusion", "gradient"}  # type: ignore[index,union-attr,call-overload]
    slices = {line.slice for line in look.record.lines}
    assert {"label=first & occlusion", "label=last & occlusion"} <= slices
    assert all(slice_.startswith("label=") for slice_ in slices)


def test_a_picture_says_which_label_it_is_of(
    look: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = []

    def shown(*given: object, column: int, **others: object) -> Explained:
        columns.append(column)
        image = Picture(png=b"", title="What it rests on", alt="A map")
        return Explained(table={}, shown="gradient", passed=(), pictures=(image,))

    monkeypatch.setattr(evaluate_saliency, "judge_explanations", shown)
    maps = explained(look, spread_of(noise()))
    assert maps is not None
    assert columns == [0, 1]
    assert [one.title for one in maps.pictures] == [
        "first: What it rests on", "last: What it rests on",
    ]  # fmt: skip
    assert maps.pictures[1].alt == "last: A map"
