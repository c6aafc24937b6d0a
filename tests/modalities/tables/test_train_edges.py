from __future__ import annotations

import numpy as np

from bedside.core.dataset import Field, Schema, Target
from bedside.modalities.tables.train_edges import edge_cases

TARGET = Target(type="binary", outcome="death", classes=("no", "yes"))
AGE = Field(name="age", low=18.0, high=110.0, seen_low=50.0, seen_high=90.0)
LACTATE = Field(name="lactate")
SEX = Field(name="sex", kind="category", categories=("F", "M", "other"))


def cases(*fields: Field) -> dict[str, tuple[list[float], list[int]]]:
    names, arrays = edge_cases(Schema(fields=fields, target=TARGET))
    assert arrays["numeric"].dtype == np.float32
    assert arrays["codes"].dtype == np.int64
    rows = zip(arrays["numeric"].tolist(), arrays["codes"].tolist(), strict=True)
    return dict(zip(names, rows, strict=True))


def test_every_field_goes_to_its_ends_alone() -> None:
    found = cases(AGE, SEX, LACTATE)
    assert np.isnan(found["everything missing"][0]).all()
    assert found["everything missing"][1] == [0]
    assert found["age lowest possible"][0][0] == 18
    assert found["age far above"][0][0] == 110  # a request beyond the range is refused
    assert found["lactate far above"][0][1] > 1e38
    assert found["sex missing"][1] == [0]
    assert found["sex category 3"][1] == [3]
    assert found["age lowest seen"][1] == found["the middle of everything"][1] == [1]


def test_one_kind_of_field_alone() -> None:
    assert np.shape(cases(AGE)["age missing"][1]) == (0,)
    assert np.shape(cases(SEX)["sex category 2"][0]) == (0,)


def test_a_wide_table_is_cut_short() -> None:
    many = [Field(name=f"f{number}") for number in range(100)]
    assert len(cases(*many)) == 200
