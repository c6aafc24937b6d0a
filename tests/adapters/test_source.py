"""Where a study's source is looked for."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from bedside.adapters.source import digests, find_source
from bedside.core.errors import DataError, MissingPartError
from bedside.core.study import Study


def test_beside_the_study_comes_before_the_data_folder(
    made_up_study: Study, tmp_path: Path
) -> None:
    other = tmp_path / "data"
    other.mkdir()
    (other / "patients.csv").write_text("other")
    (other / "more.csv").write_text("more")
    beside = made_up_study.file.parent
    assert find_source(made_up_study, ["patients.csv"], other) == beside / "patients.csv"
    assert find_source(made_up_study, ["more.csv"], other) == other / "more.csv"
    assert find_source(made_up_study, ["no.csv", "more.csv"], other) == other / "more.csv"
    assert find_source(made_up_study, [str(other / "more.csv")]) == other / "more.csv"


def test_a_package_is_found_and_not_imported(made_up_study: Study) -> None:
    path = find_source(made_up_study, ["package:sklearn/datasets/data/iris.csv"])
    assert path.name == "iris.csv"
    with pytest.raises(MissingPartError, match=r"bedside\[examples\]"):
        find_source(made_up_study, ["package:no_such_package/data.csv"])


@pytest.mark.parametrize("name", ["absent.csv", "", "package:sklearn/absent.csv"])
def test_an_absent_file_is_told(made_up_study: Study, name: str) -> None:
    with pytest.raises(DataError, match="source"):
        find_source(made_up_study, [name])


def test_digest_follows_the_content(made_up_study: Study) -> None:
    path = made_up_study.file.parent / "patients.csv"
    before = digests(made_up_study)
    assert before == {"source 1": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.write_bytes(path.read_bytes() + b"\n")
    assert digests(made_up_study) != before
    two = replace(made_up_study, data=replace(made_up_study.data, beside="patients.csv"))
    assert set(digests(two)) == {"source 1", "source 2"}
