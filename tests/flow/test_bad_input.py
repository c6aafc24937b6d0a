"""Bad input, one thing at a time: a clear sentence, the right exit code, nothing lost, no value."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import polars as pl
import pytest

from bedside.core import chain
from bedside.core.errors import LedgerError
from bedside.core.ledger import Ledger, verify
from bedside.core.run import locked

if TYPE_CHECKING:
    from tests.flow.conftest import Bedside, Place, Said

PLANTED = "Quagga4711"
"""What stands in the guilty cell, where it is text."""
PLANTED_NUMBER = "987654.321"


def _refused(said: Said, *words: str) -> None:
    """Exit code 2 and one sentence that has all of `words`; no traceback, nothing of a patient."""
    assert said.code == 2, said.all
    assert "bedside: " in said.err
    assert "expected " in said.err
    assert ", found " in said.err
    for word in words:
        assert word in said.err, said.err
    _silent(said)


def _silent(said: Said) -> None:
    for never in (PLANTED, PLANTED_NUMBER, "Traceback", "P0007", ".py:"):
        assert never not in said.all, said.all


def _changed(name: str, value: object, rows: slice = slice(7, 8)) -> Callable[[Place], object]:
    """The place with one column's cells replaced by `value`."""

    def spoil(place: Place) -> object:
        frame = pl.read_csv(place.data, infer_schema=False)
        cells = frame[name].to_list()
        cells[rows] = [value] * len(cells[rows])
        return place.write(frame.with_columns(pl.Series(name, cells, dtype=pl.String)))

    return spoil


def _head(lines: int) -> Callable[[Place], object]:
    def spoil(place: Place) -> object:
        kept = place.data.read_text(encoding="utf-8").splitlines(keepends=True)[:lines]
        return place.data.write_text("".join(kept), encoding="utf-8")

    return spoil


def _features_missing(place: Place) -> object:
    frame = pl.read_csv(place.data)
    gone = [pl.lit(None).alias(name) for name in ("age", "sex", "lactate", "lab_day", "ward")]
    return place.write(frame.with_columns(gone))


def _two_patients(place: Place) -> object:
    return place.write(pl.read_csv(place.data)[6:8])


def _subject_at_odds(place: Place) -> object:
    frame = pl.read_csv(place.data)
    other = pl.when(pl.col("died") == "yes").then(pl.lit("no")).otherwise(pl.lit("yes"))
    twin = frame[7:8].with_columns(other.alias("died"))
    return place.write(pl.concat([frame, twin]))


def _column_twice(place: Place) -> object:
    lines = place.data.read_text(encoding="utf-8").splitlines()
    doubled = [f"{line},{'ward' if at == 0 else PLANTED}" for at, line in enumerate(lines)]
    return place.data.write_text("\n".join(doubled), encoding="utf-8")


def _latin1(place: Place) -> object:
    text = place.data.read_text(encoding="utf-8").replace("medical", f"médical{PLANTED}")
    return place.data.write_bytes(text.encode("latin1"))


def _cut_parquet(place: Place) -> object:
    path = place.folder / "patients.parquet"
    pl.read_csv(place.data).with_columns(ward=pl.lit(PLANTED)).write_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    return place.edit("patients.csv", "patients.parquet")


def _ragged(place: Place) -> object:
    text = place.data.read_text(encoding="utf-8")
    return place.data.write_text(f"{text}P9999,{PLANTED},1,2,3,4,5,6,7,8,9,10,11\n", "utf-8")


def _binary(place: Place) -> object:
    return place.data.write_bytes(bytes(range(256)) * 40)


