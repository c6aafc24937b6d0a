"""Where a study's source is looked for."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from bedside.adapters.source import digests, find_source, sources
from bedside.core.errors import DataError, MissingPartError
from bedside.core.study import Study, build_study


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


def test_a_folder_is_a_source_and_everything_in_it_counts(
    made_up_study: Study, tmp_path: Path
) -> None:
    folder = tmp_path / "scans"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "1.png").write_bytes(b"1")
    study = replace(made_up_study, data=replace(made_up_study.data, source=str(folder)))
    assert find_source(study, [study.data.source]) == folder
    before = digests(study)
    assert set(before) == {"source 1"}
    (folder / "deep" / "1.png").write_bytes(b"2")
    changed = digests(study)
    assert changed != before
    (folder / "deep" / "1.png").rename(folder / "deep" / "2.png")
    assert digests(study) != changed


def test_of_a_table_of_images_the_files_beside_it_count(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"1")
    study = images_study(tmp_path, "labels.csv")
    before = digests(study)
    assert set(before) == {"source 1", "files"}
    (tmp_path / "1.png").write_bytes(b"2")
    changed = digests(study)
    assert changed["source 1"] == before["source 1"]
    assert changed["files"] != before["files"]


def test_what_a_run_writes_beside_its_images_does_not_repeat_it(tmp_path: Path) -> None:
    study = images_study(tmp_path, "labels.csv")
    before = digests(study)
    study.file.write_text("# another wording")
    out = tmp_path / "runs" / "mine"
    (out / "runs" / "prepare-1").mkdir(parents=True)
    (out / "ledger.db").write_bytes(b"x")
    (out / "runs" / "prepare-1" / "image.npy").write_bytes(b"x")
    assert digests(study) == before
    (tmp_path / "ledger.db").write_bytes(b"a run right here hides no image")
    (tmp_path / "1.png").write_bytes(b"1")
    assert digests(study) != before


def test_a_file_that_cannot_be_read_is_told_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = images_study(tmp_path, "labels.csv")
    (tmp_path / "KANARIENVOGEL.png").write_bytes(b"1")
    real = Path.open

    def opened(path: Path, *given: object, **more: object) -> object:
        if path.suffix == ".png":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *given, **more)  # type: ignore[call-overload]  # passed on as they came

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(DataError, match=r"file 1 of 2.*Permission denied") as told:
        digests(study)
    assert "KANARIENVOGEL" not in str(told.value)


def test_a_made_up_source_is_no_file(tmp_path: Path) -> None:
    assert sources(images_study(tmp_path, "made-up:lesions")) == []
    assert digests(images_study(tmp_path, "made-up:lesions")) == {}


def images_study(folder: Path, source: str) -> Study:
    (folder / "labels.csv").write_text("file,label\n1.png,1\n")
    table = {
        "study": {"name": "made_up", "question": "What is it?", "modality": "images"},
        "data": {"source": source},
        "task": {"type": "binary", "target": "label", "outcome": "it"},
        "images": {"image": "file"},
    }
    (folder / "study.toml").write_text("")
    return build_study(table, path=folder / "study.toml")
