from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import DataError
from bedside.methods.tabular_inputs import Inputs


def test_rows_keep_fields_together() -> None:
    inputs = Inputs(
        numeric=np.array([[1.0], [np.nan], [3.0]], np.float32),
        codes=np.array([[1, 2], [0, 1], [2, 0]]),
        cardinalities=(2, 2),
    )
    assert (len(inputs), inputs.fields) == (3, 3)
    last = inputs.rows(np.array([2]))
    assert last.numeric.tolist() == [[3.0]]
    assert last.codes.tolist() == [[2, 0]]


def test_unknown_codes_are_missing() -> None:
    inputs = Inputs(
        numeric=np.zeros((4, 0), np.float32),
        codes=np.array([[1], [3], [-1], [0]]),
        cardinalities=(2,),
    )
    assert inputs.known_codes()[:, 0].tolist() == [1, 0, 0, 0]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="cardinalities"):
        Inputs(
            numeric=np.zeros((2, 1), np.float32), codes=np.ones((2, 1), np.int64), cardinalities=()
        )
