"""Splits: a patient is in one of them, and stays there when others come or the order changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.core.study import Data, Study, build_study
from bedside.methods.cohort import Rules, gather
from bedside.methods.splits import assign, draw

names = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=40, unique=True)
shares = st.tuples(st.floats(0.05, 0.45), st.floats(0.05, 0.45))


@given(names, names, shares, st.integers(0, 10))
def test_a_patient_stays_when_others_come(
    some: list[str], more: list[str], share: tuple[float, float], seed: int
) -> None:
    both = list(dict.fromkeys([*more, *some]))
    alone = dict(zip(some, assign(draw(some, seed), *share), strict=True))
    together = dict(zip(both, assign(draw(both, seed), *share), strict=True))
    assert {name: together[name] for name in some} == alone


@given(names, st.integers(0, 10))
def test_numbers_do_not_depend_on_order(some: list[str], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(some))
    shuffled = [some[at] for at in order]
    assert np.array_equal(draw(some, seed)[order], draw(shuffled, seed))


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_law_shares_are_held_and_seeds_are_independent(seed: int) -> None:
    """Of 4,000 patients, a share is off by more than five standard errors once in two million."""
    patients = [f"P{n}" for n in range(4000)]
    first, second = (
        assign(draw(patients, seed), 0.2, 0.3),
        assign(draw(patients, seed + 1), 0.2, 0.3),
    )
    for name, share in (("tune", 0.2), ("held_out", 0.3), ("train", 0.5)):
        error = 5 * np.sqrt(share * (1 - share) / 4000)
        assert abs((first == name).mean() - share) < error
        both = share * share
        assert abs(((first == name) & (second == name)).mean() - both) < 5 * np.sqrt(both / 4000)


def _study() -> Study:
    table = {
        "study": {"name": "s", "question": "?"},
        "data": {"source": "x.csv", "subject": "who", "site": "where"},
        "task": {"type": "binary", "target": "y"},
    }
    study = build_study(table, path=Path("s.toml"))
    assert study.data == Data(source="x.csv", subject="who", site="where")
    return study


@given(st.integers(0, 10_000), st.sampled_from([60, 120, 400]), st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_no_patient_is_in_two_splits(
    seed: int, patients: int, stratify: bool, external: bool
) -> None:
    """Whatever the rules are: several rows, several sites, strata, sites held apart."""
    rng = np.random.default_rng(seed)
    who = rng.integers(0, patients, 4 * patients)
    sites = rng.choice(["a", "b"], 4 * patients, p=[0.9, 0.1])
    frame = pl.DataFrame({"who": who, "where": sites, "y": who % 2, "x": who})
    rules = Rules(stratify=stratify, external_sites=("b",) if external else ())
    cohort = gather(frame, _study(), rules)
    per_subject = cohort.samples.group_by("subject").agg(pl.col("split").n_unique())
    assert per_subject["split"].max() == 1
    assert ("external" in cohort.samples["split"]) == external
    assert cohort.samples.height == cohort.frame.height
    assert sum(int(str(step["rows"])) for step in cohort.flow[1:]) == frame.height
