"""Three-state labels: what was not observed stays unobserved."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.core.errors import DataError, StudyError
from bedside.core.study import Task
from bedside.methods.labels import label, task_columns, words_of

TIMED = Task(type="binary", event="e", time="t", horizon=10.0, outcome="death")


def test_the_three_states_at_the_horizon() -> None:
    frame = pl.DataFrame(
        {
            "t": [5.0, 10.0, 10.5, 9.9, 10.0, 12.0, None, 3.0],
            "e": [1, 1, 1, 0, 0, 0, 1, None],
        }
    )
    labels, target = label(frame, TIMED)
    assert labels["target"].to_list() == [1, 1, 0, None, 0, 0, None, None]
    assert labels["duration"].to_list() == [5.0, 10.0, 10.5, 9.9, 10.0, 12.0, None, None]
    assert labels["event"].to_list() == [1, 1, 1, 0, 0, 0, None, None]
    assert (target.horizon, target.outcome, target.classes) == (10.0, "death", ("no", "yes"))


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), min_size=1, max_size=60))
def test_a_label_never_contradicts_what_was_seen(rows: list[tuple[float, bool]]) -> None:
    always = [(1.0, True), (19.0, False)]
    frame = pl.DataFrame(rows + always, schema=["t", "e"], orient="row")
    labels, _ = label(frame, TIMED)
    for (time, event), state in zip(rows + always, labels["target"], strict=True):
        if event and time <= 10:
            assert state == 1
        elif time >= 10:
            assert state == 0
        else:
            assert state is None


@pytest.mark.parametrize(
    ("event", "occurred"),
    [
        ([1, 0], ""),
        ([1.0, 0.0], 1.0),
        ([True, False], ""),
        (["dead", "alive"], "dead"),
        (pl.Series(["1", "0"], dtype=pl.Enum(["0", "1"])), ""),
        ([2, 1], 2.0),
    ],
)
def test_the_event_may_be_written_in_many_ways(event: object, occurred: str | float) -> None:
    frame = pl.DataFrame({"t": [1.0, 20.0], "e": event})
    task = Task(type="binary", event="e", time="t", horizon=10.0, occurred=occurred)
    assert label(frame, task)[0]["target"].to_list() == [1, 0]


@pytest.mark.parametrize(
    ("values", "positive", "classes", "states"),
    [
        ([0, 1, None], "", ("0", "1"), [0, 1, None]),
        ([0.0, 1.0, float("nan")], "", ("0", "1"), [0, 1, None]),
        ([True, False, None], "", ("false", "true"), [1, 0, None]),
        (["yes", "no", " "], "yes", ("no", "yes"), [1, 0, None]),
        ([0, 1, 1], 0, ("1", "0"), [1, 0, 0]),
        (["a", "b", "c"], "b", ("not b", "b"), [0, 1, 0]),
    ],
)
def test_binary_targets(values: list, positive: object, classes: tuple, states: list) -> None:
    labels, target = label(
        pl.DataFrame({"y": values}), Task(type="binary", target="y", positive=positive)
    )
    assert target.classes == classes
    assert labels["target"].to_list() == states


def test_classes_are_indexed_in_order() -> None:
    labels, target = label(
        pl.DataFrame({"y": ["c", "a", None, "b"]}), Task(type="multiclass", target="y")
    )
    assert target.classes == ("a", "b", "c")
    assert labels["target"].to_list() == [2, 0, None, 1]


SEVERAL = Task(type="multilabel", labels=("a", "b"), positive="yes", unobserved=("?", -1))


def test_several_labels_are_present_absent_or_unobserved() -> None:
    frame = pl.DataFrame({
        "a": ["yes", "no", None, "?", " yes"], "b": ["no", "no", "yes", "-1", ""], "c": range(5)
    })  # fmt: skip
    labels, target = label(frame, SEVERAL)
    assert target.classes == ("a", "b")
    assert target.columns == ("target.a", "target.b")
    assert labels["target.a"].to_list() == [1, 0, None, None, 1]
    assert labels["target.b"].to_list() == [0, 0, 1, None, None]
    assert labels["target"].null_count() == 5
    assert task_columns(SEVERAL) == ("a", "b")


@pytest.mark.parametrize("values", [[1, 0, None], [1.0, 0.0, None], [True, False, None]])
def test_plain_labels_need_no_positive_value(values: list) -> None:
    task = Task(type="multilabel", labels=("a", "b"))
    labels, _ = label(pl.DataFrame({"a": values, "b": values}), task)
    assert labels["target.b"].to_list() == [1, 0, None]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": ["yes", "no"]}, "'b'"),
        ({"a": ["yes", "no"], "b": [None, None]}, "'b' never observed"),
        ({"a": ["yes", "no"], "b": ["no", "no"]}, "'b' never present"),
        ({"a": ["yes", "yes"], "b": ["no", "no"]}, "'a' never absent; 'b' never present"),
        ({"a": ["yes", "no", "Canary"], "b": ["yes", "no", None]}, "3 values"),
        ({"a": [None, None], "b": [None, None]}, "'a' never observed; 'b' never observed"),
    ],
)
def test_refuses_labels_that_cannot_be_learnt_by_name(columns: dict, words: str) -> None:
    with pytest.raises(DataError) as caught:
        label(pl.DataFrame(columns), SEVERAL)
    assert words in str(caught.value)
    assert "Canary" not in str(caught.value)


def test_labels_that_are_not_0_and_1_need_a_positive_value() -> None:
    task = Task(type="multilabel", labels=("a", "b"))
    with pytest.raises(StudyError, match="positive"):
        label(pl.DataFrame({"a": ["yes", "no"], "b": [1, 0]}), task)


def test_regression_keeps_the_value() -> None:
    labels, target = label(
        pl.DataFrame({"y": [1.5, None, 3.0]}), Task(type="regression", target="y", unit="mmHg")
    )
    assert labels["target"].to_list() == [1.5, None, 3.0]
    assert target.unit == "mmHg"


@pytest.mark.parametrize(
    ("task", "columns", "words"),
    [
        (Task(type="binary", target="yy"), {"y": [0, 1]}, "'yy'"),
        (Task(type="binary", target="y", positive="Canary2"), {"y": ["Canary", "b"]}, "positive"),
        (Task(type="binary", target="y"), {"y": [1, 1]}, "alike"),
        (Task(type="multiclass", target="y"), {"y": ["Canary"] * 3}, "alike"),
        (Task(type="multiclass", target="y"), {"y": list(range(99))}, "at most 50"),
        (Task(type="regression", target="y"), {"y": ["Canary", "1"]}, "1 values"),
        (Task(type="regression", target="y"), {"y": [1.0, float("inf")]}, "1 values"),
        (Task(type="regression", target="y"), {"y": [2.0, 2.0]}, "alike"),
        (TIMED, {"t": [-1.0, 5.0], "e": [1, 0]}, "below 0"),
        (TIMED, {"t": [1.0, 5.0], "e": [1, 1]}, "alike"),
        (TIMED, {"t": [1.0, 50.0], "e": [0, 0]}, "occurred"),
        (TIMED, {"t": [1.0, 50.0], "e": ["Canary", "x"]}, "occurred"),
    ],
)
def test_refuses_what_is_no_outcome(task: Task, columns: dict, words: str) -> None:
    with pytest.raises(DataError) as caught:
        label(pl.DataFrame(columns), task)
    assert words in str(caught.value)
    assert "Canary'" not in str(caught.value)


def test_positive_has_to_be_said() -> None:
    with pytest.raises(StudyError, match="positive"):
        label(pl.DataFrame({"y": ["sick", "well"]}), Task(type="binary", target="y"))


def test_words_have_one_form() -> None:
    assert words_of(pl.Series([1.0, 2.5, float("nan"), None])).to_list() == ["1", "2.5", None, None]
    assert words_of(pl.Series([1, 2])).to_list() == ["1", "2"]
    assert words_of(pl.Series([True, None])).to_list() == ["true", None]
    assert words_of(pl.Series([" a", "", "  "])).to_list() == ["a", None, None]
    assert words_of(pl.Series([np.inf, 1e300])).to_list() == ["inf", "1e+300"]
