"""Randomness by name: the same for the same purpose, unrelated for any other."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.randomness import WORDS, Draw, stream, uniforms


def test_a_stream_is_its_purpose() -> None:
    first = stream(3, 1, 2, 4).random(5)
    np.testing.assert_array_equal(first, stream(3, 1, 2, 4).random(5))
    others = [
        stream(*key).random(5) for key in ((4, 1, 2, 4), (3, 2, 1, 4), (3, 1, 2), (3, 1, 2, 5))
    ]
    assert all(not np.isin(first, other).any() for other in others)


def test_the_numbers_of_an_op_do_not_depend_on_how_many_follow() -> None:
    few, many = uniforms(1, 2, 3, 2), uniforms(1, 2, 3, 7)
    assert many.shape == (7, WORDS)
    np.testing.assert_array_equal(few, many[:2])
    assert len(np.unique(many)) == many.size


def test_negative_and_large_numbers_are_keys_too() -> None:
    assert not np.isin(uniforms(-1, 0, -5, 1), uniforms(1, 0, 5, 1)).any()
    assert uniforms(2**80 + 1, 0, 2**70, 1).shape == (1, WORDS)


def test_samples_epochs_and_seeds_are_uniform_and_unrelated() -> None:
    drawn = np.stack([uniforms(seed, epoch, sample, 1)[0] for seed in range(4)
                      for epoch in range(10) for sample in range(50)])  # fmt: skip
    assert abs(drawn.mean() - 0.5) < 0.006
    assert abs(drawn.var() - 1 / 12) < 0.001
    assert np.abs(np.corrcoef(drawn.T) - np.eye(WORDS)).max() < 0.08
    assert np.abs(np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]) < 0.06


def test_a_draw_takes_its_numbers_in_order() -> None:
    draw = Draw([0.5, 0.25, 0.0, 0.999999, 0.5, 0.75])
    assert draw.between((2, 4)) == 3
    assert draw.happens(0.3)
    assert draw.whole(5) == 0
    assert draw.whole(5) == 4
    assert draw.ratio((0.25, 4.0)) == pytest.approx(1.0)
    assert draw.key() == 3 * 2**51
    with pytest.raises(IndexError):
        draw.number()
