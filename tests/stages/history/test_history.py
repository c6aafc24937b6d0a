"""The ladder on every task: what it leaves, what it must not see, that it survives a kill."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from tests.stages.history.made_history import prepared_table

from bedside.core.context import Context
from bedside.core.dataset import Dataset
from bedside.core.errors import StudyError
from bedside.core.run import Run
from bedside.core.study import Study
from bedside.stages import history

SPEC = history.Spec(
    generations=("perceptron", "mlp"), trials=1, steps=150, replicates=60, worthwhile=0.05
)
Climb = Callable[..., tuple[Run, str]]


@pytest.fixture(autouse=True)
def single() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def climb(made_up_study: Study, context_for: Callable[..., Context], tmp_path: Path) -> Climb:
    """`climb(prepared, spec)` runs the stage with `leak` dropped by the audit."""

    def run(prepared: Run, spec: history.Spec, into: Run | None = None) -> tuple[Run, str]:
        audit = Run(tmp_path / "audit-0")
        audit.folder.mkdir(exist_ok=True)
        audit.write_json("dropped.json", ["leak"])
        inputs = {"prepare": prepared, "audit": audit}
        context = context_for(made_up_study, "history", inputs=inputs)
        context = context if into is None else replace(context, run=into)
        return context.run, history.run(spec, context).headline

    return run


def told(run: Run) -> dict:
    return json.loads((run.folder / "history.json").read_text())


def test_what_a_history_leaves(climb: Climb, tmp_path: Path) -> None:
    prepared = prepared_table(tmp_path / "prepare-0")
    run, headline = climb(prepared, SPEC)
    record = told(run)
    assert [one["name"] for one in record["generations"]] == ["perceptron", "mlp"]
    assert record["enough"] == "perceptron"  # the outcome is linear in one field
    assert headline.startswith("Perceptron (1958) is enough: AUROC 0.9")
    dataset = Dataset(prepared.folder)
    held = dataset.samples[dataset.rows("held_out")]["target"].to_numpy()
    for one in record["generations"]:
        value = np.load(run.folder / "generations" / one["name"] / "value.npy")
        assert roc_auc_score(held, value[:, 0]) == pytest.approx(one["value"])
        assert one["low"] < one["value"] < one["high"]
        assert one["steps"] == record["generations"][0]["steps"]
    lines = {(item.measure, item.model): item for item in run.evidence()}
    assert lines["history.minus_best.auroc", record["best"]].value == 0
    assert lines["history.parameters", "perceptron"].value == 3  # two fields and a bias; no leak
    assert lines["history.seconds", "mlp"].unit == "s"
    assert {measure for measure, _ in lines} == {
        "history.auroc", "history.minus_best.auroc", "history.parameters", "history.seconds",
    }  # fmt: skip


@pytest.mark.parametrize("task", ["multiclass", "multilabel", "regression", "survival"])
def test_every_task_has_a_history(climb: Climb, tmp_path: Path, task: str) -> None:
    prepared = prepared_table(tmp_path / "prepare-0", task)
    run, _ = climb(prepared, replace(SPEC, worthwhile=None, intervals=5))
    record = told(run)
    one = record["generations"][0]
    assert one["low"] <= one["value"] <= one["high"]
    if task == "regression":
        assert (record["measure"], record["unit"]) == ("rmse", "mmHg")
        assert one["value"] < 20
    else:
        assert one["value"] > 0.8
    assert "guessing" not in record["sentence"]


def test_a_killed_history_goes_on_and_one_repeated_says_the_same(
    climb: Climb, tmp_path: Path
) -> None:
    prepared = prepared_table(tmp_path / "prepare-0")
    run, first = climb(prepared, SPEC)
    kept = run.folder / "generations" / "mlp" / "value.npy"
    before, value = kept.stat().st_mtime_ns, np.load(kept)
    shutil.rmtree(run.folder / "generations" / "perceptron")
    (run.folder / "generations" / ".perceptron.part").mkdir()
    _, second = climb(prepared, SPEC, into=run)
    assert kept.stat().st_mtime_ns == before
    assert first == second
    again, _ = climb(prepared, SPEC)
    np.testing.assert_array_equal(
        np.load(again.folder / "generations" / "mlp" / "value.npy"), value
    )


def test_held_out_patients_change_nothing_that_is_chosen(climb: Climb, tmp_path: Path) -> None:
    prepared = prepared_table(tmp_path / "prepare-0")
    run, _ = climb(prepared, SPEC)
    path = prepared.folder / "samples.parquet"
    import polars as pl

    frame = pl.read_parquet(path)
    held = pl.col("split") == "held_out"
    flipped = pl.when(held).then(1 - pl.col("target")).otherwise(pl.col("target"))
    frame.with_columns(flipped.alias("target")).write_parquet(path)
    other, headline = climb(prepared, SPEC)
    for name in SPEC.generations:
        first, second = (
            np.load(one.folder / "generations" / name / "value.npy") for one in (run, other)
        )
        np.testing.assert_array_equal(first, second)
    assert "better than guessing" in headline


def test_few_patients_decide_nothing(climb: Climb, tmp_path: Path) -> None:
    prepared = prepared_table(tmp_path / "prepare-0", samples=160)
    run, headline = climb(prepared, SPEC)
    assert told(run)["enough"] is None
    assert "cannot be told" in headline


class Page(HTMLParser):
    """What a page asks of the network, and whether it is balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []
        self.plots = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.asked += [tag] if tag in ("script", "link", "img") or "src" in named else []
        self.plots += tag == "svg" and "plot" in (named.get("class") or "")
        if tag not in ("meta", "line", "path", "circle", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_alone(climb: Climb, tmp_path: Path) -> None:
    run, _ = climb(prepared_table(tmp_path / "prepare-0"), SPEC)
    text = (run.folder / "history.html").read_text()
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.asked == []
    assert page.plots == 3
    assert "Rosenblatt, Psychological Review 1958" in text
    assert "Time ran out" not in text
    assert "Perceptron (1958) is enough for this task." in text


def test_a_generation_that_was_cut_is_told(climb: Climb, tmp_path: Path) -> None:
    run, _ = climb(prepared_table(tmp_path / "prepare-0"), replace(SPEC, seconds=1e-6))
    assert told(run)["generations"][0]["cut"] is True
    assert (
        "Time ran out for Perceptron and Multilayer perceptron"
        in (run.folder / "history.html").read_text()
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [({"generations": ("lenet",)}, "lenet"), ({"trials": 0}, "trials"), ({"steps": -1}, "steps")],
)
def test_settings_that_make_no_sense(
    climb: Climb, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        climb(prepared_table(tmp_path / "prepare-0"), replace(SPEC, **change))
