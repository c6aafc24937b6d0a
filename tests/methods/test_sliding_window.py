"""Windows: exact for what looks at one voxel, all covered, and one call if it fits."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.core.errors import DataError
from bedside.methods.sliding_window import _starts, predict_windows, window_weights


def image(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def pointwise(given):
    """Two channels to three probabilities, each voxel by itself."""
    logits = np.stack([given[:, 0], given[:, 1], given[:, 0] * given[:, 1]], axis=1)
    raised = np.exp(logits)
    return raised / raised.sum(axis=1, keepdims=True)


SIZES = st.lists(st.tuples(st.integers(1, 13), st.integers(1, 7)), min_size=1, max_size=3)


@settings(max_examples=80, deadline=None)
@given(sizes=SIZES, overlap=st.floats(0, 0.95), batch=st.integers(1, 5), seed=st.integers(0, 99))
def test_what_looks_at_one_voxel_gives_what_it_would_on_the_whole(sizes, overlap, batch, seed):
    spatial, patch = zip(*sizes, strict=True)
    whole = image((2, *spatial), seed)
    found = predict_windows(pointwise, whole, patch=patch, overlap=overlap, batch=batch)
    assert found.dtype == np.float32
    assert (found == pointwise(whole[None])[0]).all()


@given(length=st.integers(1, 200), size=st.integers(1, 60), overlap=st.floats(0, 0.99))
def test_windows_cover_everything_and_overlap_enough(length, size, overlap):
    length = max(length, size)
    starts = np.array(list(_starts(length, size, overlap)))
    assert starts[0] == 0
    assert starts[-1] == length - size
    apart = np.diff(starts)
    assert (apart >= 1).all()
    assert (apart <= max(1, size * (1 - overlap) + 1e-6)).all()


def test_an_image_that_fits_is_one_call():
    calls = []

    def run(given):
        calls.append(given.shape)
        return given

    found = predict_windows(run, image((1, 5, 6, 7)), patch=(8, 6, 9))
    assert calls == [(1, 1, 8, 6, 9)]
    assert found.shape == (1, 5, 6, 7)


def test_what_is_added_to_a_small_image_is_its_edge():
    seen = []
    predict_windows(lambda x: seen.append(x) or x, np.array([[1.0, 2.0]]), patch=(5,))
    assert seen[0][0, 0].tolist() == [1, 1, 2, 2, 2]


def by_hand(run, whole, patch, starts):
    """The weighted sum over the sum of weights, in double precision."""
    weights = window_weights(patch).astype(np.float64)
    sums, total = 0.0, np.zeros(whole.shape[1:])
    for a in starts[0]:
        for b in starts[1]:
            box = (slice(a, a + patch[0]), slice(b, b + patch[1]))
            answer = run(whole[(slice(None), *box)][None])[0]
            spread = np.zeros((answer.shape[0], *whole.shape[1:]))
            spread[(slice(None), *box)] = answer * weights
            sums, total[box] = sums + spread, total[box] + weights
    return sums / total


def of_place(given):
    """An answer that depends on where in the window a voxel lies."""
    rows, columns = np.indices(given.shape[2:])
    return given * (1 + rows) + columns


def test_overlapping_answers_are_averaged_with_the_weights():
    whole = image((1, 9, 10))
    found = predict_windows(of_place, whole, patch=(5, 4), overlap=0.5, batch=3)
    expected = by_hand(of_place, whole, (5, 4), ([0, 2, 4], [0, 2, 4, 6]))
    assert found == pytest.approx(expected, abs=1e-5)


def test_the_size_of_a_batch_changes_nothing():
    whole = image((1, 19, 23))
    found = [predict_windows(of_place, whole, patch=(8, 7), batch=b) for b in (1, 4, 100)]
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


def test_weights_are_highest_in_the_middle_and_nowhere_zero():
    weights = window_weights((9, 6))
    assert weights.max() == weights[4, 2] == weights[4, 3] == 1.0
    assert weights.min() >= 1e-3
    assert (weights == weights[::-1, ::-1]).all()


def test_memory_holds_the_answer_and_little_else():
    whole = np.zeros((1, 120, 120, 120), np.float32)
    tracemalloc.start()
    predict_windows(lambda x: x, whole, patch=(40, 40, 40), overlap=0.25, batch=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * whole.nbytes + 16 * 40**3 * 4


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"patch": (4, 4)}, "patch"),
        ({"patch": (4, 4, 0)}, "patch"),
        ({"patch": (4, 4, 4), "overlap": 1.0}, "windows"),
        ({"patch": (4, 4, 4), "overlap": -0.1}, "windows"),
        ({"patch": (4, 4, 4), "batch": 0}, "windows"),
    ],
)
def test_windows_that_do_not_fit_are_refused(settings_, says):
    with pytest.raises(DataError, match=says):
        predict_windows(lambda x: x, image((1, 5, 6, 7)), **settings_)


@pytest.mark.parametrize(
    "run", [lambda x: x[:, :, ::2], lambda x: x[:1], lambda x: x[:, 0], lambda x: 0.5]
)
def test_an_answer_of_another_shape_is_refused(run):
    with pytest.raises(DataError, match="network's answer"):
        predict_windows(run, image((1, 9, 9)), patch=(4, 4), batch=2)
