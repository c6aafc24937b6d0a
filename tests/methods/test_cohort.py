"""Who is in the study: every row is in one split or accounted for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.errors import DataError, StudyError
from bedside.core.study import Study, build_study
from bedside.methods.cohort import Cohort, Rules, gather
from bedside.methods.splits import draw


def study(**data: object) -> Study:
    table = {
        "study": {"name": "s", "question": "q"},
        "data": {"subject": "who", "site": "where", "time": "when", **data},
        "task": {"type": "binary", "target": "y"},
    }
    return build_study(table, path=Path("s.toml"))


def rows(subjects: int = 500, visits: int = 2) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    total = subjects * visits
    return pl.DataFrame(
        {
            "who": np.repeat([f"P{n}" for n in range(subjects)], visits),
            "where": rng.choice(["a", "b", "c"], total),
            "when": np.datetime64("2020-01-01")
            + (np.arange(total) % visits * 365 + rng.integers(0, 365, total)).astype("m8[D]"),
            "y": rng.integers(0, 2, total),
        }
    )


def accounted(cohort: Cohort) -> None:
    found, *others = cohort.flow
    assert found["step"] == "found"
    assert found["rows"] == sum(item["rows"] for item in others)
    assert all(item["why"] for item in cohort.flow)


def splits_of_subjects(cohort: Cohort) -> dict[str, set[str]]:
    pairs = cohort.samples.select("subject", "split").unique()
    return {split[0]: set(part["subject"].to_list()) for split, part in pairs.group_by("split")}


def test_no_subject_is_in_two_splits() -> None:
    cohort = gather(rows(), study(), Rules(external_sites=("c",)))
    parts = splits_of_subjects(cohort)
    assert set(parts) == {"train", "tune", "held_out", "external"}
    assert sum(len(names) for names in parts.values()) == len(set().union(*parts.values()))
    assert set(cohort.samples.filter(pl.col("split") == "external")["site"]) == {"c"}
    assert "c" not in set(cohort.samples.filter(pl.col("split") != "external")["site"])
    accounted(cohort)
    assert [item["step"] for item in cohort.flow][:2] == ["found", "excluded"]


def test_later_times_are_held_apart() -> None:
    cut = date(2021, 6, 1)
    cohort = gather(rows(), study(), Rules(external_after=cut))
    outer = cohort.samples["split"] == "external"
    assert cohort.samples["time"].filter(outer).min() > cut
    assert cohort.samples["time"].filter(~outer).max() <= cut
    accounted(cohort)


def test_adding_patients_moves_nobody() -> None:
    few, many = gather(rows(300), study(), Rules()), gather(rows(500), study(), Rules())
    before, after = (dict(c.samples.select("subject", "split").iter_rows()) for c in (few, many))
    assert {name: after[name] for name in before} == before


def test_the_order_of_rows_does_not_matter() -> None:
    frame = rows()
    turned = gather(frame.reverse(), study(), Rules(most_subjects=200))
    straight = gather(frame, study(), Rules(most_subjects=200))
    key = ["subject", "time"]
    columns = ["subject", "time", "split", "target"]
    assert (
        turned.samples.select(columns).sort(key).equals(straight.samples.select(columns).sort(key))
    )


def test_at_most_so_many_subjects() -> None:
    cohort = gather(rows(), study(), Rules(most_subjects=60))
    assert cohort.samples["subject"].n_unique() == 60
    assert cohort.frame["who"].to_list() == cohort.samples["subject"].to_list()
    accounted(cohort)


def test_strata_keep_the_outcome_share() -> None:
    frame = rows(400, visits=1).with_columns(y=pl.when(pl.int_range(400) < 40).then(1).otherwise(0))
    cohort = gather(frame, study(), Rules(stratify=True))
    positive = cohort.samples.filter(pl.col("target") == 1)["split"].value_counts()
    assert dict(positive.iter_rows()) == {"train": 24, "tune": 8, "held_out": 8}


def test_subject_names_keep_their_form() -> None:
    frame = rows(200, 1).with_columns(who=pl.Series([f"{n:05d}" for n in range(200)]))
    assert gather(frame, study(), Rules()).samples["subject"].to_list() == frame["who"].to_list()


def test_without_a_subject_each_row_is_a_patient() -> None:
    alone = replace(study(), data=replace(study().data, subject=""))
    assert gather(rows(), alone, Rules()).samples["subject"].n_unique() == 1000


def test_survival_rows_without_follow_up_are_left_out() -> None:
    table = {
        "study": {"name": "s", "question": "q"},
        "task": {"type": "survival", "event": "e", "time": "t", "horizon": 5.0},
    }
    frame = pl.DataFrame({"t": [None, *np.arange(1.0, 200)], "e": [1, 0] * 100})
    cohort = gather(frame, build_study(table, path=Path("s.toml")), Rules())
    assert cohort.samples.height == 199
    assert cohort.flow[1]["step"] == "excluded"
    assert cohort.samples["duration"].null_count() == 0
    accounted(cohort)


def twice(frame: pl.DataFrame) -> pl.DataFrame:
    """The first rows once more, same time, other label."""
    other = frame.head(3).with_columns(y=1 - pl.col("y"))
    return pl.concat([frame, other])


NOT_IN_TRAIN = next(n for n in range(40) if draw([f"P{n}"], 0)[0] < 0.4)


@pytest.mark.parametrize(
    ("frame", "rules", "words"),
    [
        (rows().head(0), Rules(), "no row"),
        (rows().head(1), Rules(), "a single row"),
        (twice(rows(50, 1)), Rules(), "3 subjects"),
        (rows().drop("where"), Rules(), "'where'"),
        (rows().with_columns(who=pl.lit(None, pl.String)), Rules(), "1000 of 1,000 rows"),
        (rows(3, 1), Rules(), "split"),
        (
            rows(40, 1).with_columns(y=(pl.int_range(40) == NOT_IN_TRAIN).cast(pl.Int8)),
            Rules(),
            "outcomes that differ",
        ),
        (rows().with_columns(when=pl.lit("Canary")), Rules(), "dates written as"),
    ],
)
def test_refuses_what_is_no_cohort(frame: pl.DataFrame, rules: Rules, words: str) -> None:
    with pytest.raises(DataError) as caught:
        gather(frame, study(), rules)
    assert words in str(caught.value)
    assert "Canary" not in str(caught.value)
    assert not any(f"P{n}" in str(caught.value) for n in range(3))


def test_equal_labels_of_one_subject_are_no_contradiction() -> None:
    frame = rows(50, 1)
    cohort = gather(pl.concat([frame, frame.head(3)]), study(), Rules())
    assert cohort.samples.height == 53


def test_an_unknown_external_site_is_an_error() -> None:
    with pytest.raises(StudyError, match="'z'"):
        gather(rows(), study(), Rules(external_sites=("z",)))
