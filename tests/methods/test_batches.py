from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from bedside.methods.batches import Cost, Feed, Source

CPU = torch.device("cpu")


def source(augment: object = None, mapped: Path | None = None) -> Source:
    images = np.arange(50, dtype=np.uint8)[:, None, None, None] + np.zeros((1, 1, 2, 2), np.uint8)
    if mapped:
        np.save(mapped / "images.npy", images)
        images = np.load(mapped / "images.npy", mmap_mode="r")
    labels = np.arange(50, dtype=np.float32)[:, None]
    return Source(
        labels=labels, weights=np.ones_like(labels), inputs=(images,),
        counted=np.arange(0, 50, 2), augment=augment,
    )  # fmt: skip


def draws(arrays: tuple, labels: np.ndarray, rows: np.ndarray, *, epoch: int) -> tuple:
    """Each row moved by what it alone and the epoch say."""
    moved = [np.random.Generator(np.random.Philox(key=[int(row), epoch])).normal() for row in rows]
    return (arrays[0] + np.array(moved, np.float32)[:, None, None, None],), labels


def read(feed: Feed, epoch: int, *, pause: float = 0.0) -> list[list[np.ndarray]]:
    found = []
    for batch in feed.epoch(epoch):
        time.sleep(pause)
        found.append([array.numpy() for array in batch])
    return found


def same(first: list, second: list) -> bool:
    return all(
        np.array_equal(a, b)
        for x, y in zip(first, second, strict=True)
        for a, b in zip(x, y, strict=True)
    )


def test_what_is_fetched_is_what_would_be_in_memory(tmp_path: Path) -> None:
    feeds = [Feed(source(mapped=mapped), 8, CPU, seed=3) for mapped in (None, tmp_path)]
    assert [feed.source.resident for feed in feeds] == [True, False]
    inside, fetched = (read(feed, 2) for feed in feeds)
    assert same(inside, fetched)
    assert len(inside) == len(feeds[0]) == 3
    rows = np.concatenate([labels[:, 0] for labels, *_ in inside])
    assert sorted(rows.tolist()) == list(range(0, 50, 2))
    for labels, weights, images in fetched:
        np.testing.assert_array_equal(images[:, 0, 1, 1], labels[:, 0])
        assert weights.shape == labels.shape


def test_batches_do_not_depend_on_how_fast_they_are_taken() -> None:
    quick, slow = (read(Feed(source(draws), 8, CPU, seed=3), 1, pause=p) for p in (0.0, 0.02))
    assert same(quick, slow)
    assert not same(quick, read(Feed(source(draws), 8, CPU, seed=3), 2))


def test_waiting_is_for_what_the_batches_took_longer_than_the_model() -> None:
    def late(arrays: tuple, labels: np.ndarray, rows: np.ndarray, *, epoch: int) -> tuple:
        time.sleep(0.03)
        return arrays, labels

    waited, hidden = Feed(source(late), 4, CPU, seed=0), Feed(source(late), 4, CPU, seed=0)
    read(waited, 1)
    read(hidden, 1, pause=0.06)
    assert waited.waiting > 0.1
    assert hidden.waiting < waited.waiting / 2
    assert waited.loading < 0.1  # asleep is not at work


def test_leaving_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    feed = Feed(source(draws), 2, CPU, seed=0)
    batches = feed.epoch(1)
    next(batches)
    assert threading.active_count() == before + 1
    batches.close()
    assert threading.active_count() == before


def test_shares_of_no_time_are_nothing() -> None:
    assert (Cost().waiting_share, Cost().loading_share) == (0, 0)
    cost = Cost(elapsed=4.0, waiting=1.0, used=8.0, loading=2.0)
    assert (cost.waiting_share, cost.loading_share) == (0.25, 0.25)


def test_an_error_in_fetching_comes_with_its_batch() -> None:
    def broken(arrays: tuple, labels: np.ndarray, rows: np.ndarray, *, epoch: int) -> tuple:
        raise OSError("the file is gone")

    with pytest.raises(OSError, match="gone"):
        read(Feed(source(broken), 8, CPU, seed=0), 1)
