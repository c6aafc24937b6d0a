"""The cell of synthesis for tables: cases in, cases out, with outcome, rules and conditions."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core import cells
from bedside.core.dataset import Field, Schema, Target
from bedside.core.errors import DataError, StudyError
from bedside.methods.cases import Cases

FIELDS = (
    Field(name="age", low=18, high=110), Field(name="lactate", unit="mmol/L", low=0),
    Field(name="sex", kind="category", categories=("F", "M")),
)  # fmt: skip
HORIZON = Target(type="binary", outcome="death", classes=("no", "yes"), horizon=5.0)
NAMES = ("trees", "copula", "flow")


def cases(rows: int = 200, *, timed: bool = True) -> Cases:
    """Older patients die sooner; follow-up ends at 8 years at the latest."""
    rng = np.random.default_rng(2)
    age = rng.normal(66, 12, rows).clip(18, 100).round()
    lactate = np.where(rng.random(rows) < 0.2, np.nan, rng.lognormal(0.6, 0.5, rows).round(2))
    died = rng.exponential(12 * np.exp(-(age - 66) / 15))
    lost = rng.uniform(1, 8, rows)
    duration, event = np.minimum(died, lost).round(2), (died < lost).astype(float)
    target = np.where(duration >= 5, 0.0, np.nan)
    target = np.where((event == 1) & (duration <= 5), 1.0, target)
    nothing = np.full(rows, np.nan)
    return Cases(
        arrays={
            "numeric": np.stack([age, lactate], axis=1).astype(np.float32),
            "codes": rng.integers(1, 3, (rows, 1)),
        },
        subjects=np.arange(rows),
        target=target if timed else (age > 66).astype(float),
        duration=duration if timed else nothing, event=event if timed else nothing,
    )  # fmt: skip


def schema(target: Target = HORIZON) -> Schema:
    return Schema(fields=FIELDS, target=target)


def fit(name: str = "trees", **given: object):
    cell = cells.cell("tables", "synthesize")
    return cell.fit(name, schema(), cases(), seed=1, **given)


@pytest.mark.parametrize("name", NAMES)
def test_cases_have_the_form_of_those_they_were_learnt_from(name: str) -> None:
    real, made = cases(), fit(name).sample(300, seed=2)
    assert len(made) == 300
    assert (made.subjects < 0).all()
    assert len(set(made.subjects.tolist())) == 300
    for key, values in real.arrays.items():
        assert made.arrays[key].dtype == values.dtype
        assert made.arrays[key].shape[1:] == values.shape[1:]
    assert made.outcome(HORIZON).labels.shape == (300, 1)


@pytest.mark.parametrize("name", NAMES)
def test_the_outcome_at_the_horizon_follows_from_time_and_event(name: str) -> None:
    made = fit(name).sample(300, seed=2)
    came = (made.event == 1) & (made.duration <= 5)
    np.testing.assert_array_equal(made.target == 1, came)
    np.testing.assert_array_equal(np.isnan(made.target), (made.duration < 5) & ~came)
    assert 0.1 < np.nanmean(made.target) < 0.9


@pytest.mark.parametrize("name", NAMES)
def test_a_stated_range_and_a_stated_rule_are_never_broken(name: str) -> None:
    real = cases()
    keeping = real.rows(~((real.arrays["codes"][:, 0] == 2) & (real.arrays["numeric"][:, 0] > 80)))
    generator = cells.cell("tables", "synthesize").fit(
        name, schema(), keeping, seed=1, rules=["if sex = M then age <= 80"]
    )
    made = generator.sample(2000, seed=0)
    age = made.arrays["numeric"][:, 0]
    assert age.min() >= 18
    assert not ((made.arrays["codes"][:, 0] == 2) & (age > 80)).any()
    assert (age > 80).any()


def test_the_first_of_more_are_the_same() -> None:
    generator = fit("copula")
    few, many = generator.sample(5, seed=9), generator.sample(3000, seed=9)
    np.testing.assert_array_equal(few.arrays["numeric"], many.arrays["numeric"][:5])
    assert few.subjects.tolist() == many.subjects[:5].tolist()


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"sex": "F"}, lambda c: c.arrays["codes"][:, 0] == 1),
        ({"age": "70..80"}, lambda c: (c.arrays["numeric"][:, 0] >= 70)
         & (c.arrays["numeric"][:, 0] <= 80)),
        ({"target": "yes", "sex": "M"}, lambda c: (c.target == 1) & (c.arrays["codes"][:, 0] == 2)),
        ({"event": 1.0}, lambda c: c.event == 1),
        ({"lactate": "missing"}, lambda c: np.isnan(c.arrays["numeric"][:, 1])),
    ],
)  # fmt: skip
def test_only_cases_that_were_asked_for(where: dict, holds: object) -> None:
    made = fit().sample(100, seed=3, where=where)
    assert len(made) == 100
    assert holds(made).all()


@pytest.mark.parametrize(
    ("kind", "classes"),
    [("binary", ("no", "yes")), ("multiclass", ("a", "b")), ("regression", ())],
)
def test_outcomes_without_a_time(kind: str, classes: tuple[str, ...]) -> None:
    target = Target(type=kind, outcome="x", classes=classes)
    generator = cells.cell("tables", "synthesize").fit(
        "trees", schema(target), cases(timed=False), seed=1
    )
    made = generator.sample(500, seed=1)
    assert np.isnan(made.duration).all()
    old = made.arrays["numeric"][:, 0] > 66
    assert made.target[old].mean() > 0.9
    assert made.target[~old].mean() < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_a_category_seen_once_and_columns_without_content(name: str) -> None:
    real = cases(80)
    real.arrays["codes"][:] = 1
    real.arrays["codes"][0] = 2
    real.arrays["numeric"][:, 0] = 50
    real.arrays["numeric"][:, 1] = np.nan
    made = cells.cell("tables", "synthesize").fit(name, schema(), real, seed=0).sample(50, seed=0)
    assert (made.arrays["numeric"][:, 0] == 50).all()
    assert np.isnan(made.arrays["numeric"][:, 1]).all()


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_nobody_to_learn_from(name: str, rows: int) -> None:
    few = cases().rows(np.arange(rows))
    with pytest.raises(DataError, match="at least 10 training patients"):
        cells.cell("tables", "synthesize").fit(name, schema(), few, seed=0)


def test_several_rows_of_one_patient_are_refused() -> None:
    real = cases()
    real.subjects[3] = real.subjects[4]
    with pytest.raises(DataError, match="one row a patient"):
        cells.cell("tables", "synthesize").fit("trees", schema(), real, seed=0)


def test_a_rule_that_the_data_contradict() -> None:
    with pytest.raises(DataError, match="who do not"):
        fit(rules=["age <= 60"])


def test_an_unknown_generator() -> None:
    with pytest.raises(StudyError, match="did you mean 'flow'"):
        fit("flo")


@pytest.mark.parametrize(
    ("where", "match"),
    [
        ({"agee": 3.0}, "did you mean 'age'"),
        ({"age": 200.0}, "possible"),
        ({"age": 18.5}, "none in"),
        ({"sex": "X"}, "one of its categories"),
    ],
)
def test_conditions_that_no_case_satisfies(where: dict, match: str) -> None:
    with pytest.raises(DataError, match=match):
        fit().sample(1, seed=0, where=where)


def test_a_field_with_the_name_of_an_outcome_is_refused() -> None:
    wrong = Schema(fields=(Field(name="event"), *FIELDS[1:]), target=HORIZON)
    with pytest.raises(DataError, match="not one of the outcome"):
        cells.cell("tables", "synthesize").fit("trees", wrong, cases(), seed=0)
