"""The stage init: writes a study file, and never over one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedside.core.errors import StudyError
from bedside.core.study import Study, read_study
from bedside.stages.init import run_init
from bedside.stages.prepare import prepare_frame


def test_the_draft_of_a_plain_table_prepares_as_it_is(made_up_study: Study, tmp_path: Path) -> None:
    import polars as pl

    file = made_up_study.file.parent / "patients.csv"
    out = file.parent / "draft.toml"
    text = run_init(file, out)
    assert out.read_text(encoding="utf-8") == text
    study = read_study(out)
    assert study.data.source == "patients.csv"
    dataset = prepare_frame(pl.read_csv(file), study, tmp_path / "prepare-0")
    assert dataset.samples.height == 400


def test_a_source_elsewhere_is_named_in_full(made_up_study: Study, tmp_path: Path) -> None:
    file = made_up_study.file.parent / "patients.csv"
    run_init(file, tmp_path / "draft.toml")
    assert read_study(tmp_path / "draft.toml").data.source == str(file.resolve())


def test_nothing_is_overwritten(made_up_study: Study) -> None:
    before = made_up_study.file.read_text()
    with pytest.raises(StudyError, match="one that exists"):
        run_init(made_up_study.file.parent / "patients.csv", made_up_study.file)
    assert made_up_study.file.read_text() == before


def test_a_folder_that_cannot_be_written_is_told(made_up_study: Study, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="written"):
        run_init(made_up_study.file.parent / "patients.csv", tmp_path / "absent" / "draft.toml")
