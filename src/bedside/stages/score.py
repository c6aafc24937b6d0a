"""Score: predictions for a source of patients of any size, in bounded memory.

A row that the schema does not admit is answered too: the model abstains and says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from bedside.core.errors import DataError, RunError
from bedside.core.new_folder import NewFolder
from bedside.core.progress import Progress, Silent

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from bedside.core.bundle import Bundle
    from bedside.core.dataset import Schema
    from bedside.methods.served import Arrays, Compute, Served

NEEDS: tuple[str, ...] = ()
TINY: dict[str, object] = {}
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[score]`: how a file is worked through."""

    rows: int = 16_384
    """Rows in a batch: memory against speed."""


class Examined(Protocol):
    """Rows of a batch as arrays, and what is wrong with some of them."""

    @property
    def arrays(self) -> Arrays:
        """Arrays of N rows; a value with a problem is missing here."""

    @property
    def problem(self) -> NDArray[np.int64]:
        """[N] 0 where a row is in order, else k: see `sentences`."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """`sentences[k - 1]` says what is wrong; it names the field, never the value."""

    @property
    def names(self) -> tuple[str, ...]:
        """By which the source knows each row; none where rows have no names."""

    @property
    def made_up(self) -> int:
        """How many rows say themselves that they are of no patient."""


class OutlineKeeper(Protocol):
    """What a modality that learns masks also does."""

    def keep_outlines(
        self, batch: Examined, masks: NDArray[np.uint8], folder: NewFolder
    ) -> list[str | None]:
        """Write the mask of each row, in the geometry of its own image; the name of each file."""


class Cell(Protocol):
    """A source of this modality, batch after batch."""

    def batches(self, path: Path, schema: Schema, rows: int) -> Iterator[Examined]:
        """At most `rows` rows at a time, in the order of the file; DataError where it is cut."""

    def size(self, path: Path, schema: Schema) -> int:
        """About how many rows; 0 where it cannot be told."""

    def passed_over(self, path: Path, schema: Schema) -> str:
        """What of the source was not scored, how many and why; empty: all was."""


def score(
    folder: Path,
    source: Path,
    out: Path,
    *,
    trust: Path | None = None,
    progress: Progress | None = None,
    spec: Spec | None = None,
) -> str:
    """Predict for each row of `source` into `out` (CSV or Parquet), in its order.

    Masks of a segmentation are written into a folder beside `out`, `<out>_masks`; the column `mask`
    names the file of each row.

    `source` is any form that the modality's prepare takes: for tables CSV or Parquet.

    `out` and the masks appear when they are whole, in place of earlier ones; a killed run leaves
    what was there before. Returns a sentence.

    Raises BundleError for an altered bundle, DataError for a file that cannot be read or lacks a
    field, RunError where `out` cannot be written or `<out>_masks` holds something else.
    """
    from bedside.core import cells

    bundle, served = _open(folder, trust)
    if not source.exists():
        raise DataError(source.name, expected="a file of patients", found="no such file")
    modality = served.schema.fields[0].modality
    cell: Cell = cells.cell(modality, "score")
    told = progress or Silent()
    total = cell.size(source, served.schema)
    told.begin("score")
    counts, started = _Counts(), time.monotonic()
    examined = cell.batches(source, served.schema, (spec or Spec()).rows)
    notes = {"bundle": bundle.id, "model": bundle.model, "study": bundle.manifest.study}
    with _output(out, notes) as write, _keeper(cell, served, out, notes, source) as keep:
        for batch in _ahead(examined):
            write(_frame(served, batch, counts, keep))
            told.advance(counts.rows, max(total, counts.rows), f"{counts.rows:,} rows")
        if not counts.rows:
            raise _no_rows(source)
    seconds = time.monotonic() - started
    told.end("score", counts.sentence(), seconds, repeated=False)
    left = cell.passed_over(source, served.schema)
    return f"{out}: {counts.sentence()}{counts.note()}" + (f"\nleft out: {left}" if left else "")


@dataclass(slots=True)
class _Counts:
    """What was scored so far."""

    rows: int = 0
    alerts: int = 0
    abstained: int = 0
    refused: int = field(default=0)
    """Of those that were abstained from, rows out of schema."""
    made_up: int = 0
    """Rows that say themselves that they are of no patient: scored, as they judge no model here."""

    def sentence(self) -> str:
        """Counts of people."""
        return (
            f"{self.rows:,} rows, {self.alerts:,} to act on, {self.abstained:,} abstained from, "
            f"of these {self.refused:,} out of schema"
        )

    def note(self) -> str:
        """What else must be known of them."""
        if not self.made_up:
            return ""
        some = f"{self.made_up:,} of {self.rows:,} rows"
        return f"\nmade up: {some} are of no patient, as `bedside synthesize` wrote into the files"


def _open(folder: Path, trust: Path | None) -> tuple[Bundle, Served]:
    from bedside.adapters import ed25519
    from bedside.core import cells
    from bedside.core.bundle import Bundle
    from bedside.core.dataset import read_schema
    from bedside.methods.served import check_golden, open_served

    key = ed25519.read_public_key(trust) if trust else None
    bundle = Bundle.load(folder, ed25519.verify, key)
    modality = read_schema(bundle.text("schema.json")).fields[0].modality
    served = open_served(bundle, cells.cell(modality, "serve"), _on_all_cores)
    check_golden(served, bundle.json("golden.json"))
    return bundle, served


def _on_all_cores(content: bytes) -> Compute:
    from bedside.adapters.session import open_graph

    return open_graph(content, threads=0)


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, the next of which is read while the last is worked on."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = pool.submit(next, items, None)
            yield item


@contextmanager
def _output(out: Path, notes: dict[str, str]) -> Iterator[Callable[[pl.DataFrame], None]]:
    """Writes a frame to `out` while the next one is made."""
    from bedside.adapters.table_stream import Writer

    with Writer(out, notes) as writer, ThreadPoolExecutor(1) as pool:
        waiting: list[Future[None]] = []

        def write(frame: pl.DataFrame) -> None:
            for last in waiting:
                last.result()
            waiting[:] = [pool.submit(writer.write, frame)]

        yield write
        for last in waiting:
            last.result()


Keep = Callable[["Examined", "NDArray[np.uint8]"], list[str | None]]


@contextmanager
def _keeper(
    cell: Cell, served: Served, out: Path, notes: dict[str, str], source: Path
) -> Iterator[Keep | None]:
    """What is done with masks; None where the task has none."""
    if served.schema.target.type != "segmentation":
        yield None
        return
    path = out.with_name(f"{out.name.split('.')[0]}_masks")
    if source.is_dir() and path.resolve().is_relative_to(source.resolve()):
        raise RunError(
            path.name, expected="a place outside the folder that is scored",
            found="one inside it, where masks would be taken for images",
            hint="name an output in another folder",
        )  # fmt: skip
    keeper = cast("OutlineKeeper", cell)
    with NewFolder(path, "bundle.json", notes) as folder:
        yield lambda batch, masks: keeper.keep_outlines(batch, masks, folder)


def _frame(
    served: Served, batch: Examined, counts: _Counts, keep: Keep | None = None
) -> pl.DataFrame:
    """Answers to a batch, one row each."""
    import polars as pl

    from bedside.methods.scored import refuse, scored_frame

    outputs = served.decide(batch.arrays)
    kept = keep(batch, outputs.masks) if keep is not None and outputs.masks is not None else None
    wrong = batch.problem > 0
    decisions = refuse(outputs.decisions, wrong)
    frame = scored_frame(
        served.schema.target,
        decisions,
        outputs.novelty,
        labels=[refuse(one, wrong) for one in outputs.labels],
        problem=batch.problem,
        sentences=batch.sentences,
        first=counts.rows,
        names=batch.names,
    )
    if kept is not None:
        frame = frame.with_columns(pl.Series("mask", kept, dtype=pl.String))
    counts.rows += frame.height
    counts.alerts += int(decisions.act.sum())
    counts.abstained += int(decisions.abstain.sum())
    counts.refused += int(wrong.sum())
    counts.made_up += batch.made_up
    return frame


def _no_rows(source: Path) -> Exception:
    return DataError(
        source.name, expected="at least one row", found="none", hint="was it copied whole?"
    )
