"""Averages over blocks against numpy, for sizes that blocks divide and those they do not."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.modalities.images.augment.shrink import (
    factors,
    storage,
    summed,
    summed_shape,
    through,
)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("size", [(1, 8, 10), (1, 7, 9), (5, 6, 4), (3, 1, 11), (2, 13, 1)])
@pytest.mark.parametrize("blocks", [(1, 2, 2), (1, 3, 3), (2, 2, 3), (2, 1, 1), (4, 5, 12)])
def test_sums_repeat_the_edge_and_a_single_block(kind, size, blocks) -> None:
    values = np.random.default_rng(0).integers(0, 255, (2, *size)).astype(kind)
    held = storage(np.dtype(kind), int(np.prod(blocks)))
    assert held is (np.int16 if kind == np.uint8 and np.prod(blocks) <= 128 else np.float32)
    shape = summed_shape(size, np.array(blocks))
    out = np.full((2, *shape), -1, held)
    summed(values, out, np.array(blocks))
    short = [(0, -s % k) for k, s in zip(blocks, size, strict=True)]
    whole = np.pad(values, [(0, 0), *short], mode="edge").astype(np.float64)
    z, y, x = (n // k for n, k in zip(whole.shape[1:], blocks, strict=True))
    expected = whole.reshape(2, z, blocks[0], y, blocks[1], x, blocks[2]).sum(axis=(2, 4, 6))
    single = [(0, n - m) for n, m in zip(out.shape, expected.shape, strict=True)]
    expected = np.pad(expected, single, mode="edge")
    np.testing.assert_array_equal(out, expected)


def test_blocks_follow_the_steps_and_the_map_follows_the_blocks() -> None:
    matrix = np.array([[1.49, 0.0, 0.0, 3.0], [0.0, 0.0, 1.5, 4.0], [0.0, -2.6, 0.0, 5.0]])
    assert factors(matrix[None]).tolist() == [[1, 2, 3]]
    changed = through(matrix, np.array([1, 2, 3]))
    centre = np.array([[3.0, 2.0, 1.0, 1.0]]).T
    block = ((matrix @ centre)[:, 0] + 0.5) / (1, 2, 3) - 0.5  # both count from the first middle
    np.testing.assert_allclose((changed @ centre)[:, 0], block)


def test_nothing_is_kept_where_nothing_is_summed() -> None:
    assert storage(np.dtype(np.uint8), 1) is None
