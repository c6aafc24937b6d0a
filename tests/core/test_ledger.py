"""The ledger: a law (any tampering is found) and the ways to be cut off."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bedside.core.errors import LedgerError
from bedside.core.ledger import GENESIS, Ledger, row_hash, verify


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def filled(path: Path, rows: int = 6) -> Ledger:
    ledger = Ledger(path)
    for number in range(rows):
        ledger.append("run" if number % 2 else "gate", {"number": number, "text": "é"})
    return ledger


def forced(path: Path, *statements: str) -> None:
    """What somebody with the file and SQLite could do."""
    database = sqlite3.connect(path)
    for name in ("ledger_no_update", "ledger_no_delete"):
        database.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        database.execute(statement)
    for act in ("update", "delete"):
        database.execute(
            f"CREATE TRIGGER ledger_no_{act} BEFORE {act} ON ledger "
            "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        )
    database.commit()
    database.close()


def stored(path: Path, seq: int) -> tuple[str, ...]:
    with closing(sqlite3.connect(path)) as database:
        row: tuple[str, ...] = database.execute(
            f"SELECT * FROM ledger WHERE seq = {seq}"
        ).fetchone()
    return row


def test_rows_come_back_in_order_and_chained(path: Path) -> None:
    with filled(path) as ledger:
        rows = list(ledger.rows())
        assert [row.seq for row in rows] == [1, 2, 3, 4, 5, 6]
        assert rows[0].previous == GENESIS
        assert all(a.hash == b.previous for a, b in pairwise(rows))
        assert rows[3].payload == {"number": 3, "text": "é"}
        assert [row.seq for row in ledger.rows("run")] == [2, 4, 6]
        assert ledger.head().hash == rows[-1].hash
        assert ledger.verify() == []


def test_append_gives_the_hash_of_the_row(path: Path) -> None:
    with Ledger(path) as ledger:
        given = ledger.append_many("prediction", [{"a": 1}, {"a": 2}])
        assert given == [row.hash for row in ledger.rows()]
        assert ledger.append_many("prediction", []) == []


def test_an_unknown_kind_is_refused_with_the_nearest(path: Path) -> None:
    with Ledger(path) as ledger, pytest.raises(LedgerError, match="prediction"):
        ledger.append("predictions", {})  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("statement", ["UPDATE ledger SET kind = 'gate'", "DELETE FROM ledger"])
def test_sqlite_itself_forbids_change(path: Path, statement: str) -> None:
    filled(path).close()
    with (
        closing(sqlite3.connect(path)) as database,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        database.execute(statement)


TAMPERING = {
    "altered payload": ("UPDATE ledger SET payload = '{}' WHERE seq = 3", "row 3"),
    "altered time": ("UPDATE ledger SET time = '2020' WHERE seq = 3", "row 3"),
    "altered kind": ("UPDATE ledger SET kind = 'alarm' WHERE seq = 1", "row 1"),
    "altered last": ("UPDATE ledger SET payload = '{}' WHERE seq = 6", "row 6"),
    "removed first": ("DELETE FROM ledger WHERE seq = 1", "row 1"),
    "removed middle": ("DELETE FROM ledger WHERE seq = 4", "row 4"),
    "removed last": ("DELETE FROM ledger WHERE seq = 6", "row 6"),
    "removed all": ("DELETE FROM ledger", "row 1"),
    "inserted": ("INSERT INTO ledger SELECT 7, time, kind, payload, hash, hash FROM ledger "
                 "WHERE seq = 6", "row 7"),
}  # fmt: skip


@pytest.mark.parametrize("act", TAMPERING)
def test_tampering_is_found_and_the_first_broken_row_named(path: Path, act: str) -> None:
    filled(path).close()
    statement, named = TAMPERING[act]
    forced(path, statement)
    problems = verify(path)
    assert problems
    assert problems[0].startswith(named), problems


def test_two_rows_swapped_are_found(path: Path) -> None:
    filled(path).close()
    forced(
        path,
        "UPDATE ledger SET seq = -1 WHERE seq = 2",
        "UPDATE ledger SET seq = 2 WHERE seq = 3",
        "UPDATE ledger SET seq = 3 WHERE seq = -1",
    )
    assert verify(path)[0].startswith("row 2")


def test_a_row_rewritten_with_a_right_hash_is_found(path: Path) -> None:
    filled(path).close()
    row = stored(path, 3)
    mine = row_hash(3, row[1], row[2], "{}", row[4])
    forced(path, f"UPDATE ledger SET payload = '{{}}', hash = '{mine}' WHERE seq = 3")
    assert verify(path) == ["row 4: does not follow from the row before it"]


def test_the_tail_rewritten_to_the_end_is_found_by_the_anchor(path: Path) -> None:
    filled(path).close()
    row = stored(path, 6)
    mine = row_hash(6, row[1], row[2], "{}", row[4])
    forced(path, f"UPDATE ledger SET payload = '{{}}', hash = '{mine}' WHERE seq = 6")
    assert verify(path) == ["row 6: is not the row that the anchor names"]


def test_a_removed_trigger_or_anchor_is_found(path: Path) -> None:
    filled(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TRIGGER ledger_no_delete")
    path.with_suffix(".head").unlink()
    assert len(verify(path)) == 2


def test_a_removed_database_is_found_when_opened_again(path: Path) -> None:
    filled(path).close()
    path.unlink()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with Ledger(path) as ledger:
        assert ledger.verify()


def test_not_a_database_is_a_sentence(path: Path) -> None:
    path.write_text("no database at all, but long enough to be taken for one" * 40)
    assert "cannot be read" in verify(path)[-1]
    with pytest.raises(LedgerError, match=r"ledger\.db"):
        Ledger(path)


def test_no_ledger_is_a_sentence(path: Path) -> None:
    with pytest.raises(LedgerError, match="no such file"):
        verify(path)


def test_an_anchor_one_write_behind_is_allowed(path: Path) -> None:
    """As when killed between the commit of a row and its anchor."""
    ledger = filled(path)
    behind = ledger.anchor.read_bytes()
    ledger.append("alarm", {})
    ledger.anchor.write_bytes(behind)
    assert ledger.verify() == []
    ledger.append("alarm", {})
    assert ledger.verify() == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_flipped_byte_of_any_cell_is_found(path: Path, data: st.DataObject) -> None:
    if not path.exists():
        filled(path).close()
    copy = Path(tempfile.mkdtemp(dir=path.parent)) / "copy.db"
    shutil.copy(path, copy)
    shutil.copy(path.with_suffix(".head"), copy.with_suffix(".head"))
    seq = data.draw(st.integers(1, 6))
    column = data.draw(st.sampled_from(["time", "kind", "payload", "previous", "hash"]))
    with closing(sqlite3.connect(copy)) as database:
        found = database.execute(f"SELECT {column} FROM ledger WHERE seq = {seq}").fetchone()
    text: str = found[0]
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="ascii", categories=["L", "N"]))
    changed = text[:place] + other + text[place + 1 :]
    forced(copy, f"UPDATE ledger SET {column} = '{changed}' WHERE seq = {seq}")
    assert bool(verify(copy)) == (changed != text)


WRITER = """
import sys
from pathlib import Path
from bedside.core.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    ledger.append("prediction", {"writer": sys.argv[3], "number": number, "text": "x" * 500})
    print(number, flush=True)
