"""The one path from rows to arrays: parity of missing, strict refusals, reports by row."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.core.dataset import Field, Schema, Target
from bedside.core.errors import DataError
from bedside.methods.columns import BOOLEAN
from bedside.modalities.tables.encode import encode, encode_fields, examine

SCHEMA = Schema(
    fields=(
        Field(name="age", unit="years", low=18, high=110, missing=(-1.0, "NA")),
        Field(name="sex", kind="category", categories=("F", "M")),
        Field(name="crea", unit="mg/dL"),
        Field(name="grade", kind="category", categories=("1", "2", "3"), missing=(9.0,)),
        Field(name="smoker", kind="category", categories=BOOLEAN),
    ),
    target=Target(type="binary", outcome="death"),
)
GOOD = {
    "age": [50.0, None],
    "sex": ["F", None],
    "crea": [1.25, float("nan")],
    "grade": [3, 9],
    "smoker": ["Yes", None],
}


def frame(**columns: object) -> pl.DataFrame:
    return pl.DataFrame({**GOOD, **columns}, strict=False)


def test_arrays_follow_the_schema_not_the_columns() -> None:
    arrays = encode(frame().select(reversed(list(GOOD))), SCHEMA)
    assert arrays["numeric"].dtype == np.float32
    assert arrays["codes"].dtype == np.int64
    np.testing.assert_array_equal(arrays["numeric"], [[50, 1.25], [np.nan, np.nan]])
    np.testing.assert_array_equal(arrays["codes"], [[1, 3, 2], [0, 0, 0]])
    assert all(array.flags.c_contiguous for array in arrays.values())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("age", [50, -1]),
        ("age", ["50", "NA"]),
        ("age", ["50 ", " "]),
        ("age", [50.0, float("nan")]),
        ("sex", ["F ", ""]),
        ("sex", pl.Series(["F", None], dtype=pl.Categorical)),
        ("sex", pl.Series(["F", None], dtype=pl.Enum(["M", "F"]))),
        ("grade", [3.0, float("nan")]),
        ("grade", ["3", "9"]),
        ("smoker", [True, None]),
        ("smoker", [1, None]),
        ("smoker", ["TRUE", None]),
    ],
)
def test_the_same_thing_written_otherwise_is_encoded_alike(name: str, values: object) -> None:
    ours, plain = encode(frame(**{name: values}), SCHEMA), encode(frame(), SCHEMA)
    for key in plain:
        np.testing.assert_array_equal(ours[key], plain[key])


BAD = [
    ("age", [50.0, 17.0], "from 18 to 110 years"),
    ("age", [50.0, 111.0], "from 18 to 110 years"),
    ("age", [50.0, float("inf")], "infinity"),
    ("crea", [1.0, float("-inf")], "infinity"),
    ("crea", [1.0, 1e39], "float32"),
    ("crea", ["1.0", "Canary"], "numbers"),
    ("crea", [[1.0], [2.0]], "numbers"),
    ("sex", ["F", "Canary"], "2 categories"),
    ("grade", [3, 4], "3 categories"),
    ("smoker", ["yes", "Canary"], "2 categories"),
    ("sex", [["F"], ["M"]], "something else"),
]


@pytest.mark.parametrize(("name", "values", "words"), BAD)
def test_strict_names_field_and_row_and_no_value(name: str, values: list, words: str) -> None:
    with pytest.raises(DataError) as caught:
        encode(frame(**{name: values}), SCHEMA)
    message = str(caught.value)
    assert words in message
    assert f"field '{name}'" in message
    assert "row 1" in message or isinstance(values[0], list)
    assert "Canary" not in message
    assert "17" not in message
    assert "111" not in message


@pytest.mark.parametrize(("name", "values", "words"), BAD)
def test_a_report_leaves_the_other_rows_alone(name: str, values: list, words: str) -> None:
    examined = examine(frame(**{name: values}), SCHEMA)
    plain = encode(frame(), SCHEMA)
    assert words in examined.sentences[examined.problem[1] - 1]
    assert "Canary" not in "".join(examined.sentences)
    if not isinstance(values[0], list):
        assert examined.problem.tolist() == [0, 1]
        others = [field.name for field in SCHEMA.numeric if field.name != name]
        at = [field.name for field in SCHEMA.numeric].index(others[0])
        np.testing.assert_array_equal(examined.arrays["numeric"][:, at], plain["numeric"][:, at])


def test_rows_in_order_have_no_problem() -> None:
    examined = examine(frame(), SCHEMA)
    assert examined.problem.tolist() == [0, 0]
    assert examined.sentences == ()


def test_an_absent_column_is_named() -> None:
    for read in (encode, examine):
        with pytest.raises(DataError, match="'crea'"):
            read(frame().drop("crea"), SCHEMA)


def test_unknown_categories_may_be_read_as_missing() -> None:
    arrays = encode_fields(frame(sex=["X", "M"]), SCHEMA.fields, lenient=["sex"])
    assert arrays["codes"][:, 0].tolist() == [0, 2]


def test_no_rows_and_no_fields_of_a_kind() -> None:
    arrays = encode(frame().head(0), SCHEMA)
    assert arrays["numeric"].shape == (0, 2)
    assert arrays["codes"].shape == (0, 3)
    only = encode_fields(frame(), SCHEMA.numeric)
    assert only["codes"].shape == (2, 0)


@given(st.lists(st.one_of(st.none(), st.floats(18, 110, width=32)), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_numbers_arrive_bit_for_bit(ages: list[float | None]) -> None:
    field = (SCHEMA.fields[0],)
    column = pl.Series("age", ages, dtype=pl.Float64)
    expected = np.array([np.nan if age is None else age for age in ages], np.float32)
    for written in (column, column.cast(pl.String), column.fill_null(float("nan"))):
        got = encode_fields(pl.DataFrame({"age": written}), field)["numeric"][:, 0]
        np.testing.assert_array_equal(got, expected)


QUICK = [
    (pl.Series("x", [1.0, None, 9.1, 20.0], dtype=pl.Float32), [1.0, None, None, 20.0]),
    (pl.Series("x", [1.0, float("nan"), 9.1, 20.0]), [1.0, None, None, 20.0]),
    (pl.Series("x", [0, None, 2**53 + 2**30 + 1]), [0, None, float(2**53 + 2**30 + 1)]),
    (pl.Series("x", ["1", None, " 9.1", "20"]), [1.0, None, None, 20.0]),
    (pl.Series("x", [None, None], dtype=pl.Float32), [None, None]),
    (pl.Series("x", [float("nan")] * 2), [None, None]),
    (pl.Series("x", [-1, 5], dtype=pl.Int8), [-1.0, 5.0]),
]


@pytest.mark.parametrize(("column", "expected"), QUICK)
def test_a_code_between_the_least_and_the_largest_is_missing(
    column: pl.Series, expected: list[float | None]
) -> None:
    """A column is known to be in order by its ends alone: what lies between must not slip by."""
    field = (Field(name="x", missing=(9.1,)),)
    found = encode_fields(column.to_frame(), field)["numeric"][:, 0]
    wanted = [np.nan if value is None else value for value in expected]
    np.testing.assert_array_equal(found, np.array(wanted, np.float32))


@pytest.mark.parametrize("low", [None, 0.1])
def test_one_value_out_of_order_leaves_the_others_to_the_bit(low: float | None) -> None:
    random = np.random.default_rng(0)
    values = random.uniform(1, 1e6, 5000)
    schema = Schema(fields=(Field(name="x", low=low),), target=SCHEMA.target)
    quick = examine(pl.DataFrame({"x": values}), schema)
    values[77] = np.inf
    slow = examine(pl.DataFrame({"x": values}), schema)
    assert np.flatnonzero(slow.problem).tolist() == [77]
    others = np.arange(5000) != 77
    np.testing.assert_array_equal(quick.arrays["numeric"][others], slow.arrays["numeric"][others])
    assert np.isnan(slow.arrays["numeric"][77, 0])


@pytest.mark.parametrize("count", [1, 254, 255, 256, 300])
@pytest.mark.parametrize("spoilt", [False, True])
def test_any_number_of_categories(count: int, spoilt: bool) -> None:
    field = Field(name="x", kind="category", categories=tuple(f"c{i}" for i in range(count)))
    words: list[str | None] = [*field.categories, None]
    expected = [*range(1, count + 1), 0]
    if spoilt:  # no longer word for word, but still in order
        words[0] = " c0 "
    found = encode_fields(pl.DataFrame({"x": words}), (field,))["codes"][:, 0]
    assert found.tolist() == expected
    assert found.dtype == np.int64
    full = encode_fields(pl.DataFrame({"x": words[:-1]}), (field,))["codes"][:, 0]
    assert full.tolist() == expected[:-1]


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float64, pl.String, pl.Categorical])
def test_categories_of_numbers_are_read_from_every_type(dtype: pl.DataType) -> None:
    field = Field(name="x", kind="category", categories=("1", "2", "10"), missing=(9.0,))
    column = pl.Series("x", ["10", "9", None, "1"])
    column = column.cast(dtype) if dtype != pl.Float64 else column.cast(pl.Int64).cast(dtype)
    found = encode_fields(column.to_frame(), (field,))["codes"][:, 0]
    assert found.tolist() == [3, 0, 0, 1]


def test_categories_that_no_word_can_be_are_never_found() -> None:
    field = Field(name="x", kind="category", categories=(" a", "b"))
    with pytest.raises(DataError, match="unknown category"):
        encode_fields(pl.DataFrame({"x": [" a", "b"]}), (field,))
