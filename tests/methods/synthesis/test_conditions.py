"""Conditions as a person writes them, and those that make no sense."""

from __future__ import annotations

import numpy as np
import pytest
from tests.methods.synthesis.made_up import made_up

from bedside.core.errors import DataError
from bedside.methods.synthesis.conditions import all_hold, conditions_of, where_of

ROWS = made_up()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sex=F", ROWS.values[:, 3] == 1),
        ("age=60..70", (ROWS.values[:, 0] >= 60) & (ROWS.values[:, 0] <= 70)),
        ("dose=0", ROWS.values[:, 1] == 0),
        ("marker=missing", np.isnan(ROWS.values[:, 2])),
    ],
)
def test_rows_that_satisfy_it(text: str, expected: np.ndarray) -> None:
    assert expected.any()
    held = all_hold(conditions_of(where_of([text]), ROWS.columns), ROWS)
    np.testing.assert_array_equal(held, expected)


@pytest.mark.parametrize(
    ("texts", "match"),
    [
        (["agee=60"], "did you mean 'age'"),
        (["sex=X"], "one of its categories"),
        (["age=old"], "a number"),
        (["age=nan"], "empty range"),
        (["age=70..60"], "empty range"),
        (["age=200"], "study says are possible"),
        (["sex>F"], r"FIELD=VALUE.* found 'sex>F'"),
        (["sex=F", "sex=M"], "one condition on a field"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(texts: list[str], match: str) -> None:
    with pytest.raises(DataError, match=match):
        conditions_of(where_of(texts), ROWS.columns)
