"""The ML test score: 28 tests, the minimum of four sections, nothing on someone's word."""

from __future__ import annotations

from collections import Counter

from bedside.core.evidence import Evidence
from bedside.stages.release.testscore import CHECKS, ml_test_score


def line(measure: str, slice_: str = "all", value: float | None = 0.5) -> Evidence:
    return Evidence(measure=measure, value=value, subjects=10, slice=slice_, stage="evaluate")


def test_there_are_seven_in_each_of_four_sections() -> None:
    assert Counter(check.section for check in CHECKS) == dict.fromkeys(
        ("data", "model", "infrastructure", "monitoring"), 7
    )
    assert len({(check.section, check.number) for check in CHECKS}) == 28


def test_only_what_was_measured_counts() -> None:
    def points(*evidence: Evidence) -> int:
        return sum(ml_test_score(evidence)["sections"].values())

    assert points() == 0
    assert points(line("auroc")) == 0
    assert points(line("auroc", "sex=F")) == 1
    assert points(line("auroc", "sex=F", None)) == 0
    assert points(line("parity.served_flips")) == 0
    assert points(line("parity.served_flips"), line("parity.exported_flips")) == 2


def test_the_score_is_that_of_the_weakest_section() -> None:
    found = ml_test_score([line("deep_minus_simple.auroc"), line("release.gates")])
    assert found["sections"] == {"data": 0, "model": 1, "infrastructure": 1, "monitoring": 0}
    assert found["score"] == 0