"""


def writer(path: Path, rows: int, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(rows), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_several_processes_write_one_chain(path: Path) -> None:
    writers = [writer(path, 20, str(number)) for number in range(3)]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    with Ledger(path) as ledger:
        assert ledger.verify() == []
        seen = [(row.payload["writer"], row.payload["number"]) for row in ledger.rows()]  # type: ignore[index,call-overload]  # payload is a table here
    assert len(seen) == 60
    assert len(set(seen)) == 60


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_at_any_moment_loses_no_row_that_was_acknowledged(path: Path, seed: int) -> None:
    with writer(path, 1_000_000, "killed") as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.Random(seed).uniform(0.0, 0.4))
        os.kill(process.pid, signal.SIGKILL)
        acknowledged = 1 + len(process.stdout.read().splitlines())
    assert verify(path) == []
    with Ledger(path) as ledger:
        assert acknowledged <= len(list(ledger.rows())) <= acknowledged + 1
        ledger.append("alarm", {})
        assert ledger.verify() == []


def test_a_full_disk_is_a_sentence_and_loses_nothing(path: Path) -> None:
    with filled(path) as ledger:
        pages = ledger._database.execute("PRAGMA page_count").fetchone()[0]
        ledger._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerError, match="full") as caught:
            ledger.append_many("prediction", [{"text": "x" * 5000}] * 20)
        assert "nothing that was written is lost" in str(caught.value)
        assert ledger.head().count == 6
        assert ledger.verify() == []
        ledger._database.execute("PRAGMA max_page_count = 1000000")
        ledger.append("alarm", {})
        assert ledger.head().count == 7
        assert ledger.verify() == []


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match=r"ledger\.db"):
        Ledger(tmp_path / "file" / "ledger.db")
