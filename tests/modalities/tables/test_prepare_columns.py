"""What a column is: role, type, when it became known, vocabulary."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from bedside.core.errors import DataError, StudyError
from bedside.core.inputs import Recipe
from bedside.core.study import Study, build_study
from bedside.methods.columns import make, record, roles
from bedside.modalities.tables.prepare_columns import freeze

ROWS = 40
WHEN = pl.Series("when", [datetime(2020, 1, 10)] * ROWS)


def study(columns: dict | None = None, **data: object) -> Study:
    table = {
        "study": {"name": "s", "question": "q"},
        "data": data,
        "task": {"type": "binary", "target": "y"},
        "columns": columns or {},
    }
    return build_study(table, path=Path("s.toml"))


def kind(values: object, declared: dict | None = None, **data: object) -> str:
    frame = pl.DataFrame({"x": values}, strict=False)
    moment = WHEN.head(frame.height)
    return make(frame, "x", study({"x": declared or {}}, **data), moment).kind


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], "numeric"),
        ([0, 1, 1], "numeric"),
        ([1.5, None], "numeric"),
        ([True, False], "boolean"),
        (["a", "b"], "category"),
        (["a", "1"], "category"),
        ([None, None], "numeric"),
        (pl.Series(["1", "2"], dtype=pl.Enum(["1", "2"])), "category"),
        (["2020-01-01", None], "days"),
        ([date(2020, 1, 1)], "days"),
    ],
)
def test_automatic_types(values: object, expected: str) -> None:
    assert kind(values) == expected


def test_what_the_study_says_comes_first() -> None:
    assert kind([1, 2], {"type": "category"}) == "category"
    assert kind(["1", "2"], {"type": "numeric"}) == "numeric"
    assert kind(["yes", "no"], {"type": "boolean"}) == "boolean"
    assert kind(["2020-01-01"], {"type": "category"}) == "category"


def test_codes_for_missing_make_numbers_of_text() -> None:
    assert kind(["1", "NK", "3"], {"missing": ["NK"]}) == "numeric"
    assert kind(["1", "NK", "3"], missing=["NK"]) == "numeric"


def test_numbers_and_text_in_one_column_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        kind(["1", "2", "3", "NA", "Canary"])
    assert '"NA"' in caught.value.hint
    assert "Canary" not in str(caught.value)
    with pytest.raises(DataError, match="2 of 4 values"):
        kind(["1", "Canary", "x", "2"], {"type": "numeric"})


def test_other_types_are_refused() -> None:
    with pytest.raises(DataError, match="ignore"):
        kind([[1, 2], [3]])


def test_dates_become_days_from_the_prediction() -> None:
    frame = pl.DataFrame({"x": ["2020-01-12", "2020-01-09 12:00:00", None]})
    made = make(frame, "x", study(), WHEN.head(3))
    assert made.values.to_list() == [2.0, -0.5, None]
    field = freeze(made, pl.Series([True] * 3), study(), Recipe())
    assert field.unit == "days"
    with pytest.raises(DataError, match="names no time"):
        make(frame, "x", study(), None)


def test_what_became_known_later_is_blanked() -> None:
    frame = pl.DataFrame(
        {
            "x": [1.0, 2.0, 3.0, 4.0, None],
            "drawn": ["2020-01-08", "2020-01-09", "2020-01-09 00:00:01", None, "2020-02-01"],
        }
    )
    late = study({"x": {"known": "drawn+24h"}})
    made = make(frame, "x", late, WHEN.head(5))
    assert made.values.to_list() == [1.0, 2.0, None, None, None]
    assert made.blanked == 2
    assert record(made, "feature", None, 5)["blanked_not_yet_known"] == 2
    for wrong, moment in (("drawm+24h", WHEN.head(5)), ("drawn+24h", None)):
        with pytest.raises(StudyError, match="known"):
            make(frame, "x", study({"x": {"known": wrong}}), moment)


def test_roles() -> None:
    frame = pl.DataFrame({name: [1, 2] for name in "abcdey"})
    said = study(
        {
            "a": {"role": "ignore"},
            "b": {"role": "comparator"},
            "c": {"known": "after outcome"},
            "gone": {"role": "ignore", "optional": True},
        },
        subject="e",
    )
    assert roles(frame, said, Recipe()) == {
        "a": "ignore", "b": "comparator", "c": "after outcome", "d": "feature", "e": "subject",
        "y": "task",
    }  # fmt: skip
    assert roles(frame, said, Recipe(undeclared="ignore"))["d"] == "ignore"
    with pytest.raises(StudyError, match="'d'"):
        roles(frame, said, Recipe(undeclared="stop"))
    with pytest.raises(StudyError, match="did you mean"):
        roles(pl.DataFrame({"colour": [1], "y": [1]}), study({"color": {}}), Recipe())


def test_a_column_without_a_name_is_no_key() -> None:
    frame = pl.DataFrame({"": [1, 2], "y": [0, 1]})
    assert roles(frame, study(), Recipe()) == {"": "feature", "y": "task"}


def test_the_vocabulary_is_that_of_training_patients() -> None:
    values = ["b"] * 10 + ["10"] * 10 + ["rare"] * 4 + ["later"] * 16
    frame = pl.DataFrame({"x": values})
    train = pl.Series([True] * 24 + [False] * 16)
    made = make(frame, "x", study(), None)
    field = freeze(made, train, study(), Recipe(fewest_per_category=5))
    assert field.categories == ("10", "b")
    assert record(made, "feature", field, ROWS)["outside_vocabulary"] == 20
    assert freeze(made, train, study(), Recipe(fewest_per_category=1)).categories == (
        "10", "b", "rare",
    )  # fmt: skip
    declared = study({"x": {"categories": ["rare", "b", "never"]}})
    made = make(frame, "x", declared, None)
    assert freeze(made, train, declared, Recipe()).categories == ("rare", "b", "never")


def test_numbers_as_categories_are_in_order_of_size() -> None:
    frame = pl.DataFrame({"x": [10, 9, 2, 1] * 10})
    said = study({"x": {"type": "category"}})
    field = freeze(make(frame, "x", said, None), pl.Series([True] * ROWS), said, Recipe())
    assert field.categories == ("1", "2", "9", "10")


def test_identifiers_and_free_text_are_pointed_at_and_not_kept() -> None:
    names = pl.DataFrame({"x": [f"Canary {n}" for n in range(ROWS)]})
    notes = pl.DataFrame({"x": [f"seen by Dr Canary on day {n}" for n in range(ROWS)]})
    for frame, looks in ((names, "identifier"), (notes, "free text")):
        made = make(frame, "x", study(), None)
        field = freeze(made, pl.Series([True] * ROWS), study(), Recipe())
        assert field.categories == ()
        told = record(made, "feature", field, ROWS)
        assert told["looks"] == looks
        assert told["distinct_share"] == 1.0
        assert "Canary" not in str(told)
