"""Pretraining on tables: what it learns, where a training starts from it, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.methods.pretraining.conftest import rows

from bedside.core.dataset import Field, Schema, Target
from bedside.core.errors import DataError, StudyError
from bedside.methods import outcome
from bedside.methods.entrant import Lesson
from bedside.methods.pretraining.collapse import health
from bedside.methods.pretraining.outside import read_outside
from bedside.methods.pretraining.plan import Plan
from bedside.methods.pretraining.saved import write_start
from bedside.methods.tune import Budget
from bedside.modalities.tables.pretrain import CAN, embedded, entrant, pretrain, started
from bedside.modalities.tables.train import learn

SCHEMA = Schema(
    fields=(
        *(Field(name=name) for name in "wxyz"),
        Field(name="ward", kind="category", categories=("a", "b", "c")),
    ),
    target=Target(type="binary", outcome="death", classes=("no", "yes")),
)
TABLE = rows(240)
ARRAYS = {"numeric": TABLE.numeric, "codes": TABLE.codes}
FEW = Plan(epochs=3, model="mlp")


def lesson(**changes: object) -> Lesson:
    positive = np.nan_to_num(TABLE.numeric[:, 0]) > 0
    values = {
        "schema": SCHEMA, "train": ARRAYS, "train_outcome": outcome.binary(positive),
        "select": ARRAYS, "select_outcome": outcome.binary(positive),
        "select_subjects": np.arange(len(positive)),
        "budget": Budget(trials=2, seconds=600), "epochs": 3, "patience": 3, "seed": 1,
    } | changes  # fmt: skip
    return Lesson(**values)  # type: ignore[arg-type]  # fields of Lesson


@pytest.mark.parametrize("name", CAN)
@pytest.mark.parametrize("objective", ["masked", "joint"])
def test_each_network_learns_without_labels_and_starts_from_it(name: str, objective: str) -> None:
    plan = Plan(objective=objective, model=name, epochs=4)  # type: ignore[arg-type]  # an objective
    start = pretrain(SCHEMA, ARRAYS, seed=2, seconds=600, plan=plan)
    assert len(start.course) == 4
    assert start.course[-1] < start.course[0]
    assert not start.cut
    found = embedded(start, SCHEMA, ARRAYS)
    assert found.shape[0] == 240
    assert health(found, np.arange(240)).collapsed == ""
    learned = learn(name, lesson(start=start, budget=Budget(trials=1, seconds=600)))
    assert start.settings.items() <= learned.settings.items()
    assert set(start.weights) < set(learned.weights)


def test_unasked_it_is_a_network_of_one_to_four_million_numbers() -> None:
    """So small a table has 1.1; one of 300 fields 3.6."""
    start = pretrain(SCHEMA, ARRAYS, seed=2, seconds=600, plan=Plan(epochs=1))
    assert start.entrant == "mlp_large"
    assert 1e6 < sum(values.size for values in start.weights.values()) < 4e6
    assert 300 * (8 * 1024 + 8 * 15) + 1024**2 < 4e6
    learned = learn("mlp_large", lesson(start=start, budget=Budget(trials=2, seconds=600)))
    assert {one.settings["width"] for one in learned.trials} == {1024}


def test_a_probe_leaves_the_encoder_as_it_was_in_every_trial() -> None:
    start = replace(pretrain(SCHEMA, ARRAYS, seed=2, seconds=600, plan=FEW), tune="probe")
    learned = learn("mlp", lesson(start=start))
    assert len(learned.trials) == 2
    for name, values in start.weights.items():
        np.testing.assert_array_equal(learned.weights[name], values)
    assert all(start.settings.items() <= one.settings.items() for one in learned.trials)
    assert {"rate", "decay", "dropout"} <= set(learned.settings)


def test_the_settings_of_a_model_train_it_again() -> None:
    from bedside.methods.entrant import Fixed

    start = pretrain(SCHEMA, ARRAYS, seed=2, seconds=600, plan=FEW)
    first = learn("mlp", lesson(start=start))
    fixed = Fixed(settings=first.settings, length=first.length)
    assert learn("mlp", lesson(start=start, fixed=fixed)).settings == first.settings


def test_the_same_seed_gives_the_same_encoder() -> None:
    first, second, other = (
        pretrain(SCHEMA, ARRAYS, seed=seed, seconds=600, plan=FEW).digest for seed in (2, 2, 3)
    )
    assert first == second != other


def test_it_helps_where_labels_are_few_and_columns_hang_together() -> None:
    """The head on a frozen encoder knows the trait behind the columns from twelve labels."""
    many = rows(1500, seed=4)
    trait = np.nanmean(many.numeric, axis=1)
    arrays = {"numeric": many.numeric, "codes": many.codes}
    plan = Plan(epochs=20, model="mlp", tune="probe")
    start = pretrain(SCHEMA, arrays, seed=1, seconds=600, plan=plan)
    seen = embedded(start, SCHEMA, arrays)
    few, others = np.arange(12), np.arange(200, 1500)
    first = seen[few] - seen[few].mean(axis=0)
    weights = first.T @ (trait[few] - trait[few].mean())
    found = np.corrcoef(seen[others] @ weights, trait[others])[0, 1]
    assert found > 0.85


def test_a_table_with_one_column_has_nothing_to_tell() -> None:
    one = replace(SCHEMA, fields=SCHEMA.fields[:1])
    arrays = {"numeric": TABLE.numeric[:, :1], "codes": TABLE.codes[:, :0]}
    arrays["numeric"] = np.nan_to_num(arrays["numeric"])
    with pytest.raises(DataError, match="two fields or more"):
        pretrain(one, arrays, seed=0, seconds=9)


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(StudyError, match="did you mean 'mlp'"):
        pretrain(SCHEMA, ARRAYS, seed=0, seconds=9, plan=Plan(model="mpl"))
    assert entrant("mlp").name == "mlp"


def test_an_encoder_goes_to_the_same_fields_and_to_no_others(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    first = pretrain(SCHEMA, ARRAYS, seed=2, seconds=600, plan=FEW)
    write_start(path, first, SCHEMA)
    again = started(read_outside(path, "own"), SCHEMA, ARRAYS, plan=Plan(tune="probe"))
    assert (again.entrant, again.settings, again.tune) == ("mlp", first.settings, "probe")
    for name, values in first.weights.items():
        np.testing.assert_array_equal(again.weights[name], values)
    other = replace(SCHEMA, fields=(replace(SCHEMA.fields[0], name="v"), *SCHEMA.fields[1:]))
    with pytest.raises(DataError, match="other fields"):
        started(read_outside(path, "own"), other, ARRAYS, plan=Plan())
