"""The numbers of a batch are those of its samples."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.randomness import uniforms
from bedside.modalities.images.augment.philox import numbers


@pytest.mark.parametrize(("seed", "epoch"), [(0, 0), (7, 3), (-1, 12), (2**80 + 5, 2**63)])
@pytest.mark.parametrize("ops", [0, 1, 5])
def test_a_batch_draws_what_its_samples_draw(seed: int, epoch: int, ops: int) -> None:
    samples = [0, 1, 17, -4, 2**64 - 1, 2**70 + 3]
    made = numbers(seed, epoch, samples, ops)
    expected = np.stack([uniforms(seed, epoch, sample, ops) for sample in samples])
    np.testing.assert_array_equal(made, expected)
    assert numbers(seed, epoch, [], ops).shape == (0, *expected.shape[1:])
