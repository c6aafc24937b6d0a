"""The split that came with the data: patients and identical samples in two of its parts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bedside.methods.audit.duplicates import Fingerprints
from bedside.methods.audit.given_split import crossing, given_split_findings


def _prints(whole: list[int], known: float = 1.0) -> Fingerprints:
    return Fingerprints(
        whole=np.asarray(whole, np.uint64), fields={}, known=np.full(len(whole), known),
        noun="image",
    )  # fmt: skip


def _samples(subject: str, part: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"subject": list(subject), "given_split": part})


def test_patients_in_two_parts_are_counted() -> None:
    samples = _samples("aabbcc", ["x", "y", "x", "x", "y", "y"])
    by_patient, by_image = given_split_findings(
        samples, _prints([1, 2, 3, 4, 5, 6]), named=True, data="all@0"
    )
    assert by_patient.state == "found"
    assert "1 of 3 patients in more than one part (33.3 % (0.8 to 90.6))" in by_patient.sentence
    assert by_patient.evidence[0].measure == "audit.given_split"
    assert by_patient.evidence[0].value == pytest.approx(1 / 3)
    assert by_image.state == "clear"


def test_without_a_patient_only_identical_samples_are_asked_for() -> None:
    samples = _samples("aabbcc", ["x", "y", "x", "x", "y", None])
    (found,) = given_split_findings(samples, _prints([1, 1, 3, 4, 3, 4]), named=False, data="all")
    assert found.state == "found"
    assert found.sentence.startswith("2 images are in more than one part")
    assert "of 3 different images" in found.sentence  # the sample in no part is not counted


def test_blank_samples_are_not_copies() -> None:
    samples = _samples("ab", ["x", "y"])
    (found,) = given_split_findings(samples, _prints([1, 1], known=0.0), named=False, data="all")
    assert found.state == "clear"


@pytest.mark.parametrize("part", [[None, None], ["x", None], ["x", "x"]])
def test_one_part_or_none_is_no_split(part: list[str | None]) -> None:
    assert given_split_findings(_samples("ab", part), _prints([1, 1]), named=True, data="a") == []


def test_no_column_is_no_split() -> None:
    samples = pl.DataFrame({"subject": ["a", "b"]})
    assert given_split_findings(samples, _prints([1, 1]), named=True, data="all") == []


def test_crossing_against_sets() -> None:
    generator = np.random.Generator(np.random.Philox(3))
    unit, part = generator.integers(0, 40, 200), generator.integers(0, 3, 200)
    slow = [u for u in range(40) if len(set(part[unit == u].tolist())) > 1]
    assert crossing(unit, part).tolist() == slow
