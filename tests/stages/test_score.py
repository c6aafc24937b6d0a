"""Scoring a file: the same decisions as serving, row for row, and bad rows abstained from."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pyarrow.parquet as pq
import pytest

from bedside.adapters.http import call
from bedside.adapters.table_stream import Writer
from bedside.core.errors import BundleError, DataError, RunError
from bedside.stages.score import Spec, score
from bedside.stages.serve import make_app

CANARY = "KANARIENVOGEL"


@pytest.fixture
def patients() -> pl.DataFrame:
    random = np.random.default_rng(7)
    n = 500
    frame = pl.DataFrame(
        {
            "name": [CANARY] * n,
            "age": random.uniform(50, 119, n).round(1),
            "smoker": random.choice(["true", "false"], n),
            "creatinine": random.lognormal(0, 0.5, n).round(2),
            "sex": random.choice(["F", "M"], n),
        }
    )
    return frame.with_columns(
        pl.when(pl.int_range(n) % 9 == 0).then(None).otherwise("age").alias("age")
    )


def write(frame: pl.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    else:
        frame.write_csv(path)
    return path


def read(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)


@pytest.mark.parametrize("source", ["in.csv", "in.parquet", "in.csv.gz"])
@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_a_file_is_scored_as_it_would_be_served(
    bundle: Path, patients: pl.DataFrame, tmp_path: Path, source: str, out: str
) -> None:
    said = score(bundle, write(patients, tmp_path / source), tmp_path / out, spec=Spec(rows=64))
    found = read(tmp_path / out)
    app = make_app(bundle, tmp_path / "ledger.db")
    rows = patients.drop("name").to_dicts()
    answers = call(app, "/predict", orjson.dumps({"inputs": rows})).json()["answers"]
    assert found["row"].to_list() == list(range(500))
    assert found["act"].to_list() == [answer["act"] for answer in answers]
    assert found["abstain"].to_list() == [answer["abstain"] for answer in answers]
    reasons = [reason or "" for reason in found["reason"].to_list()]
    assert reasons == [answer["reason"] for answer in answers]
    sets = [text if text is None else text.split(" | ") for text in found["set"].to_list()]
    assert sets == [answer["set"] for answer in answers]
    values = [np.nan if answer["value"] is None else answer["value"] for answer in answers]
    np.testing.assert_allclose(
        found["value"].fill_null(np.nan).to_numpy().astype(float), values, atol=1e-6
    )
    assert f"500 rows, {sum(a['act'] for a in answers)} to act on" in said
    assert CANARY not in found.write_csv()


def test_rows_out_of_schema_are_abstained_from_and_say_why(
    bundle: Path, patients: pl.DataFrame, tmp_path: Path
) -> None:
    text = patients.cast(pl.String)
    for row, column, value in ((3, "age", CANARY), (70, "sex", CANARY), (71, "age", "12345")):
        text = text.with_columns(
            pl.when(pl.int_range(pl.len()) == row)
            .then(pl.lit(value))
            .otherwise(column)
            .alias(column)
        )
    score(bundle, write(text, tmp_path / "in.csv"), tmp_path / "out.csv", spec=Spec(rows=64))
    found = pl.read_csv(tmp_path / "out.csv")
    bad = found.filter(pl.col("reason").str.contains("field"))
    assert bad["row"].to_list() == [3, 70, 71]
    assert bad["abstain"].all()
    assert bad["value"].null_count() == 3
    assert "'age': expected numbers" in bad["reason"][0]
    assert "unknown category" in bad["reason"][1]
    assert "values from 0 to 120 years" in bad["reason"][2]
    assert CANARY not in (tmp_path / "out.csv").read_text()


def test_separators_are_found_out(bundle: Path, patients: pl.DataFrame, tmp_path: Path) -> None:
    for number, separator in enumerate((",", ";", "\t")):
        patients.write_csv(tmp_path / f"{number}.csv", separator=separator)
        score(bundle, tmp_path / f"{number}.csv", tmp_path / f"{number}.parquet")
    frames = [pl.read_parquet(tmp_path / f"{number}.parquet") for number in range(3)]
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])


def test_the_bundle_is_named_in_the_parquet_file(
    bundle: Path, patients: pl.DataFrame, tmp_path: Path
) -> None:
    score(bundle, write(patients, tmp_path / "in.csv"), tmp_path / "out.parquet")
    assert pq.read_schema(tmp_path / "out.parquet").metadata[b"model"] == b"tabm"


BAD = {
    "empty": (b"", "an empty file"),
    "header only": (b"age,sex,creatinine,smoker\n", "found none"),
    "no such column": (b"age,sexx,creatinine,smoker\n1,F,1,true\n", "did you mean 'sexx'"),
    "a column twice": (b"age,age,sex,creatinine,smoker\n1,1,F,1,true\n", "each column name once"),
    "ragged": (b"age,sex,creatinine,smoker\n1,F,1,true\n1,KANARIENVOGEL\n", "ragged"),
    "not UTF-8": (b"age,sex,creatinine,smoker\n1,\xff\xfe,1,true\n", "text in utf8"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_cannot_be_read_is_a_sentence_and_leaves_nothing(
    bundle: Path, tmp_path: Path, case: str
) -> None:
    content, words = BAD[case]
    (tmp_path / "in.csv").write_bytes(content)
    (tmp_path / "out.csv").write_text("from before")
    with pytest.raises(DataError, match=words) as caught:
        score(bundle, tmp_path / "in.csv", tmp_path / "out.csv")
    assert CANARY not in str(caught.value)
    assert (tmp_path / "out.csv").read_text() == "from before"
    assert not list(tmp_path.glob(".*part"))


def test_a_file_that_is_not_there_is_said_to_be_missing(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: expected a file of patients, found no such"):
        score(bundle, tmp_path / "none.csv", tmp_path / "out.csv")


def test_a_truncated_parquet_file(bundle: Path, patients: pl.DataFrame, tmp_path: Path) -> None:
    whole = write(patients, tmp_path / "in.parquet").read_bytes()
    (tmp_path / "in.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cut, damaged"):
        score(bundle, tmp_path / "in.parquet", tmp_path / "out.csv")


def test_other_endings_are_refused(bundle: Path, patients: pl.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\.csv or \.parquet"):
        score(bundle, write(patients, tmp_path / "in.csv"), tmp_path / "out.xlsx")


def test_an_altered_bundle_is_refused(bundle: Path, tmp_path: Path) -> None:
    with (bundle / "graph.onnx").open("ab") as file:
        file.write(b"0")
    with pytest.raises(BundleError, match=r"graph\.onnx"):
        score(bundle, tmp_path / "in.csv", tmp_path / "out.csv")


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    bundle: Path, patients: pl.DataFrame, tmp_path: Path, monkeypatch, name: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    source = write(patients, tmp_path / "in.csv")
    monkeypatch.setattr(pl.DataFrame, "write_csv", full)
    monkeypatch.setattr(pl.DataFrame, "to_arrow", full)
    with pytest.raises(RunError, match="full disk"):
        score(bundle, source, tmp_path / name)
    assert not list(tmp_path.glob("*out*"))


def test_a_writer_that_fails_leaves_no_part(tmp_path: Path) -> None:
    def fail() -> None:
        with Writer(tmp_path / "out.parquet", {}) as writer:
            writer.write(pl.DataFrame({"a": [1]}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not list(tmp_path.iterdir())
