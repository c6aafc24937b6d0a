"""The concordance of many weightings at once equals a loop over pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.methods import concordance


def loop(time, event, risk, weight):
    """Harrell's index by the definition, one pair at a time."""
    hits = pairs = 0.0
    for i in range(len(time)):
        for j in range(len(time)):
            later = time[j] > time[i] or (time[j] == time[i] and not event[j])
            if event[i] and later:
                pairs += weight[i] * weight[j]
                hits += weight[i] * weight[j] * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return hits / pairs if pairs else np.nan


@pytest.mark.parametrize("block", [3, 7, 2048])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_equals_the_loop_with_ties_in_time_and_risk(block, data):
    n = data.draw(st.integers(1, 30))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    time = rng.integers(1, data.draw(st.integers(2, 20)), n).astype(float)
    event, risk = rng.random(n) < 0.6, rng.integers(0, 6, n) / 7
    weights = rng.integers(0, 4, (3, n)).astype(float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concordance, "BLOCK", block)
        pairs = concordance.compare(time, event, risk, weights)
    found = pairs.index(weights[:, pairs.first])
    expected = [loop(time, event, risk, row) for row in weights]
    np.testing.assert_allclose(found, expected, rtol=1e-12, equal_nan=True)


def test_blocks_do_not_change_a_digit():
    rng = np.random.default_rng(2)
    n = 5000
    time, event, risk = rng.integers(1, 400, n) / 10, rng.random(n) < 0.4, rng.random(n)
    weights = rng.poisson(1.0, (5, n)).astype(float)
    pairs = concordance.compare(time, event, risk, weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concordance, "BLOCK", n)
        whole = concordance.compare(time, event, risk, weights)
    np.testing.assert_array_equal(pairs.concordant, whole.concordant)
    np.testing.assert_array_equal(pairs.comparable, whole.comparable)
