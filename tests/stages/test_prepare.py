"""The stage prepare: from a study and its source to a data set on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bedside.core.dataset import SPLITS, Dataset
from bedside.core.errors import BedsideError, DataError, StudyError
from bedside.core.run import Run
from bedside.core.study import Study, read_study
from bedside.modalities.tables.encode import encode
from bedside.stages import prepare


def source(study: Study) -> Path:
    return study.file.parent / "patients.csv"


def changed(study: Study, change: Callable[[pl.DataFrame], pl.DataFrame], text: str = "") -> Study:
    """The study on another table, and with more in its file."""
    change(pl.read_csv(source(study))).write_csv(source(study))
    study.file.write_text(study.file.read_text() + text)
    return read_study(study.file)


def run(study: Study, context_for: Callable, **how: object) -> Run:
    context = context_for(study, "prepare", **how)
    prepare.run(study.spec("prepare", tiny=context.tiny), context)
    return context.run


def test_arrays_stand_row_for_row_with_samples(prepared: Run, made_up_study: Study) -> None:
    dataset = Dataset(prepared.folder)
    rows = pl.read_csv(source(made_up_study))
    assert dataset.samples["subject"].to_list() == rows["patient"].to_list()
    assert dataset.samples["target"].to_list() == [float(y == "yes") for y in rows["died"]]
    assert dataset.samples["time"].cast(pl.String).to_list() == rows["admitted"].to_list()
    names = [field.name for field in dataset.schema.numeric]
    assert names == ["age", "lactate", "sodium"]
    expected = rows.select(names).cast(pl.Float32).fill_null(float("nan")).to_numpy()
    np.testing.assert_array_equal(dataset.array("numeric"), expected)
    codes = dataset.array("codes")
    for at, field in enumerate(dataset.schema.category):
        words = [None, *field.categories]
        assert [words[code] for code in codes[:, at]] == rows[field.name].to_list()


def test_samples_have_the_columns_of_the_contract(prepared: Run) -> None:
    samples = Dataset(prepared.folder).samples
    assert samples.columns == [
        "sample", "subject", "split", "site", "time", "target", "duration", "event", "given_split",
        "group.age", "group.sex", "comparator.score",
    ]  # fmt: skip
    assert samples.dtypes[:8] == [
        pl.Int64, pl.String, pl.String, pl.String, pl.Date, pl.Float64, pl.Float64, pl.Int8,
    ]  # fmt: skip
    assert samples["sample"].to_list() == list(range(400))
    assert set(samples["split"]) == set(SPLITS) - {"external"}


def test_later_data_go_the_same_way(prepared: Run, made_up_study: Study) -> None:
    """What serving encodes from the source is what prepare wrote."""
    dataset = Dataset(prepared.folder)
    arrays = encode(pl.read_csv(source(made_up_study)), dataset.schema)
    for name, values in arrays.items():
        np.testing.assert_array_equal(values, dataset.array(name))


def test_twice_the_same_and_other_with_another_seed(
    made_up_study: Study, context_for: Callable
) -> None:
    folders = [run(made_up_study, context_for).folder for _ in range(2)]
    for file in ("dataset.json", "samples.parquet", "numeric.npy", "flow.json", "columns.json"):
        digests = {hashlib.sha256((f / file).read_bytes()).hexdigest() for f in folders}
        assert len(digests) == 1, file
    other = replace(made_up_study, about=replace(made_up_study.about, seed=99))
    splits = [Dataset(f).samples["split"] for f in (folders[0], run(other, context_for).folder)]
    assert splits[0].to_list() != splits[1].to_list()


def test_tiny_takes_few_subjects(made_up_study: Study, context_for: Callable) -> None:
    study = changed(made_up_study, lambda f: pl.concat(
        [f.with_columns(patient=pl.col("patient") + end) for end in "abc"]
    ))  # fmt: skip
    tiny = run(study, context_for, tiny=True)
    assert Dataset(tiny.folder).samples.height == prepare.TINY["most_subjects"] == 600
    flow = json.loads((tiny.folder / "flow.json").read_text())
    assert flow[0]["subjects"] == 1200
    assert flow[1]["step"] == "excluded"
    assert sum(item["rows"] for item in flow[1:]) == 1200


def test_external_sites_and_times(made_up_study: Study, context_for: Callable) -> None:
    text = '\n[prepare]\nexternal_sites = ["west"]\nexternal_after = "2021-06-30"\n'
    study = changed(made_up_study, lambda f: f, text)
    dataset = Dataset(run(study, context_for).folder)
    expected = (dataset.samples["site"] == "west") | (
        dataset.samples["time"] > pl.Series(["2021-06-30"]).str.to_date()[0]
    )
    assert ((dataset.samples["split"] == "external") == expected).all()
    assert 0 < expected.sum() < 400


@pytest.mark.parametrize("kind", ["polars", "pandas"])
def test_a_data_frame_is_a_source(
    kind: str, made_up_study: Study, prepared: Run, tmp_path: Path
) -> None:
    read = pl.read_csv if kind == "polars" else pd.read_csv
    frame = read(source(made_up_study))
    ours = prepare.prepare_frame(frame, made_up_study, tmp_path / "prepare-ff")
    theirs = Dataset(prepared.folder)
    assert ours.schema == theirs.schema
    assert ours.samples.equals(theirs.samples)
    np.testing.assert_array_equal(ours.array("numeric"), theirs.array("numeric"))
    assert (tmp_path / "prepare-ff" / "evidence.jsonl").is_file()


def test_a_changed_source_is_another_run(made_up_study: Study) -> None:
    before = prepare.outside(prepare.Spec(), made_up_study, None)
    study = changed(made_up_study, lambda f: f.head(399))
    assert prepare.outside(prepare.Spec(), study, None) != before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[prepare]\ntune = 0.6\nheld_out = 0.4\n", "shares"),
        ("[prepare]\ntune = 0.0\n", "shares"),
        ('[prepare]\nexternal_after = "last summer"\n', "2019-12-31"),
        ('[prepare]\nexternal_sites = ["nowhere"]\n', "'nowhere'"),
        ('[prepare]\nundeclared = "stop"\n', "'ward'"),
        ('[prepare]\nundeclard = "stop"\n', "did you mean 'undeclared'"),
        ('[columns.wards]\nrole = "ignore"\n', "did you mean 'ward'"),
        ('[columns.ward]\nknown = "admited+24h"\n', "did you mean 'admitted'"),
    ],
)
def test_a_study_that_does_not_fit_is_refused(
    made_up_study: Study, context_for: Callable, text: str, words: str
) -> None:
    with pytest.raises(StudyError) as caught:
        run(changed(made_up_study, lambda f: f, "\n" + text), context_for)
    assert words in str(caught.value)


CANARY = "Canary"
BAD = {
    "no rows": lambda f: f.head(0),
    "one row": lambda f: f.head(1),
    "all missing": lambda f: f.with_columns(
        pl.lit(None).alias(n) for n in ("age", "sex", "lactate", "sodium", "ward", "autopsy")
    ),
    "one class": lambda f: f.with_columns(died=pl.lit("no")),
    "no target column": lambda f: f.rename({"died": CANARY}).drop(CANARY),
    "no subject column": lambda f: f.drop("patient"),
    "two labels": lambda f: pl.concat(
        [f, f.head(5).with_columns(died=pl.lit("yes")), f.head(5).with_columns(died=pl.lit("no"))]
    ),
    "a subject without a name": lambda f: f.with_columns(
        patient=pl.when(pl.int_range(400) < 7).then(None).otherwise(pl.col("patient"))
    ),
    "a wrong unit": lambda f: f.with_columns(sodium=pl.col("sodium") * 10.123457),
    "infinity": lambda f: f.with_columns(lactate=pl.lit(float("inf"))),
    "text among numbers": lambda f: f.with_columns(
        age=pl.when(pl.int_range(400) == 9).then(pl.lit(CANARY)).otherwise(pl.col("age"))
    ),
    "dates that are none": lambda f: f.with_columns(admitted=pl.lit(CANARY)),
    "a comparator beyond 1": lambda f: f.with_columns(score=pl.col("score") * 100),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_sentence_without_values(
    name: str, made_up_study: Study, context_for: Callable
) -> None:
    study = changed(made_up_study, BAD[name])
    with pytest.raises(DataError) as caught:
        run(study, context_for)
    message = str(caught.value)
    assert "expected" in message
    assert "found" in message
    assert CANARY not in message
    assert "P0000" not in message
    assert not any(str(value) in message for value in pl.read_csv(source(study))["age"].head(3))
    assert isinstance(caught.value, BedsideError)
    assert caught.value.exit_code == 2
    assert caught.value.__cause__ is None


def test_columns_and_flow_hold_no_patient(prepared: Run, made_up_study: Study) -> None:
    text = (prepared.folder / "columns.json").read_text() + (
        prepared.folder / "flow.json"
    ).read_text()
    rows = pl.read_csv(source(made_up_study))
    for value in [*rows["patient"].head(50), *rows["ward"].unique(), *rows["admitted"].head(50)]:
        assert str(value) not in text
