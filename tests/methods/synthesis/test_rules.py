"""Rules: read, kept, contradicted."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import DataError, StudyError
from bedside.methods.synthesis.mixed import Column, Mixed
from bedside.methods.synthesis.rules import all_kept, require_kept, rules_of

COLUMNS = (
    Column(name="low"), Column(name="high"),
    Column(name="sex", kind="category", names=("F", "M")), Column(name="number of births"),
)  # fmt: skip
NAN = np.nan
ROWS = Mixed(columns=COLUMNS, values=np.array([
    [1.0, 2.0, 1.0, 3.0], [3.0, 2.0, 2.0, NAN], [NAN, 2.0, 2.0, 1.0], [2.0, 2.0, 0.0, 0.0],
]))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("low <= high", [True, False, True, True]),
        ("low < high", [True, False, True, False]),
        ("low >= 2", [False, True, True, True]),
        ("sex != M", [True, False, False, True]),
        ("number of births is known", [True, False, True, True]),
        ("if sex = M then number of births is missing", [True, True, False, True]),
        ("if sex = F and low = 1 then high == 5", [False, True, True, True]),
    ],
)
def test_a_rule_says_which_rows_keep_it(text: str, kept: list[bool]) -> None:
    assert all_kept(rules_of([text], COLUMNS), ROWS).tolist() == kept


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("low", "a comparison"), ("lo <= high", "did you mean 'low'"), ("sex < M", "= or !="),
        ("sex = X", "a category of 'sex'"), ("low <= tall", r"found 'tall'"),
        ("if sex = M", "a comparison"), ("low is odd", "a comparison"),
        ("sex = low", "a comparison"),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_a_sentence(text: str, match: str) -> None:
    with pytest.raises(StudyError, match=match):
        rules_of([text], COLUMNS)


def test_data_that_contradict_a_rule_are_refused() -> None:
    with pytest.raises(DataError, match="1 of 4 who do not"):
        require_kept(rules_of(["low <= high"], COLUMNS), ROWS)
