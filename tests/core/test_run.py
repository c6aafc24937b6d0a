from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from bedside.core.errors import RunError
from bedside.core.evidence import Evidence
from bedside.core.run import Outcome, Run, locked, name_run, place, write_text


def test_the_name_follows_from_what_goes_in() -> None:
    assert name_run("train", {"a": 1}) == name_run("train", {"a": 1})
    assert name_run("train", {"a": 1}) != name_run("train", {"a": 2})
    assert name_run("held_out-ish", 1).rsplit("-", 1)[0] == "held_out-ish"


def test_a_run_is_done_when_it_says_so(tmp_path: Path) -> None:
    with locked(tmp_path / "train-1") as run:
        assert not run.done
        run.write_evidence([Evidence(measure="m", value=1.0, subjects=2, stage="")])
        run.finish(Outcome(headline="fine", stop="because"), 1.0)
    assert run.done
    assert run.outcome() == Outcome(headline="fine", stop="because")
    assert [(e.stage, e.run) for e in run.evidence()] == [("train", "train-1")]


def _try_lock(folder: str, answer: multiprocessing.Queue[str]) -> None:
    try:
        with locked(Path(folder)):
            answer.put("locked")
    except RunError as error:
        answer.put(str(error))


def test_two_processes_never_write_one_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answer: multiprocessing.Queue[str] = context.Queue()
    with locked(tmp_path / "train-1"):
        process = context.Process(target=_try_lock, args=(str(tmp_path / "train-1"), answer))
        process.start()
        said = answer.get(timeout=60)
        process.join()
    answer.close()
    assert "another one at work" in said


def test_damaged_json_is_a_sentence(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.path("a.json").write_text("{")
    for name in ("a.json", "none.json"):
        with pytest.raises(RunError, match=name):
            run.read_json(name)


def test_files_are_placed_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "one")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_text("1")
    for _ in range(2):
        place(tmp_path / "a", tmp_path / "b")
        place(tmp_path / "folder", tmp_path / "copy")
    assert (tmp_path / "b").read_text() == "one"
    assert (tmp_path / "copy" / "x").read_text() == "1"
    assert not list(tmp_path.glob(".*part"))
