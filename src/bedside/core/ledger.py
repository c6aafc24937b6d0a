"""The ledger: what happened, in order, so that nobody can quietly change it afterwards.

One SQLite file of rows that are only ever added. Each row's hash covers its content and the hash
of the row before it, so that an altered, removed, inserted or reordered row breaks the chain. An
anchor file beside it, `<name>.head`, holds the count and the last hash, so that rows missing at
the end are found as well. The anchor is written just after the row: a process killed between the
two leaves it one write behind, which is allowed; ahead of the rows it can never honestly be.

Whoever may write both files can write a new history. Copy the head that `head()` gives to a place
that they cannot write (a report, a ticket, another machine) to find that too.

WAL lets readers work beside a writer. `synchronous=FULL` makes a row durable before `append`
returns, because an answer about a patient is sent only after its row is safe; NORMAL could lose
the last rows in a power cut. Many rows in one `append_many` share one such wait.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, get_args

from bedside.core.errors import LedgerError
from bedside.core.spec import Plain, canonical, nearest

Kind = Literal["run", "evidence", "gate", "release", "deployment", "prediction", "outcome", "alarm"]
KINDS: tuple[str, ...] = get_args(Kind)
GENESIS = "0" * 64
"""What the first row names as its previous hash."""

_BUSY_SECONDS = 30.0
_ROOM = 1 << 20  # bytes
_TABLE = """
CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
"""
_INDEX = "CREATE INDEX IF NOT EXISTS ledger_kind ON ledger (kind, seq);"
_TRIGGERS = {
    f"ledger_no_{act}": f"CREATE TRIGGER IF NOT EXISTS ledger_no_{act} BEFORE {act.upper()} "
    "ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
    for act in ("update", "delete")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the ledger."""

    seq: int
    """1, 2, 3, ... without a gap."""
    time: str
    """When it was written: UTC, ISO 8601."""
    kind: str
    payload: Plain
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How many rows there are, and the hash of the last."""

    count: int
    hash: str


def row_hash(seq: int, time: str, kind: str, payload: str, previous: str) -> str:
    """SHA-256 of a row's content, `payload` as the canonical text that is stored."""
    text = json.dumps([seq, time, kind, payload, previous], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Ledger:
    """An append-only, hash-chained record in one SQLite file; several processes may write it.

    >>> import tempfile
    >>> with Ledger(Path(tempfile.mkdtemp()) / "ledger.db") as ledger:
    ...     hash = ledger.append("run", {"name": "prepare-1f3a"})
    ...     [entry.kind for entry in ledger.rows()], ledger.verify()
    (['run'], [])
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.anchor = path.with_suffix(".head")
        self._threads = threading.Lock()
        with self._sentences():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = os.open(self.anchor, os.O_RDWR | os.O_CREAT, 0o644)
            self._database = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            with self._writing():
                self._prepare()

    def append(self, kind: Kind, payload: object) -> str:
        """Add one row and return its hash; when this returns, the row is on the disk.

        Raises LedgerError when it cannot be written; then nothing was.
        """
        return self.append_many(kind, [payload])[-1]

    def append_many(self, kind: Kind, payloads: Sequence[object]) -> list[str]:
        """Add rows all together or not at all, at the price of one; their hashes, in order."""
        if kind not in KINDS:
            raise LedgerError(
                self.path.name,
                expected="a known kind of row",
                found=f"'{kind}'",
                hint=nearest(kind, KINDS),
            )
        texts = [canonical(payload) for payload in payloads]
        if not texts:
            return []
        with self._sentences(), self._writing():
            rows = _chained(self._last(), kind, texts)
            self._database.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._database.execute("COMMIT")
            self._anchor_to(Head(count=rows[-1][0], hash=rows[-1][5]))
        return [row[5] for row in rows]

    def rows(self, kind: Kind | None = None) -> Iterator[Entry]:
        """The rows in order, of one kind or all, as they were when asked for the first."""
        where, values = ("WHERE kind = ?", (kind,)) if kind else ("", ())
        with self._sentences(), closing(self._reading()) as database:
            for row in database.execute(f"SELECT * FROM ledger {where} ORDER BY seq", values):
                yield _entry(row)

    def head(self) -> Head:
        """Count and hash of the last row: what to copy elsewhere."""
        with self._sentences(), self._threads:
            return self._last()

    def check_writable(self) -> None:
        """LedgerError where a row could not be written now; none is."""
        free = os.statvfs(self.path.parent)
        if free.f_bavail * free.f_frsize < _ROOM:
            raise _cannot(self.path, OSError("the disk is full"))
        with self._sentences(), self._writing():
            self._last()

    def verify(self) -> list[str]:
        """Every problem found, the first broken row first; empty when the chain is whole."""
        return verify(self.path)

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()
        os.close(self._lock_file)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _prepare(self) -> None:
        for statement in (_TABLE, _INDEX, *_TRIGGERS.values()):
            self._database.execute(statement)
        empty = self._last().count == 0
        self._database.execute("COMMIT")
        if empty and os.fstat(self._lock_file).st_size == 0:
            self._anchor_to(Head(count=0, hash=GENESIS))

    def _last(self) -> Head:
        row = self._database.execute(
            "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return Head(count=row[0], hash=row[1]) if row else Head(count=0, hash=GENESIS)

    def _anchor_to(self, head: Head) -> None:
        """One write of a fixed length in place: whole even when killed, and on a full disk."""
        os.pwrite(self._lock_file, f"{head.count:020d} {head.hash}\n".encode(), 0)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One writer at a time, row and anchor together; what fails is rolled back."""
        with self._threads:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
            try:
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=FULL")
                self._database.execute("BEGIN IMMEDIATE")
                yield
            finally:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def _reading(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_BUSY_SECONDS, check_same_thread=False)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise _cannot(self.path, error) from error


def verify(path: Path) -> list[str]:
    """Every problem of the ledger in a file, the first broken row first; it is only read.

    Raises LedgerError where there is no such file.
    """
    if not path.is_file():
        raise LedgerError(path.name, expected="a ledger", found="no such file")
    anchor, problems = _read_anchor(path.with_suffix(".head"))
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
        ) as database:
            problems += _check_schema(database)
            problems += _check_rows(database, anchor)
    except sqlite3.Error as error:
        problems.append(f"the file cannot be read as a database: {error}")
    return problems


