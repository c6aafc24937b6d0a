"""The ready studies: each can be read, is told in words, and prepares from its source."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from bedside.adapters.source import sources
from bedside.core.dataset import Dataset
from bedside.core.errors import DataError
from bedside.core.study import embedded, read_study
from bedside.stages import prepare

IN_PACKAGES = {"flchain": "sksurv", "actg175": "lifelines", "breast_cancer": "sklearn",
               "diabetes": "sklearn"}  # fmt: skip
SIZES = {"flchain": 7874, "actg175": 2139, "breast_cancer": 569, "diabetes": 442}


@pytest.fixture(params=sorted(embedded()))
def ready(request: pytest.FixtureRequest, context_for: Callable) -> tuple:
    """Name, study and prepared data set of each ready study whose source is there."""
    name = request.param
    study = read_study(embedded()[name])
    folder = None
    if name not in IN_PACKAGES:
        folder = request.getfixturevalue("data_folder")
        try:
            sources(study, folder)
        except DataError:
            pytest.skip(f"{study.data.source} is not in BEDSIDE_DATA")
    elif find_spec(IN_PACKAGES[name]) is None:
        pytest.skip(f"{IN_PACKAGES[name]} is not installed")
    context = context_for(study, "prepare", data_folder=folder)
    prepare.run(study.spec("prepare"), context)
    return name, study, Dataset(context.run.folder)


def test_prepares_whole(ready: tuple) -> None:
    name, study, dataset = ready
    assert study.name == name
    assert dataset.samples.height == SIZES.get(name, dataset.samples.height)
    assert study.about.question.endswith("?")
    assert study.about.limits
    assert study.about.citation
    assert study.task.outcome
    assert dataset.schema.groups or study.about.modality == "images"
    keys = {study.task.target, study.task.event, study.task.time, study.data.subject}
    assert not keys & {field.name for field in dataset.schema.fields}


def test_stated_ranges_are_wider_than_what_was_seen(ready: tuple) -> None:
    _, _, dataset = ready
    for field in dataset.schema.numeric:
        if field.low is not None and field.seen_low is not None:
            assert field.low <= field.seen_low, field.name
            assert field.seen_high <= field.high, field.name


def test_flchain_labels_agree_with_a_count_by_hand(context_for: Callable) -> None:
    if find_spec("sksurv") is None:
        pytest.skip("scikit-survival is not installed")
    from scipy.io import arff

    study = read_study(embedded()["flchain"])
    rows = arff.loadarff(sources(study)[0])[0]
    context = context_for(study, "prepare")
    prepare.run(study.spec("prepare"), context)
    target = Dataset(context.run.folder).samples["target"]
    dead, time = rows["death"] == b"dead", rows["futime"]
    assert int((target == 1).sum()) == int((dead & (time <= 3652.5)).sum())
    assert target.null_count() == int((~dead & (time < 3652.5)).sum())
    assert "chapter" in {f.name for f in Dataset(context.run.folder).schema.fields}


def test_support2_comparators_are_risks_of_death(data_folder: Path, context_for: Callable) -> None:
    study = read_study(embedded()["support2"])
    try:
        sources(study, data_folder)
    except DataError:
        pytest.skip("support2 is not in BEDSIDE_DATA")
    context = context_for(study, "prepare", data_folder=data_folder)
    prepare.run(study.spec("prepare"), context)
    samples = Dataset(context.run.folder).samples
    for name in ("comparator.prg6m", "comparator.surv6m"):
        means = dict(samples.group_by("target").agg(pl.col(name).mean()).iter_rows())
        assert means[1.0] > means[0.0] + 0.15
