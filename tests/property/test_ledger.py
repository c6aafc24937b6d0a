"""The ledger's chain: one changed character anywhere in a row is found, and named by its row."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.core.ledger import Ledger, verify

payloads = st.lists(
    st.dictionaries(st.text(max_size=6), st.integers() | st.text(max_size=9) | st.none()),
    min_size=2,
    max_size=5,
)


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    with Ledger(path) as ledger:
        for row in rows:
            ledger.append("evidence", row)


def _set(path: Path, seq: int, column: str, text: str) -> None:
    """Alter one cell as somebody would who may write the file."""
    with closing(sqlite3.connect(path)) as database:
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = list(triggers)
        for name, _ in kept:
            database.execute(f"DROP TRIGGER {name}")
        database.execute(f"UPDATE ledger SET {column} = ? WHERE seq = ?", (text, seq))
        for _, sql in kept:
            database.execute(sql)
        database.commit()


@given(payloads, st.data())
@settings(max_examples=25, deadline=None)
def test_one_changed_character_is_found(rows: list[dict[str, object]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        _write(path, rows)
        assert verify(path) == []
        seq = data.draw(st.integers(1, len(rows)))
        column = data.draw(st.sampled_from(["payload", "kind", "time", "previous", "hash"]))
        with closing(sqlite3.connect(path)) as database:
            query = f"SELECT {column} FROM ledger WHERE seq = ?"
            text = str(database.execute(query, (seq,)).fetchone()[0])
        at = data.draw(st.integers(0, len(text) - 1))
        letter = data.draw(st.characters(codec="ascii", categories=["L", "N"]))
        altered = text[:at] + (letter if letter != text[at] else "~") + text[at + 1 :]
        _set(path, seq, column, altered)
        found = verify(path)
        assert any(problem.startswith(f"row {seq}:") for problem in found), found
        _set(path, seq, column, text)
        assert verify(path) == []


@given(payloads)
@settings(max_examples=15, deadline=None)
def test_rows_come_back_in_order(rows: list[dict[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        _write(path, rows)
        with Ledger(path) as ledger:
            assert [entry.payload for entry in ledger.rows()] == rows
            assert ledger.head().count == len(rows)
