"""Tables batch after batch: bounded, in order, and the same from every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bedside.adapters.table_stream import Source, Writer

GROUPS, ROWS = 60, 10_000


@pytest.fixture
def frame() -> pl.DataFrame:
    random = np.random.default_rng(0)
    return pl.DataFrame({name: random.normal(size=GROUPS * ROWS) for name in "abcd"})


def test_memory_does_not_grow_with_a_parquet_file(frame: pl.DataFrame, tmp_path: Path) -> None:
    frame.write_parquet(tmp_path / "in.parquet", row_group_size=ROWS)
    before, held = pa.total_allocated_bytes(), []
    for batch in Source(path=tmp_path / "in.parquet", columns=("a", "c"), rows=4_000).batches():
        assert batch.height <= 4_000
        held.append(pa.total_allocated_bytes() - before)
    whole = frame.height * 2 * 8
    assert max(held) < whole / 4


def test_rows_keep_their_order_in_every_format(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": range(50_000), "text": ["a\nb", None] * 25_000})
    frame.write_parquet(tmp_path / "in.parquet", row_group_size=7_000)
    frame.write_csv(tmp_path / "in.csv")
    for name in ("in.parquet", "in.csv"):
        source = Source(path=tmp_path / name, columns=("text", "n"), rows=999)
        found = pl.concat(source.batches())
        assert found["n"].cast(pl.Int64).to_list() == list(range(50_000))
        assert found["text"].to_list() == frame["text"].to_list()


def test_how_many_rows_there_are_is_known_or_estimated(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": range(100_000, 150_000)})
    frame.write_parquet(tmp_path / "in.parquet")
    frame.write_csv(tmp_path / "in.csv")
    sizes = [
        Source(path=tmp_path / name, columns=("n",), rows=10).size()
        for name in ("in.parquet", "in.csv")
    ]
    assert sizes == [50_000, pytest.approx(50_000, rel=0.01)]


def test_frames_written_one_by_one_are_one_table(tmp_path: Path) -> None:
    frames = [
        pl.DataFrame({"a": [1, None]}),
        pl.DataFrame({"a": [None, 2]}, schema={"a": pl.Int64}),
    ]
    for name, read in (("out.csv", pl.read_csv), ("out.parquet", pl.read_parquet)):
        with Writer(tmp_path / name, {}) as writer:
            for frame in frames:
                writer.write(frame)
                assert not (tmp_path / name).exists()
        assert read(tmp_path / name)["a"].to_list() == [1, None, None, 2]


def test_texts_held_by_number_are_plain_texts_to_a_reader(tmp_path: Path) -> None:
    """Each batch may have other texts, and more of them than a byte can number."""
    kinds = [pl.Enum(["a", "b"]), pl.Enum([f"t{i}" for i in range(300)]), pl.Enum(["z"])]
    frames = [
        pl.DataFrame({"text": [*kind.categories, None], "n": range(len(kind.categories) + 1)},
                     schema={"text": kind, "n": pl.Int64})
        for kind in kinds
    ]  # fmt: skip
    expected = [text for frame in frames for text in frame["text"].to_list()]
    for name, read in (("out.csv", pl.read_csv), ("out.parquet", pl.read_parquet)):
        with Writer(tmp_path / name, {"model": "trees"}) as writer:
            for frame in frames:
                writer.write(frame)
        assert read(tmp_path / name)["text"].to_list() == expected
        assert read(tmp_path / name)["text"].dtype == pl.String
    stored = pq.read_schema(tmp_path / "out.parquet")
    assert stored.field("text").type == pa.string()
    assert stored.metadata[b"model"] == b"trees"
