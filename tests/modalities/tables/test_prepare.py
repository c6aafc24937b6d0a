"""The table cell of prepare: files into frames, frames into frozen fields."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Field
from bedside.core.errors import DataError, StudyError
from bedside.core.inputs import Recipe
from bedside.core.study import Study, build_study
from bedside.modalities.tables.prepare import arrange, read

FRAME = pl.DataFrame(
    {
        "n": [1.0, 2.0, None, 40.0],
        "c": ["a", "b", "a", "z"],
        "risk": [0.1, 0.2, 0.3, 0.9],
        "y": [0, 1, 0, 1],
    }
)
TRAIN = np.array([True, True, True, False])


def study(columns: dict | None = None, **data: object) -> Study:
    table = {
        "study": {"name": "s", "question": "q"},
        "data": data,
        "task": {"type": "binary", "target": "y"},
        "columns": columns or {},
    }
    return build_study(table, path=Path("s.toml"))


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    FRAME.write_csv(tmp_path / "t.csv")
    FRAME.write_parquet(tmp_path / "t.parquet")
    rows = "\n".join(",".join("?" if v is None else str(v) for v in row) for row in FRAME.rows())
    head = "@attribute n numeric\n@attribute c string\n@attribute risk real\n@attribute y integer\n"
    (tmp_path / "t.arff").write_text(f"@relation t\n{head}@data\n{rows}\n", encoding="utf-8")
    for name in ("t.csv", "t.parquet", "t.arff"):
        got = read([tmp_path / name], study())
        assert got.with_columns(pl.col("y").cast(pl.Int64)).equals(FRAME), name


def test_a_second_file_stands_beside_the_first(tmp_path: Path) -> None:
    FRAME.select("n", "c").write_csv(tmp_path / "a.csv", include_header=False)
    FRAME.select("y").write_csv(tmp_path / "b.csv", include_header=False)
    FRAME.head(2).select("y").write_csv(tmp_path / "short.csv", include_header=False)
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    both = read(paths, study(header=False, names=["n", "c", "y"]))
    assert both.equals(FRAME.select("n", "c", "y"))
    with pytest.raises(DataError, match="as many rows"):
        read([paths[0], tmp_path / "short.csv"], study(header=False, names=["n", "c", "y"]))
    with pytest.raises(StudyError, match="4"):
        read(paths, study(header=False, names=["n", "c", "y", "more"]))
    with pytest.raises(DataError, match="once"):
        read(paths, study(header=False, names=["n", "c", "c"]))


def test_fields_know_training_rows_only() -> None:
    inputs = arrange(FRAME, TRAIN, study(), Recipe(fewest_per_category=1))
    numeric, category, risk = inputs.fields
    assert numeric == Field(name="n", seen_low=1.0, seen_high=2.0)
    assert category.categories == ("a", "b")
    assert inputs.arrays["codes"][:, 0].tolist() == [1, 2, 1, 0]
    assert inputs.arrays["numeric"].shape == (4, 2)
    assert risk.name == "risk"


def test_held_out_values_do_not_move_the_schema() -> None:
    other = FRAME.with_columns(n=pl.Series([1.0, 2.0, None, -999.0]), c=pl.Series(list("abaq")))
    first, second = (arrange(f, TRAIN, study(), Recipe()) for f in (FRAME, other))
    assert first.fields == second.fields


def test_groups_and_comparators_stand_beside() -> None:
    said = study(
        {
            "c": {"role": "group"},
            "n": {"group": True, "cuts": [2]},
            "risk": {"role": "comparator", "invert": True},
        }
    )
    inputs = arrange(FRAME, TRAIN, said, Recipe(fewest_per_category=1))
    assert [field.name for field in inputs.fields] == ["n"]
    assert inputs.groups.to_dict(as_series=False) == {
        "group.n": ["below 2", "2 and above", None, "2 and above"],
        "group.c": ["a", "b", "a", "z"],
    }
    assert inputs.comparators["comparator.risk"].to_list() == pytest.approx([0.9, 0.8, 0.7, 0.1])


def test_what_few_patients_have_is_not_named() -> None:
    said = study({"c": {"group": True}})
    inputs = arrange(FRAME, TRAIN, said, Recipe(fewest_per_category=2))
    assert inputs.groups["group.c"].to_list() == ["a", None, "a", None]
    assert (inputs.fields[0].seen_low, inputs.fields[0].seen_high) == (1.0, 2.0)
    assert arrange(FRAME, TRAIN, said, Recipe()).fields[0].seen_low is None


def test_the_site_may_be_a_subgroup() -> None:
    by_site = study({"c": {"group": True}}, site="c")
    inputs = arrange(FRAME, TRAIN, by_site, Recipe(fewest_per_category=1))
    assert inputs.groups["group.c"].to_list() == ["a", "b", "a", "z"]
    assert "c" not in {field.name for field in inputs.fields}
    assert [item["role"] for item in inputs.columns if item["column"] == "c"] == ["site"]
    with pytest.raises(StudyError, match="task"):
        arrange(FRAME, TRAIN, study({"y": {"group": True}}), Recipe())


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"n": {"range": [0, 30]}}, "1 of 4 rows"),
        ({"n": {"range": [0, 30], "unit": "mmol/L"}}, "from 0 to 30 mmol/L"),
        ({"c": {"categories": ["a", "b"]}}, "an unknown category"),
        ({"c": {"type": "boolean"}}, "an unknown category"),
        ({"c": {"type": "numeric"}}, "numbers"),
        ({name: {"role": "ignore"} for name in ("n", "c", "risk")}, "a feature"),
    ],
)
def test_what_breaks_the_study_stops(columns: dict, words: str) -> None:
    with pytest.raises(DataError) as caught:
        arrange(FRAME, TRAIN, study(columns), Recipe())
    assert words in str(caught.value)
    assert "40" not in str(caught.value)


def test_infinity_is_refused_unless_declared() -> None:
    frame = FRAME.with_columns(n=pl.Series([1.0, float("inf"), None, 2.0]))
    with pytest.raises(DataError, match="'n'"):
        arrange(frame, TRAIN, study(), Recipe())
    declared = study({"n": {"missing": [float("inf")]}})
    got = arrange(frame, TRAIN, declared, Recipe()).arrays["numeric"][:, 0]
    np.testing.assert_array_equal(got, np.float32([1, np.nan, np.nan, 2]))


def test_everything_missing_is_refused() -> None:
    empty = FRAME.with_columns(
        n=pl.lit(None, pl.Float64), c=pl.lit(None, pl.String), risk=pl.lit(None, pl.Float64)
    )
    with pytest.raises(DataError, match="all of the 3 features missing"):
        arrange(empty, TRAIN, study(), Recipe())


def test_columns_tell_what_happened_to_each() -> None:
    said = study({"risk": {"known": "after outcome"}}, missing=[40.0])
    told = {item["column"]: item for item in arrange(FRAME, TRAIN, said, Recipe()).columns}
    assert set(told) == set(FRAME.columns)
    assert told["risk"]["role"] == "after outcome"
    assert told["y"]["role"] == "task"
    assert told["n"]["missing_share"] == 0.5


def test_the_format_may_be_said(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "odd.data")
    said = study()
    said = replace(said, data=replace(said.data, format="parquet"))
    assert read([tmp_path / "odd.data"], said).equals(FRAME)
