"""A first study file from a table: what it guesses, and that it can be read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.errors import DataError, StudyError
from bedside.core.study import read_study
from bedside.modalities.tables.init import draft


def table(rows: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(2)
    return pl.DataFrame(
        {
            "patient_id": [f"P{n:04d}" for n in range(rows)],
            "hospital": rng.choice(["north", "south"], rows),
            "admission_date": ["2020-01-01", "2020-02-02"] * (rows // 2),
            "discharge_date": ["2020-01-05", "2020-02-09"] * (rows // 2),
            "age": rng.integers(20, 90, rows),
            "sex": rng.choice(["F", "M"], rows),
            "smoker": rng.integers(0, 2, rows),
            "crea": rng.choice(["1.1", "0.9", "NA"], rows),
            "remarks": [f"seen on day {n} by the team" for n in range(rows)],
            "30-day readmission": rng.choice(["yes", "no"], rows),
        }
    )


def written(folder: Path, frame: pl.DataFrame, name: str = "My table.csv", **how: object) -> Path:
    frame.write_csv(folder / name, **how)
    return folder / name


def test_a_draft_is_a_study_that_runs(tmp_path: Path) -> None:
    path = written(tmp_path, table())
    text = draft(path, path.name)
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    study = read_study(tmp_path / "s.toml")
    assert study.name == "my_table"
    data = study.data
    assert (data.subject, data.site, data.time) == ("patient_id", "hospital", "admission_date")
    assert data.missing == ("NA",)
    assert (study.task.target, study.task.positive) == ("30-day readmission", "yes")
    assert study.columns["sex"].group
    assert study.columns["smoker"].type == "boolean"
    assert study.columns["remarks"].role == "ignore"
    assert set(study.columns) == set(table().columns) - {
        "patient_id", "hospital", "admission_date", "30-day readmission",
    }  # fmt: skip


def test_units_and_doubts_are_left_open(tmp_path: Path) -> None:
    path = written(tmp_path, table())
    text = draft(path, path.name)
    assert tomllib.loads(text)["columns"]["age"]["unit"] == ""
    assert text.count("# question:") > 10
    assert "discharge_date" in text
    assert "P0001" not in text
    assert "seen on day" not in text


def test_event_and_duration_become_a_horizon(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"futime": rng.integers(1, 4000, 50), "dead": [0, 1] * 25, "x": range(50)})
    path = written(tmp_path, frame)
    (tmp_path / "s.toml").write_text(draft(path, path.name), encoding="utf-8")
    task = read_study(tmp_path / "s.toml").task
    assert (task.event, task.time, task.occurred) == ("dead", "futime", "1")
    assert task.horizon is not None
    assert 1000 <= task.horizon <= 3000


def test_without_a_target_the_reader_is_asked(tmp_path: Path) -> None:
    path = written(tmp_path, pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}))
    text = draft(path, path.name)
    assert "which column is the outcome?" in text
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="target"):
        read_study(tmp_path / "s.toml")
    (tmp_path / "s.toml").write_text(text.replace('target = ""', 'target = "a"'), encoding="utf-8")
    assert read_study(tmp_path / "s.toml").task.target == "a"


def test_how_the_file_is_written_is_found(tmp_path: Path) -> None:
    path = written(tmp_path, table(), separator=";")
    path.write_bytes(path.read_bytes().replace(b"north", "Süd".encode("cp1252")))
    data = tomllib.loads(draft(path, path.name))["data"]
    assert (data["separator"], data["encoding"]) == (";", "cp1252")


def test_names_of_all_kinds_are_quoted(tmp_path: Path) -> None:
    frame = pl.DataFrame({'a "b".c': [1, 2, 3], "ä ö": [1, 2, 3], "": [5, 6, 7], "y": [0, 1, 1]})
    path = written(tmp_path, frame)
    (tmp_path / "s.toml").write_text(draft(path, path.name), encoding="utf-8")
    assert set(read_study(tmp_path / "s.toml").columns) == {'a "b".c', "ä ö", ""}


def test_parquet_too(tmp_path: Path) -> None:
    table().write_parquet(tmp_path / "t.parquet")
    assert 'target = "30-day readmission"' in draft(tmp_path / "t.parquet", "t.parquet")


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a table of patients"):
        draft(written(tmp_path, table().head(0)), "x.csv")
