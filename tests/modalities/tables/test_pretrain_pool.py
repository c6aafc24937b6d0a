"""An unlabelled pool of a table: by the frozen fields, and refused where they are others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.conftest import made_up_patients

from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import DataError
from bedside.core.run import Run
from bedside.core.study import Study
from bedside.modalities.tables.pretrain_pool import known_by, pool_arrays, read_pool


@pytest.fixture
def schema(prepared: Run) -> Schema:
    return Dataset(prepared.folder).schema


def pool(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_csv(folder / "pool.csv")
    return folder / "pool.csv"


def gathered(path: Path, study: Study, schema: Schema) -> tuple[dict, dict]:
    arrays, counts = pool_arrays(read_pool(path, study, schema), study, schema)
    return dict(arrays), dict(counts)


def test_rows_come_as_prepare_would_have_them_without_the_outcome(
    made_up_study: Study, prepared: Run, schema: Schema, tmp_path: Path
) -> None:
    path = pool(made_up_patients().drop("died", "score", "hospital"), tmp_path)
    arrays, counts = gathered(path, made_up_study, schema)
    dataset = Dataset(prepared.folder)
    for name in ("numeric", "codes"):
        np.testing.assert_array_equal(arrays[name], dataset.array(name))
    assert counts == {"outside_vocabulary": 0}
    assert not known_by(arrays).any()


def test_parquet_and_words_that_are_rare(
    made_up_study: Study, schema: Schema, tmp_path: Path
) -> None:
    frame = made_up_patients(30, seed=8).with_columns(
        ward=pl.when(pl.int_range(pl.len()) < 4).then(pl.lit("hospice")).otherwise("ward")
    )
    frame.write_parquet(tmp_path / "pool.parquet")
    arrays, counts = gathered(tmp_path / "pool.parquet", made_up_study, schema)
    assert counts == {"outside_vocabulary": 4}
    ward = [field.name for field in schema.category].index("ward")
    assert (arrays["codes"][:4, ward] == 0).all()


def test_fields_that_differ_are_refused(
    made_up_study: Study, schema: Schema, tmp_path: Path
) -> None:
    frame = made_up_patients(40)

    def refused(changed: pl.DataFrame, match: str) -> None:
        with pytest.raises(DataError, match=match):
            gathered(pool(changed, tmp_path), made_up_study, schema)

    refused(frame.drop("age", "sex"), "2 of them missing: age, sex")
    refused(frame.with_columns(sex=pl.col("sex").replace({"F": "1", "M": "2"})),
            "field 'sex'.*other words in 40 of 40")  # fmt: skip
    refused(frame.with_columns(sodium=pl.col("sodium") / 10), "field 'sodium'.*a value below")
    refused(frame.drop("admitted"), "column 'admitted'.*prediction time")
    blank = [pl.lit(None).alias(field.name) for field in schema.fields]
    refused(frame.with_columns(blank), "values in at least one field")
    with pytest.raises(DataError, match="found a folder"):
        read_pool(tmp_path, made_up_study, schema)
