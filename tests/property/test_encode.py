"""Encoding: rows are encoded each by itself, so order and company change nothing."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.core.dataset import Field, Schema, Target
from bedside.modalities.tables.encode import encode, examine
from bedside.modalities.tables.serve import decode

SCHEMA = Schema(
    fields=(
        Field(name="age", low=0, high=120, missing=(-9.0,)),
        Field(name="ward", kind="category", categories=("medical", "surgical", "é")),
        Field(name="lactate"),
        Field(name="smoker", kind="category", categories=("false", "true")),
    ),
    target=Target(type="binary", outcome="death", classes=("no", "yes")),
)
single = st.floats(-(2.0**90), 2.0**90, width=32)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "age": st.none() | st.floats(0, 120, width=32),
            "ward": st.none() | st.sampled_from(["medical", "surgical", "é"]),
            "lactate": st.none() | single,
            "smoker": st.none() | st.sampled_from(["false", "true"]),
        }
    ),
    min_size=1,
    max_size=30,
)
TYPES = {"age": pl.Float64, "ward": pl.String, "lactate": pl.Float64, "smoker": pl.String}


def _frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TYPES)


@given(rows, st.integers(0, 1000))
def test_another_order_of_rows_is_another_order_of_answers(
    made: list[dict[str, object]], seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(made))
    straight = encode(_frame(made), SCHEMA)
    shuffled = encode(_frame([made[at] for at in order]), SCHEMA)
    for name, values in straight.items():
        np.testing.assert_array_equal(values[order], shuffled[name])


@given(rows)
@settings(deadline=None)
def test_a_row_alone_is_the_row_in_company(made: list[dict[str, object]]) -> None:
    together = encode(_frame(made), SCHEMA)
    for at, row in enumerate(made):
        alone = encode(_frame([row]), SCHEMA)
        for name, values in together.items():
            np.testing.assert_array_equal(values[at : at + 1], alone[name])


@given(rows)
def test_a_file_and_a_request_say_the_same(made: list[dict[str, object]]) -> None:
    """What `bedside score` reads from columns and the HTTP service from JSON."""
    from_columns, from_request = encode(_frame(made), SCHEMA), decode(made, SCHEMA)
    for name, values in from_columns.items():
        np.testing.assert_array_equal(values, from_request[name])


@given(rows, st.lists(st.booleans(), min_size=30, max_size=30))
def test_a_bad_row_does_not_touch_the_others(
    made: list[dict[str, object]], bad: list[bool]
) -> None:
    spoilt = [{**row, "age": 1e9} if b else row for row, b in zip(made, bad, strict=False)]
    found, clean = examine(_frame(spoilt), SCHEMA), encode(_frame(made), SCHEMA)
    wrong = np.array(bad[: len(made)])
    assert np.array_equal(found.problem > 0, wrong)
    for name, values in clean.items():
        np.testing.assert_array_equal(found.arrays[name][~wrong], values[~wrong])
