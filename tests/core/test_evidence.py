from __future__ import annotations

import json
from pathlib import Path

import pytest

from bedside.core.errors import DataError, RunError
from bedside.core.evidence import Evidence, finite, read_evidence, write_evidence
from bedside.core.listing import as_json, as_table, select

FOUND = [
    Evidence(measure="auroc", value=0.83, low=0.8, high=0.86, subjects=90, stage="evaluate"),
    Evidence(measure="brier", value=None, subjects=0, stage="evaluate", slice="sex=F"),
]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    write_evidence(path, FOUND)
    assert list(read_evidence(path)) == FOUND
    keys = {"measure", "value", "low", "high", "level", "subjects", "unit", "slice", "stage",
            "data", "model", "run"}  # fmt: skip
    assert all(set(json.loads(line)) == keys for line in path.read_text().splitlines())


def test_a_cut_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    write_evidence(path, FOUND)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(RunError, match=r"evidence\.jsonl:2"):
        list(read_evidence(path))
    with pytest.raises(RunError, match="no such file"):
        list(read_evidence(tmp_path / "none"))


def test_json_has_no_nan() -> None:
    assert finite(float("nan")) is None
    assert finite(float("inf")) is None
    assert finite(1) == 1.0


def test_the_id_follows_from_the_content() -> None:
    assert FOUND[0].id != FOUND[1].id
    assert len(FOUND[0].id) == 12


def test_listing_selects_and_says_undefined() -> None:
    assert select(FOUND, measure="au*") == FOUND[:1]
    assert select(FOUND, slice_name="sex=F") == FOUND[1:]
    assert "0.83 (0.8 to 0.86)" in as_table(FOUND)
    assert "undefined" in as_table(FOUND)
    assert json.loads(as_json(FOUND[:1]))["value"] == 0.83
    with pytest.raises(DataError, match="did you mean 'auroc'"):
        select(FOUND, measure="aurok")