DATA: dict[str, tuple[Callable[[Place], Any], tuple[str, ...]]] = {
    "empty file": (_head(0), ("patients.csv", "an empty file", "copied whole")),
    "header only": (_head(1), ("patients.csv", "no row", "copied whole")),
    "one row": (_head(2), ("patients.csv", "a single row")),
    "too few rows to split": (_two_patients, ("split '", "more patients")),
    "one class": (_changed("died", "no", slice(None)), ("'died'", "[task]")),
    "outcome all missing": (_changed("died", None, slice(None)), ("'died'",)),
    "features all missing": (_features_missing, ("missing in every row", "separator")),
    "subject without a name": (_changed("patient", None), ("'patient'", "1 of 120 rows")),
    "subject with two outcomes": (_subject_at_odds, ("one subject", "1 subjects", "[data]")),
    "infinity": (_changed("lactate", "inf"), ("'lactate'", "finite", "row 7")),
    "minus infinity": (_changed("age", "-inf"), ("'age'", "finite", "row 7")),
    "infinity in a comparator": (_changed("score", "inf"), ("'score'",)),
    "unit by range": (
        _changed("lactate", PLANTED_NUMBER),
        ("'lactate'", "0 to 40 mmol/L", "another unit", "row 7"),
    ),
    "text among numbers": (_changed("age", PLANTED), ("'age'", "numbers", "missing")),
    "text among guessed numbers": (_changed("lactate", PLANTED), ("'lactate'", "numbers")),
    "text among risks": (_changed("score", PLANTED), ("'score'",)),
    "no date": (_changed("admitted", PLANTED), ("'admitted'", "2020-03-02")),
    "a date in two ways": (_changed("lab_day", "02/03/2020"), ("'lab_day'", "ISO 8601")),
    "duplicate column": (_column_twice, ("patients.csv", "'ward'", "rename")),
    "wrong encoding": (_latin1, ("patients.csv", "utf8", "encoding = ")),
    "truncated Parquet": (_cut_parquet, ("patients.parquet", "whole Parquet", "again")),
    "ragged row": (_ragged, ("patients.csv", "a row with more", "separator")),
    "not a table": (_binary, ("patients.csv",)),
    "source missing": (lambda place: place.data.unlink(), ("'patients.csv'", "--data DIR")),
    "column of the study absent": (
        lambda place: place.add("[columns.lactat]\n"),
        ("[columns.lactat]", "did you mean 'lactate'"),
    ),
    "target absent": (
        lambda place: place.edit('target = "died"', 'target = "dies"'),
        ("[task]", "'dies'", "did you mean 'died'"),
    ),
    "subject column absent": (
        lambda place: place.edit('"patient"', '"pateint"'),
        ("[data] subject", "did you mean 'patient'"),
    ),
    "time column absent": (
        lambda place: place.edit('"admitted"', '"admited"'),
        ("[data] time", "did you mean 'admitted'"),
    ),
    "positive value absent": (
        lambda place: place.edit('"yes"', '"dead"'), ("'died'", "'dead'", "positive"),
    ),
    "wrong separator": (
        lambda place: place.edit("[data]", '[data]\nseparator = ";"'),
        ("a single column", "separator"),
    ),
    "unknown encoding": (
        lambda place: place.edit("[data]", '[data]\nencoding = "utf9"'), ("'utf9'", "utf8"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DATA)
def test_bad_data_is_a_sentence(case: str, place: Place, bedside: Bedside) -> None:
    spoil, words = DATA[case]
    spoil(place)
    _refused(bedside("prepare", place.study, "--out", place.out), *words)
    assert not list(place.out.glob("runs/*/DONE"))


def test_the_unspoilt_study_is_admitted(place: Place, bedside: Bedside) -> None:
    """Else every test above could pass for the wrong reason."""
    assert bedside("prepare", place.study, "--out", place.out).code == 0


def test_a_file_without_a_header_does_not_show_its_first_patient(
    place: Place, bedside: Bedside
) -> None:
    rows = place.data.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    place.data.write_text(f"{PLANTED},{PLANTED_NUMBER},x,1,F,2,3,4,5,no\n{''.join(rows)}", "utf-8")
    _refused(bedside("prepare", place.study, "--out", place.out), "10 columns", "header")
    place.data.write_text(f"{PLANTED_NUMBER},{PLANTED_NUMBER},1,1,1,1,1,1,1,1\n", "utf-8")
    _refused(bedside("prepare", place.study, "--out", place.out), "header = false")


@pytest.mark.parametrize("word", ["NaN", "", " "])
def test_nan_is_a_missing_value(word: str, place: Place, bedside: Bedside) -> None:
    _changed("lactate", word)(place)
    assert bedside("prepare", place.study, "--out", place.out).code == 0
    records = pl.read_json(next(place.out.glob("runs/prepare-*/columns.json")))
    share = records.filter(pl.col("column") == "lactate")["missing_share"].item()
    assert share == pytest.approx(1 / 120, abs=1e-6)


def test_a_stopped_audit_ends_a_synthesis_too_and_nothing_is_exported(
    place: Place, bedside: Bedside
) -> None:
    numbers = [f"A{n:07d}" for n in range(pl.read_csv(place.data).height)]
    place.write(pl.read_csv(place.data).with_columns(pl.Series("record", numbers)))
    for more in ((), ("--export", str(place.folder / "made-up.csv"))):
        said = bedside("synthesize", str(place.study), "--out", str(place.out), "--tiny", *more)
        assert said.code == 1
        assert "stopped" in said.all
        assert "exported" not in said.all
    assert not (place.folder / "made-up.csv").exists()


def test_a_column_of_identifiers_stops_the_audit(place: Place, bedside: Bedside) -> None:
    frame = pl.read_csv(place.data)
    place.write(frame.with_columns(mrn=pl.Series([f"{PLANTED}-{n:05d}" for n in range(120)])))
    said = bedside("audit", place.study, "--out", place.out)
    assert said.code == 1, said.all
    assert "mrn" in said.out
    assert "identifiers" in said.out
    _silent(said)


STUDIES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "syntax": ("seed = 3", "seed = = 3", ("study.toml", "TOML", "line 5")),
    "unclosed text": ('"planted"', '"planted', ("study.toml", "TOML", "line 3")),
    "key twice": ("seed = 3", "seed = 3\nseed = 4", ("study.toml", "TOML")),
    "unknown key": ("seed = 3", "sede = 3", ("study.toml:5 [study] sede", "did you mean 'seed'")),
    "unknown key of a column": (
        'unit = "years"', 'units = "years"', ("[columns.age] units", "did you mean 'unit'"),
    ),
    "unknown section": ("[data]", "[dota]", ("study.toml:7", "[dota]", "did you mean 'data'")),
    "unknown section of a stage": (
        "[task]", "[prepair]\ntune = 0.2\n[task]", ("[prepair]", "did you mean 'prepare'"),
    ),
    "unknown key of a stage": (
        "[task]", "[prepare]\ntunes = 0.2\n[task]", ("[prepare] tunes", "did you mean 'tune'"),
    ),
    "wrong type": ("seed = 3", 'seed = "3"', ("[study] seed", "a whole number")),
    "number for a list": ("cuts = [65]", "cuts = 65", ("[columns.age] cuts", "a list")),
    "range of three": ("[0, 40]", "[0, 40, 50]", ("[columns.lactate] range", "a list of 2")),
    "unknown choice": (
        'role = "comparator"', 'role = "comparater"', ("[columns.score] role", "'comparator'?"),
    ),
    "unknown task": ('"binary"', '"binery"', ("[task] type", "did you mean 'binary'")),
    "required key absent": ('name = "planted"', "", ("[study]", "'name'")),
    "target absent from the task": ('target = "died"', "", ("[task]", "'target'")),
    "shares beyond one": (
        "[task]", "[prepare]\ntune = 0.7\nheld_out = 0.6\n[task]", ("[prepare] tune, held_out",),
    ),
    "gate without a bound": (
        "[task]", '[[gates]]\nmeasure = "auroc"\n[task]', ("at_least or at_most", "'auroc'"),
    ),
    "both thresholds": (
        "[task]", "[decision]\nthreshold = 0.2\nsensitivity = 0.9\n[task]", ("[decision]", "both"),
    ),
    "unknown modality": (
        "seed = 3", 'modality = "tabels"', ("modality 'tabels'", "did you mean 'tables'"),
    ),
    "horizon below zero": (
        'target = "died"', 'event = "died"\ntime = "age"\nhorizon = -1', ("horizon", "above 0"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STUDIES)
def test_a_typo_in_the_study_is_a_sentence(case: str, place: Place, bedside: Bedside) -> None:
    old, new, words = STUDIES[case]
    place.edit(old, new)
    _refused(bedside("prepare", place.study, "--out", place.out), *words)


def test_a_study_in_another_encoding_is_a_sentence(place: Place, bedside: Bedside) -> None:
    place.study.write_bytes(place.study.read_bytes().replace(b"month", b"m\xf6nth"))
    _refused(bedside("prepare", place.study, "--out", place.out), "study.toml", "UTF-8")


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("prepare.tunes=0.2", ("[prepare] tunes", "did you mean 'tune'")),
        ("prepair.tune=0.2", ("prepair", "did you mean 'prepare'")),
        ("prepare.tune=much", ("[prepare] tune", "a number")),
        ("prepare.tune", ("--set prepare.tune", "section.key=value")),
        ("study.name.first=a", ("--set study.name.first=a", "a section")),
    ],
)
def test_a_wrong_override_is_a_sentence(
    assignment: str, words: tuple[str, ...], place: Place, bedside: Bedside
) -> None:
    said = bedside("prepare", place.study, "--out", place.out, "--set", assignment)
    _refused(said, *words)


def test_a_study_that_is_nowhere_is_a_sentence(place: Place, bedside: Bedside) -> None:
    _refused(bedside("run", "flchian", "--out", place.out), "flchian", "did you mean 'flchain'")
    _refused(bedside("run", place.folder / "x.toml", "--out", place.out), "x.toml", "bedside init")
    _refused(bedside("run", place.folder, "--out", place.out), "here")


def test_a_data_folder_that_is_none_is_a_sentence(place: Place, bedside: Bedside) -> None:
    place.data.rename(place.folder / "elsewhere.csv")
    nowhere = place.folder / "nowhere"
    said = bedside("prepare", place.study, "--out", place.out, "--data", nowhere)
    _refused(said, "'patients.csv'", "--data")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("evidence", "nowhere"), ("evidence.jsonl", "bedside run")),
        (("verify", "nowhere"), ("nowhere", "ledger.db")),
        (("init", "nowhere.csv"), ("nowhere.csv",)),
        (("fetch", "suport2"), ("suport2", "did you mean 'support2'")),
        (("serve", "nowhere"), ("nowhere", "manifest.json")),
        (("score", "nowhere", "in.csv", "out.csv"), ("nowhere", "manifest.json")),
    ],
)
def test_the_other_commands_say_what_they_miss(
    argv: tuple[str, ...], words: tuple[str, ...], bedside: Bedside, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    _refused(bedside(*argv), *words)
    assert list(tmp_path.iterdir()) == []


def test_an_out_that_cannot_be_written_is_a_sentence(place: Place, bedside: Bedside) -> None:
    place.out.write_text("a file in the way", encoding="utf-8")
    said = bedside("prepare", place.study, "--out", place.out)
    _refused(said, "out", "can be written", "another --out")
    assert place.out.read_text(encoding="utf-8") == "a file in the way"
    _refused(bedside("prepare", place.study, "--out", place.out / "in"), "another --out")


def test_a_second_process_is_told_to_wait(place: Place, bedside: Bedside) -> None:
    assert bedside("prepare", place.study, "--out", place.out).code == 0
    folder = next(place.out.glob("runs/prepare-*"))
    (folder / "DONE").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with locked(folder):
        said = bedside("prepare", place.study, "--out", place.out)
        _refused(said, folder.name, "the only process", "another --out")
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert bedside("prepare", place.study, "--out", place.out).code == 0


def _start(place: Place, out: Path, most_bytes: int | None = None) -> subprocess.Popen[str]:
    """`bedside prepare` in a process of its own, whose files may grow to `most_bytes` only."""

    def limit() -> None:
        if most_bytes is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.Popen(
        [sys.executable, "-m", "bedside.cli", "prepare", str(place.study), "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit,  # noqa: PLW1509  # nothing else runs in this process then
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )  # fmt: skip


def _ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what went to stderr."""
    err = process.communicate()[1]
    return process.returncode, err


def test_two_processes_at_once_leave_one_whole_run(place: Place) -> None:
    both = [_start(place, place.out) for _ in range(2)]
    ended = [_ended(process) for process in both]
    assert 0 in [code for code, _ in ended]
    for code, err in ended:
        assert code == 0 or (code == 2 and "the only process" in err), err
    assert verify(place.out / "ledger.db") == []
    assert len(list(place.out.glob("runs/prepare-*/DONE"))) == 1


def test_a_disk_that_fills_while_results_are_published_is_a_sentence(
    place: Place, bedside: Bedside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, PLANTED)

    with monkeypatch.context() as patched:
        patched.setattr(chain, "write_evidence", full)
        said = bedside("prepare", place.study, "--out", place.out)
    _refused(said, "room on the disk", "same command again")
    again = bedside("prepare", place.study, "--out", place.out)
    assert again.code == 0
    assert "kept" in again.err


def test_a_run_that_the_ledger_missed_is_recorded_later(
    place: Place, bedside: Bedside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LedgerError("ledger.db", expected="room", found="none")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "append_many", full)
        assert bedside("prepare", place.study, "--out", place.out).code == 2
    for _ in range(2):
        assert bedside("prepare", place.study, "--out", place.out).code == 0
    with Ledger(place.out / "ledger.db") as ledger:
        kinds = [entry.kind for entry in ledger.rows()]
    lines = (place.out / "evidence.jsonl").read_text(encoding="utf-8").splitlines()
    assert kinds == ["evidence"] * len(lines) + ["run"]


@pytest.mark.parametrize("most_bytes", [0, 1_000, 3_000, 6_000, 20_000])
def test_a_full_disk_is_a_sentence_and_nothing_is_lost(most_bytes: int, place: Place) -> None:
    """Files that cannot grow fail at the same calls as on a full disk."""
    calm, full = place.folder / "calm", place.folder / "full"
    assert _ended(_start(place, calm)) == (0, ANY)
    code, err = _ended(_start(place, full, most_bytes))
    assert code == 2, err
    assert "room" in err or "full" in err or "can be written" in err, err
    for never in ("Traceback", "P0007", "mistake of bedside's own"):
        assert never not in err
    assert _ended(_start(place, full))[0] == 0
    lines = (calm / "evidence.jsonl").read_text(encoding="utf-8")
    assert (full / "evidence.jsonl").read_text(encoding="utf-8") == lines
    assert verify(full / "ledger.db") == []