def _chained(
    last: Head, kind: str, texts: Sequence[str]
) -> list[tuple[int, str, str, str, str, str]]:
    time = datetime.now(UTC).isoformat(timespec="microseconds")
    rows: list[tuple[int, str, str, str, str, str]] = []
    previous = last.hash
    for seq, text in enumerate(texts, start=last.count + 1):
        mine = row_hash(seq, time, kind, text, previous)
        rows.append((seq, time, kind, text, previous, mine))
        previous = mine
    return rows


def _entry(row: tuple[int, str, str, str, str, str]) -> Entry:
    seq, time, kind, payload, previous, mine = row
    return Entry(
        seq=seq,
        time=time,
        kind=kind,
        payload=json.loads(payload),
        previous=previous,
        hash=mine,
    )


def _read_anchor(path: Path) -> tuple[Head | None, list[str]]:
    try:
        count, mine = path.read_text(encoding="ascii").split()
        return Head(count=int(count), hash=mine), []
    except OSError:
        return None, [f"{path.name}: the anchor is missing, so rows missing at the end go unseen"]
    except ValueError:
        return None, [f"{path.name}: the anchor is damaged, so rows missing at the end go unseen"]


def _check_schema(database: sqlite3.Connection) -> list[str]:
    found = {
        row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    }
    return [f"the trigger {name} was removed" for name in _TRIGGERS if name not in found]


def _check_rows(database: sqlite3.Connection, anchor: Head | None) -> list[str]:
    """Walk the chain; after a broken row go on from what that row says, so each is named once."""
    problems: list[str] = []
    count, previous, anchored = 0, GENESIS, anchor is None or anchor.count == 0
    for seq, time, kind, payload, before, mine in database.execute(
        "SELECT seq, time, kind, payload, previous, hash FROM ledger ORDER BY seq"
    ):
        if seq != count + 1:
            problems.append(f"row {count + 1}: missing; the next row is {seq}")
        if before != previous:
            problems.append(f"row {seq}: does not follow from the row before it")
        if row_hash(seq, time, kind, payload, before) != mine:
            problems.append(f"row {seq}: its content was altered")
        if anchor and seq == anchor.count:
            anchored = True
            if mine != anchor.hash:
                problems.append(f"row {seq}: is not the row that the anchor names")
        count, previous = seq, mine
    if anchor and not anchored:
        problems.append(
            f"row {count + 1}: missing; the anchor counts {anchor.count} rows, found {count}"
        )
    return problems


def _cannot(path: Path, error: Exception) -> LedgerError:
    hints = {
        "full": "free some space; nothing that was written is lost",
        "disk I/O": "is the disk full, or read-only? nothing that was written is lost",
        "locked": "another process held it for too long; try again",
        "append-only": "add a row that corrects an earlier one",
    }
    text = str(error)
    hint = next((hint for word, hint in hints.items() if word in text), "")
    return LedgerError(path.name, expected="a ledger that can be written", found=text, hint=hint)
