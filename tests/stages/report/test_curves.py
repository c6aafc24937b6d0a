"""Titles that are answers: what the curves are said to show."""

from __future__ import annotations

import doctest

import pytest

from bedside.stages.report import curves
from bedside.stages.report.curves import calibration_finding, decision_finding
from bedside.stages.report.reading import Node


def curve(gap: float, half: float, counts: list[float] | None = None) -> Node:
    grid = [0.1, 0.3, 0.5, 0.9]
    observed = [x - (gap if x == 0.9 else 0.0) for x in grid]
    return Node(
        {
            "grid": list(grid),
            "observed": list(observed),
            "low": [y - half for y in observed],
            "high": [y + half for y in observed],
            "histogram": {"edges": [0.0, 0.5, 0.8, 1.0], "counts": list(counts or [90, 5, 5])},
        }
    )


def test_the_examples_hold() -> None:
    tried = doctest.testmod(curves)
    assert tried.attempted >= 2
    assert tried.failed == 0


@pytest.mark.parametrize(
    ("gap", "half", "counts", "title"),
    [
        (0.08, 0.02, None, "Predictions near 90 % run 8.0 points too high"),
        (-0.08, 0.02, None, "Predictions near 90 % run 8.0 points too low"),
        (0.08, 0.10, None, "Nowhere do predictions and outcomes differ beyond chance; the largest "
         "gap is 8.0 points, near 90 %"),
        (0.08, 0.02, [990, 9, 1], "Nowhere do predictions and outcomes differ beyond chance; the "
         "largest gap is 0.0 points, near 10 %"),
    ],
)  # fmt: skip
def test_a_gap_counts_where_there_are_patients_and_chance_does_not_explain_it(
    gap: float, half: float, counts: list[float] | None, title: str
) -> None:
    assert calibration_finding(curve(gap, half, counts)) == title


@pytest.mark.parametrize(
    ("low", "title"),
    [
        ([-0.1, -0.1, -0.1], "At no threshold is the model shown to be worth more than alerting "
         "all or none"),
        ([None, 0.1, 0.2], "From 20 % to 30 % the model is worth more than alerting all or none"),
        ([0.1, -0.1, 0.2], "At 10 % and 30 % the model is worth more than alerting all or none"),
        ([0.1, 0.0, -0.2], "At 10 % the model is worth more than alerting all or none"),
    ],
)  # fmt: skip
def test_worth_is_claimed_only_where_chance_does_not_explain_it(
    low: list[float | None], title: str
) -> None:
    assert decision_finding([0.1, 0.2, 0.3], low) == title
