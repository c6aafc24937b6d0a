"""Several findings a patient through the whole command: from a table to answers label by label."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flow.conftest import Bedside

STUDY = """
[study]
name = "chest"
question = "Which findings does this patient have?"

[data]
source = "chest.csv"
subject = "patient"

[columns.sex]
group = true

[task]
type = "multilabel"
labels = ["effusion", "nodule"]
positive = "yes"
outcome = "findings in the chest"

[prepare]
stratify = true

[train]
models = ["logistic", "trees", "prevalence"]
trials = 1
shuffled = false

[evaluate]
replicates = 100
importance_repeats = 1
importance_replicates = 50

[[gates]]
measure = "auroc"
at_least = 0.5
"""


def _patients(rows: int = 500) -> pl.DataFrame:
    """Two findings with causes of their own; one patient in four was not looked at for nodules."""
    rng = np.random.default_rng(8)
    values = rng.normal(size=(rows, 3)).round(3)
    chance = 1 / (1 + np.exp(-np.stack([2 * values[:, 0], 2 * values[:, 1] - 0.5], axis=1)))
    present = np.where(rng.random((rows, 2)) < chance, "yes", "no").astype(object)
    present[rng.random(rows) < 0.25, 1] = None
    return pl.DataFrame({
        "patient": [f"P{n:04d}" for n in range(rows)], "fluid": values[:, 0],
        "density": values[:, 1], "weight": values[:, 2],
        "sex": np.where(rng.random(rows) < 0.5, "F", "M"),
        "effusion": present[:, 0].tolist(), "nodule": present[:, 1].tolist(),
    })  # fmt: skip


@pytest.fixture
def chest(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    _patients().write_csv(tmp_path / "chest.csv")
    return tmp_path / "study.toml"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_from_a_table_to_answers_label_by_label(
    bedside: Bedside, chest: Path, tmp_path: Path
) -> None:
    said = bedside("run", chest, "--out", tmp_path / "out")
    assert said.code == 0, said.all
    assert "2 labels" in said.all
    lines = [json.loads(x) for x in (tmp_path / "out/evidence.jsonl").read_text().splitlines()]
    slices = {item["slice"] for item in lines if item["measure"] == "auroc"}
    assert {"label=effusion", "label=nodule", "label=nodule & sex=F"} <= slices
    assert "all" not in slices
    gates = json.loads(next((tmp_path / "out/runs").glob("release-*/gates.json")).read_text())
    assert [gate["slice"] for gate in gates[:2]] == ["label=effusion", "label=nodule"]
    report = (tmp_path / "out/report.html").read_text()
    assert "The chosen model is weakest at" in report
    _links_lead_somewhere(report)
    _scored(bedside, tmp_path)
    _served(tmp_path)


def _links_lead_somewhere(page: str) -> None:
    """Every number leads to its line of evidence, those of a label too."""
    asked = {part.split('"')[0] for part in page.split('href="#')[1:]}
    there = {part.split('"')[0] for part in page.split('id="')[1:]}
    assert asked <= there


def _scored(bedside: Bedside, folder: Path) -> None:
    fields = _patients().select("fluid", "density", "weight", "sex")
    fields.write_csv(folder / "new.csv")
    said = bedside("score", folder / "out/bundle", folder / "new.csv", folder / "new.parquet")
    assert said.code == 0, said.all
    table = pl.read_parquet(folder / "new.parquet")
    truth = _patients()
    for label in ("effusion", "nodule"):
        ill = table.filter(truth[label] == "yes")[f"{label}.value"].mean()
        well = table.filter(truth[label] == "no")[f"{label}.value"].mean()
        assert isinstance(ill, float)
        assert isinstance(well, float)
        assert ill > well + 0.2
    either = table["effusion.act"] | table["nodule.act"]
    assert table["act"].to_list() == either.to_list()


def _served(folder: Path) -> None:
    """The answer of one patient, by the very bundle; the ledger keeps what was decided of each."""
    from bedside.adapters import ed25519, session
    from bedside.core import cells
    from bedside.core.bundle import Bundle
    from bedside.core.ledger import Ledger
    from bedside.core.pseudonym import Pseudonyms
    from bedside.methods.live import Live
    from bedside.methods.served import open_served

    bundle = Bundle.load(folder / "out/bundle", ed25519.verify)
    served = open_served(bundle, cells.cell("tables", "serve"), session.open_graph)
    with Ledger(folder / "served.db") as ledger:
        live = Live(bundle=bundle, served=served, ledger=ledger, first_page="",
                    pseudonyms=Pseudonyms.beside(ledger.path))  # fmt: skip
        row = {"fluid": 2.0, "density": -1.0, "weight": 0.0, "sex": "F"}
        reply = live.predict({"inputs": row, "explain": True})
    assert isinstance(reply, dict)
    labels = reply["labels"]
    assert isinstance(labels, dict)
    assert list(labels) == ["effusion", "nodule"]
    assert labels["nodule"]["value"] < 0.5
    assert labels["effusion"]["value"] > 0.8
    assert labels["effusion"]["set"] == ["yes"]
    assert reply["act"] is True
    assert len(reply["explanation"]["without"]["fluid"]) == 2
    card = bundle.contents["card.md"].decode()
    assert "effusion" in card
    assert "effusion and nodule" in card


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"nodule"]', '"nodule", "nodule"]', ("nodule", "twice")),
        ('"nodule"]', '"node"]', ("node", "none of that name")),
        ('["effusion", "nodule"]', '["nodule"]', ("two labels or more",)),
        ("[prepare]", "horizon = 5\n[prepare]", ("horizon", "multilabel")),
        ('"multilabel"', '"binary"\ntarget = "effusion"', ("labels", "multilabel")),
        ('positive = "yes"', "", ("positive",)),
        ("[columns.sex]\ngroup = true", '[columns.weight]\nrole = "comparator"', ("comparator",)),
    ],
)
def test_a_study_that_makes_no_sense_is_refused(
    bedside: Bedside, chest: Path, old: str, new: str, words: tuple[str, ...]
) -> None:
    text = chest.read_text(encoding="utf-8")
    assert old in text
    chest.write_text(text.replace(old, new, 1), encoding="utf-8")
    said = bedside("prepare", chest, "--out", chest.parent / "out")
    assert said.code == 2, said.all
    for word in words:
        assert word in said.err, said.err


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("no", ("'nodule' never present",)),
        (None, ("'nodule' never observed",)),
        ("Quagga", ("3 values", "unobserved")),
    ],
)
def test_a_label_that_cannot_be_learnt_is_named(
    bedside: Bedside, chest: Path, cells: str | None, words: tuple[str, ...]
) -> None:
    frame = _patients()
    column = pl.Series("nodule", [cells] * frame.height, dtype=pl.String)
    if cells == "Quagga":
        column = frame["nodule"].scatter(7, "Quagga")
    frame.with_columns(column.alias("nodule")).write_csv(chest.parent / "chest.csv")
    said = bedside("prepare", chest, "--out", chest.parent / "out")
    assert said.code == 2, said.all
    assert "Quagga" not in said.all
    for word in words:
        assert word in said.err, said.err


def test_a_label_that_training_lost_is_named(bedside: Bedside, chest: Path) -> None:
    """Present in one patient only, who is in one split only, and so absent from the others."""
    frame = _patients()
    one = pl.Series("nodule", ["yes", *["no"] * (frame.height - 1)])
    frame.with_columns(one).write_csv(chest.parent / "chest.csv")
    out = chest.parent / "out"
    said = bedside("run", chest, "--out", out)
    assert said.code == 2, said.all
    assert "'nodule'" in said.err
    assert "Traceback" not in said.all
