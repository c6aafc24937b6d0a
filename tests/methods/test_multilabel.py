"""Labels as binary questions: their names in evidence, their values, how they are shared out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Target
from bedside.methods.multilabel import (
    label_target,
    label_values,
    parted,
    rarest_present,
    slice_of,
    strata_of,
)

TARGET = Target(type="multilabel", outcome="findings", classes=("a", "b=c"))
SAMPLES = pl.DataFrame(
    {"target": [None] * 4, "target.a": [1.0, 0.0, None, None], "target.b=c": [0.0, 1.0, 0.0, None]},
    schema_overrides={"target": pl.Float64},
)


@pytest.mark.parametrize("label", TARGET.classes)
@pytest.mark.parametrize("part", ["all", "sex=F", "sex=F & age=[65, 80)", "label=x"])
def test_a_slice_comes_apart_as_it_was_made(label: str, part: str) -> None:
    assert parted(slice_of(label, part), TARGET.classes) == (label, part)
    assert parted(slice_of(label, part), ["other"]) == ("", slice_of(label, part))


def test_values_are_present_absent_or_unobserved() -> None:
    expected = [[1, 0], [0, 1], [np.nan, 0], [np.nan, np.nan]]
    np.testing.assert_array_equal(label_values(SAMPLES, TARGET), expected)
    assert label_target(TARGET, "a") == Target(type="binary", outcome="a", classes=("no", "yes"))


def test_the_rarest_label_decides_the_stratum() -> None:
    values = np.array([[1, 1], [1, 0], [1, np.nan], [0, 0]], np.float64)
    assert rarest_present(values).tolist() == [2, 1, 1, 0]
    assert strata_of(SAMPLES, TARGET).tolist() == [1, 2, 0, -1]


def test_the_strata_of_another_task_are_its_classes() -> None:
    samples = pl.DataFrame({"target": [1.0, 0.0, None]})
    target = Target(type="binary", outcome="", classes=("no", "yes"))
    assert strata_of(samples, target).tolist() == [1, 0, -1]
