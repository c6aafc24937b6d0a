"""The stage prepare: from a study and its source to a data set on disk."""

from __future__ import annotations

import numpy as np
import polars as pl

from bedside.core.dataset import Dataset
from bedside.core.run import Run


def test_arrays_stand_row_for_row_with_samples(prepared: Run, made_up_study) -> None:
    dataset = Dataset(prepared.folder)
    source = pl.read_csv(made_up_study.file.parent / "patients.csv")
    assert dataset.samples["subject"].to_list() == source["patient"].to_list()
    names = [field.name for field in dataset.schema.numeric]
    assert names == ["age", "lactate", "sodium"]
    expected = source.select(names).cast(pl.Float32).fill_null(float("nan")).to_numpy()
    np.testing.assert_array_equal(dataset.array("numeric"), expected)
    codes = dataset.array("codes")
    for at, field in enumerate(dataset.schema.category):
        words = [None, *field.categories]
        assert [words[code] for code in codes[:, at]] == source[field.name].to_list()
