"""Measures in words."""

from __future__ import annotations

import pytest

from bedside.methods.measure_words import WORDS, is_difference, words


@pytest.mark.parametrize("measure", WORDS)
def test_each_measure_has_a_name_a_statistician_and_a_meaning(measure: str) -> None:
    word = words(measure)
    assert word.name
    assert word.short
    assert word.meaning.endswith(".")
    assert not (word.share and word.points)


def test_a_difference_of_shares_is_in_points() -> None:
    assert words("deep_minus_simple.sensitivity").points
    assert words("gap.ppv").points
    assert not words("deep_minus_simple.auroc").points


def test_a_family_that_is_no_difference_keeps_its_plain_name() -> None:
    assert words("parity.served_flips").name == "parity: served flips"
    assert not is_difference("parity.served_flips")
    assert is_difference("model_minus_prg6m.auroc")
