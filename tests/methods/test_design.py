from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bedside.methods.design import MOST_LEVELS, REACH, fit_design, score_of
from bedside.methods.tabular_inputs import Inputs


def test_columns_are_standardised_filled_and_marked(made_up: Callable) -> None:
    inputs = made_up("binary").inputs
    matrix = fit_design(inputs).matrix(inputs)
    assert np.isfinite(matrix).all()
    seen = ~np.isnan(inputs.numeric[:, 0])
    assert abs(matrix[seen, 0].mean()) < 1e-5
    assert abs(matrix[seen, 0].std() - 1) < 1e-5
    assert (matrix[~seen, 5] == 1).all()
    assert (matrix[:, 3:5] == 0).all()  # a constant and a missing column say nothing


def test_extreme_values_end_at_ten_standard_deviations(made_up: Callable) -> None:
    inputs = made_up("binary").inputs
    extreme = Inputs(
        numeric=np.array([[1e38] * 5, [-1e38] * 5, [np.inf] * 5], np.float32),
        codes=inputs.codes[:3],
        cardinalities=inputs.cardinalities,
    )
    matrix = fit_design(inputs).matrix(extreme)[:, :5]
    assert np.abs(matrix).max() == REACH


def test_rare_levels_of_a_large_vocabulary_share_the_average() -> None:
    codes = np.minimum(np.arange(3000) % 90 + 1, 80)[:, None]
    inputs = Inputs(numeric=np.zeros((3000, 0), np.float32), codes=codes, cardinalities=(80,))
    design = fit_design(inputs)
    assert design.columns == MOST_LEVELS
    assert (design.matrix(inputs).sum(axis=1) == 0).any()


def test_score_equals_the_matrix_times_the_weights(made_up: Callable) -> None:
    inputs = made_up("binary").inputs
    design = fit_design(inputs)
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(design.columns, 2)), rng.normal(size=2)
    found = score_of(design, weights, bias)(inputs)
    np.testing.assert_allclose(found, design.matrix(inputs) @ weights + bias, atol=1e-5)
