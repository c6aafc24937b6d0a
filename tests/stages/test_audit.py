"""The audit of whole studies: what it must find in real data, and what it may never touch."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from bedside.core.dataset import Dataset
from bedside.core.run import Outcome, Run
from bedside.core.study import Study, find_study, read_study
from bedside.stages import audit, prepare

CANARY = "Kanarienvogel"
OF_SAMPLES = {
    "near_duplicates", "burned_in", "identity", "acquisition", "given_split", "masks", "blank"
}  # fmt: skip
"""Kinds that a table of one row a patient has no question for."""


def _audited(study: Study, context_for, data_folder: Path | None = None) -> tuple[Outcome, Run]:
    before = context_for(study, "prepare", data_folder=data_folder)
    prepare.run(study.spec("prepare"), before)  # type: ignore[arg-type]
    return _audit(study, before.run, context_for)


def _audit(study: Study, prepared: Run, context_for) -> tuple[Outcome, Run]:
    context = context_for(study, "audit", inputs={"prepare": prepared})
    return audit.run(study.spec("audit"), context), context.run  # type: ignore[arg-type]


def _told(run: Run, kind: str) -> set[str]:
    return {
        record["field"]
        for record in run.read_json("findings.json")
        if record["kind"] == kind and record["verdict"] in ("fail", "warn")
    }


def test_the_made_up_leak_is_dropped_and_nothing_else(made_up_study, prepared, context_for) -> None:
    outcome, run = _audit(made_up_study, prepared, context_for)
    assert outcome.stop == ""
    assert outcome.headline.startswith("1 leak dropped: autopsy (")
    assert run.read_json("dropped.json") == ["autopsy"]
    records = run.read_json("findings.json")
    order = [("stop", "drop", "warn", "none").index(record["action"]) for record in records]
    assert order == sorted(order)
    known = {(item.measure, item.slice, item.data) for item in run.evidence()}
    for record in records:
        for item in record["evidence"]:
            assert (item["measure"], item["slice"], item["data"]) in known
    assert {record["kind"] for record in records} == set(audit.KINDS) - {
        "leak_time", "followup", "suspect", *OF_SAMPLES
    }  # fmt: skip


def test_the_default_is_to_stop(made_up_study, prepared, context_for) -> None:
    study = read_study(made_up_study.file, ["audit.leak='stop'"])
    outcome, run = _audit(study, prepared, context_for)
    assert "autopsy" in outcome.stop
    assert '[audit] leak = "drop"' in outcome.stop
    assert run.read_json("dropped.json") == []


def test_labels_outside_training_are_not_read(made_up_study, prepared, context_for) -> None:
    """Findings on labels are the same when every other label is gone."""
    before = _audit(made_up_study, prepared, context_for)[1].read_json("findings.json")
    path = prepared.folder / "samples.parquet"
    samples = pl.read_parquet(path)
    train = pl.col("split") == "train"
    samples.with_columns(pl.when(train).then(pl.col("target")).alias("target")).write_parquet(path)
    after = _audit(made_up_study, prepared, context_for)[1].read_json("findings.json")
    assert after == before


def test_flchain_names_the_cause_of_death(context_for) -> None:
    study = read_study(find_study("flchain"), ["audit.leak='drop'"])
    outcome, run = _audited(study, context_for)
    assert outcome.stop == ""
    assert run.read_json("dropped.json") == ["sample.yr", "chapter"]
    assert _told(run, "followup") == {"sample.yr"}
    assert "1 leak dropped: chapter (AUROC 0.96" in outcome.headline
    assert "by its pattern of missingness" in outcome.headline
    for kind in ("leak_time", "suspect", "identifiers", "units", "duplicates"):
        assert _told(run, kind) == set(), kind


def test_support2_late_columns_are_found_and_honest_ones_are_not(context_for, data_folder) -> None:
    sets = ["audit.leak='drop'", "audit.leak_time='drop'", "audit.suspect='warn'"]
    study = read_study(find_study("support2"), sets)
    outcome, run = _audited(study, context_for, data_folder)
    fields = {
        field.name
        for field in Dataset(run.folder.parent / "prepare-0000000000000000").schema.fields
    }
    assert _told(run, "leak") == {"sfdm2", "hospdead"} & fields
    assert _told(run, "leak_time") == {"slos", "dnrday"} & fields
    assert _told(run, "suspect") <= {"charges", "totcst", "totmcst", "adlp"}
    assert outcome.stop == ""


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes", "actg175"])
def test_studies_without_a_leak_go_on(name: str, context_for) -> None:
    outcome, run = _audited(read_study(find_study(name)), context_for)
    assert outcome.stop == ""
    assert run.read_json("dropped.json") == []


def test_no_value_of_a_patient_is_said(made_up_study, context_for) -> None:
    """A canary in every text column, rare and frequent, is in no sentence and no message."""
    source = made_up_study.file.parent / "patients.csv"
    frame = pl.read_csv(source)
    texts = [name for name in ("patient", "ward", "autopsy", "sex") if name in frame.columns]
    row = pl.int_range(pl.len()) == 7
    frame.with_columns(
        pl.when(row).then(pl.lit(f"{CANARY} {at}")).otherwise(pl.col(name)).alias(name)
        for at, name in enumerate(texts)
    ).write_csv(source)
    outcome, run = _audited(made_up_study, context_for)
    said = outcome.headline + outcome.stop + json.dumps(run.read_json("findings.json"))
    assert CANARY not in said


def test_tiny_still_finds_the_leak(made_up_study, prepared, context_for) -> None:
    spec = made_up_study.spec("audit", tiny=True)
    context = context_for(made_up_study, "audit", inputs={"prepare": prepared}, tiny=True)
    assert isinstance(spec, audit.Spec)
    audit.run(spec, context)
    assert context.run.read_json("dropped.json") == ["autopsy"]


@pytest.mark.slow
def test_malaria_s_split_leaks_and_who_the_patient_is_tells(context_for, data_folder) -> None:
    _need(data_folder, "malaria_dev.npz")
    outcome, run = _audited(read_study(find_study("malaria")), context_for, data_folder)
    assert outcome.stop == ""
    said = _sentences(run)
    assert "has 140 of 140 patients in more than one part" in said["given_split"]
    assert "patients have samples of one class only" in said["identity"]
    assert set(said) == {"given_split", "identity"}
    told = {item.slice: item for item in run.evidence() if item.measure == "audit.identity"}
    assert (told["all"].low or 0) > 0.7


@pytest.mark.slow
def test_pneumonia_s_identical_images_cross_its_split(context_for, data_folder) -> None:
    _need(data_folder, "pneumoniamnist_reconstructed.npz")
    outcome, run = _audited(read_study(find_study("pneumonia")), context_for, data_folder)
    assert outcome.stop == ""
    said = _sentences(run)
    assert said["given_split"].startswith("8 images are in more than one part")
    assert "the outermost 4 % of the image alone (AUROC 0.9" in said["acquisition"]


def _need(data_folder: Path, name: str) -> None:
    if not (data_folder / name).is_file():
        pytest.skip(name)


def _sentences(run: Run) -> dict[str, str]:
    """What was found, by kind."""
    return {
        record["kind"]: record["sentence"]
        for record in run.read_json("findings.json")
        if record["verdict"] in ("fail", "warn")
    }
