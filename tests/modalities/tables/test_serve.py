"""Rows of JSON into arrays: strict, the same as the one encoder, and silent about values."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.core.dataset import Field, Schema, Target
from bedside.core.errors import DataError
from bedside.modalities.tables import encode, serve

SCHEMA = Schema(
    fields=(
        Field(name="age", unit="years", low=0, high=120, seen_low=50, seen_high=101),
        Field(name="sex", kind="category", categories=("F", "M")),
        Field(name="creatinine", unit="mg/dL", missing=(-9.0,), seen_low=0.4, seen_high=10.8),
        Field(name="smoker", kind="category", categories=("false", "true")),
    ),
    target=Target(type="binary", outcome="death"),
)
ROW = {"age": 71, "sex": "F", "creatinine": 1.1, "smoker": True}
CANARY = "KANARIENVOGEL"


def test_a_row_becomes_arrays() -> None:
    arrays = serve.decode([ROW, dict.fromkeys(ROW), ROW | {"creatinine": -9}], SCHEMA)
    assert arrays["numeric"].dtype == np.float32
    np.testing.assert_array_equal(
        arrays["numeric"], np.array([[71, 1.1], [np.nan, np.nan], [71, np.nan]], np.float32)
    )
    assert arrays["codes"].tolist() == [[1, 2], [0, 0], [1, 2]]
    assert serve.missing_share(arrays).tolist() == [0, 1, 0.25]


rows = st.fixed_dictionaries(
    {
        "age": st.none() | st.floats(0, 120, width=32),
        "sex": st.none() | st.sampled_from(["F", "M"]),
        "creatinine": st.none() | st.just(-9.0) | st.floats(0, 1e6, width=32),
        "smoker": st.none() | st.sampled_from(["false", "true"]),
    }
)


@given(st.lists(rows, min_size=1, max_size=5))
def test_json_and_files_give_the_same_arrays(many: list[dict[str, object]]) -> None:
    kinds = {"age": pl.Float64, "sex": pl.String, "creatinine": pl.Float64, "smoker": pl.String}
    from_file = encode.encode(pl.DataFrame(many, schema=kinds), SCHEMA)
    from_json = serve.decode(many, SCHEMA)
    for name, values in from_file.items():
        np.testing.assert_array_equal(values, from_json[name])
    again = serve.decode(serve.rows(from_json, SCHEMA), SCHEMA)
    for name, values in from_json.items():
        np.testing.assert_array_equal(values, again[name])


BAD = {
    "a text for a number": ("age", CANARY, "a number in years"),
    "a truth for a number": ("age", True, "true or false"),
    "a list": ("age", [CANARY], "a list"),
    "an object": ("age", {CANARY: CANARY}, "an object"),
    "below the range": ("age", -1, "0 to 120 years"),
    "above the range": ("age", 12345.5, "0 to 120 years"),
    "not a number": ("creatinine", math.nan, "a finite number"),
    "infinity": ("creatinine", math.inf, "a finite number"),
    "too large for float32": ("creatinine", 1e39, "a finite number"),
    "a huge integer": ("creatinine", 10**400, "a finite number"),
    "an unknown category": ("sex", CANARY, "one of 'F', 'M'"),
    "a number for a category": ("sex", 12345.5, "a text or null"),
    "a truth for a category": ("sex", True, "a text or null"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused_by_row_and_field(case: str) -> None:
    field, value, words = BAD[case]
    with pytest.raises(DataError) as caught:
        serve.decode([ROW, ROW | {field: value}], SCHEMA)
    assert caught.value.where == f"row 1, {field}"
    assert words in str(caught.value)
    for hidden in (CANARY, "12345", "1e+39", "1e39"):
        assert hidden not in str(caught.value)


def test_keys_must_be_those_of_the_schema() -> None:
    with pytest.raises(DataError, match="row 0, sex: expected the field, found nothing"):
        serve.decode([{key: ROW[key] for key in ROW if key != "sex"}], SCHEMA)
    with pytest.raises(DataError, match="did you mean 'creatinine'") as caught:
        serve.decode([ROW | {"creatinin": 1}], SCHEMA)
    assert "unknown key" in str(caught.value)
    with pytest.raises(DataError) as caught:
        serve.decode([ROW | {CANARY: 1}], SCHEMA)
    assert CANARY not in str(caught.value)
    with pytest.raises(DataError, match="an object with one key a field, found a text"):
        serve.decode([CANARY], SCHEMA)


def test_made_up_rows_are_in_schema_and_none_of_a_patient() -> None:
    cases = serve.made_up(SCHEMA)
    arrays = serve.decode(list(cases.values()), SCHEMA)
    assert len(arrays["numeric"]) == len(cases) > 8
    assert set(arrays["codes"][:, 0].tolist()) == {0, 1, 2}
    assert {50.0, 101.0}.isdisjoint(arrays["numeric"][:, 0].tolist())
