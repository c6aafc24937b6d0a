"""Sketches hold aggregates of ten patients or more, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.core.dataset import Field, Schema, Target
from bedside.methods.policy import Policy
from bedside.methods.served import Outputs
from bedside.methods.sketch import FEWEST, histogram, quantiles, sketch

POLICY = Policy(
    task="binary", threshold=0.3, coverage=0.9, quantiles=(0.6, 0.7), novelty_limit=5.0,
    most_missing=0.5, patients=100,
)  # fmt: skip
SCHEMA = Schema(
    fields=(
        Field(name="age"),
        Field(name="sex", kind="category", categories=("F", "M", "X")),
    ),
    target=Target(type="binary", outcome="death"),
)


def test_a_small_category_is_merged_and_a_few_missing_are_not_counted() -> None:
    random = np.random.default_rng(0)
    codes = np.repeat([1, 2, 3, 0], [600, 390, 4, 6])[:, None]
    numeric = random.normal(60, 10, (1000, 1)).astype(np.float32)
    numeric[:30] = np.nan
    values = random.uniform(0, 1, (1000, 1)).astype(np.float32)
    novelty = random.uniform(0, 4, 1000).astype(np.float32)
    decisions = POLICY.decide(values, novelty, np.zeros(1000))
    outputs = Outputs(values=values, novelty=novelty, missing=np.zeros(1000), decisions=decisions)
    found = sketch(SCHEMA, {"numeric": numeric, "codes": codes}, outputs)
    assert found["fields"]["sex"]["shares"] == {"F": 0.6, "M": 0.39}
    assert found["fields"]["sex"]["other"] is None
    assert found["fields"]["sex"]["missing"] is None
    assert found["fields"]["age"]["missing"] == 0.03
    assert found["samples"] == 1000
    assert sum(found["prediction"]["counts"]) == 1000


def test_quantiles_are_those_of_numpy_and_never_the_extremes() -> None:
    values = np.random.default_rng(1).normal(size=2000)
    found = quantiles(values)
    expected = np.quantile(values, found["probabilities"])
    np.testing.assert_allclose(found["values"], expected, rtol=1e-3)
    assert min(found["probabilities"]) == 0.01
    assert quantiles(values[:15])["values"] == []


@given(st.lists(st.floats(0, 1), max_size=300))
def test_no_bar_is_of_fewer_than_ten_and_none_is_lost(values: list[float]) -> None:
    found = histogram(np.array(values), np.linspace(0, 1, 21))
    counts, edges = found["counts"], found["edges"]
    assert all(count >= FEWEST for count in counts)
    assert sum(counts) == (len(values) if len(values) >= FEWEST else 0)
    assert len(edges) == len(counts) + 1
    assert edges == sorted(edges)


@pytest.mark.parametrize("size", [5, 5000])
def test_regression_predictions_show_no_extreme(size: int) -> None:
    target = Target(type="regression", outcome="days")
    values = np.random.default_rng(2).lognormal(size=(size, 1)).astype(np.float32)
    policy = Policy(
        task="regression", threshold=None, coverage=0.9, quantiles=(1.0,), novelty_limit=5.0,
        most_missing=0.5, patients=100,
    )  # fmt: skip
    decisions = policy.decide(values, np.zeros(size), np.zeros(size))
    outputs = Outputs(
        values=values, novelty=np.zeros(size, np.float32), missing=np.zeros(size),
        decisions=decisions,
    )  # fmt: skip
    schema = Schema(fields=(Field(name="age"),), target=target)
    arrays = {"numeric": values, "codes": np.zeros((size, 0), np.int64)}
    edges = sketch(schema, arrays, outputs)["prediction"]["edges"]
    assert not edges or (edges[-1] < values.max() and edges[0] > values.min())
    assert bool(edges) == (size > 20)
