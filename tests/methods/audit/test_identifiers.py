"""Identifiers: by name, form and values; measurements are none."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.audit.identifiers import Source, identifies

NONE = Source()


@pytest.mark.parametrize(
    "name",
    ["MRN", "patient_id", "patientId", "E-mail", "Date of birth", "hadm_id", "last name", "zip"],
)
def test_names_that_identifiers_have(training_of, number, name: str) -> None:
    column = number(name, np.arange(200) % 7)
    assert identifies(column, training_of(np.arange(200) % 2), NONE)


@pytest.mark.parametrize("name", ["age", "num.co", "surname_count_x2", "ph", "hday", "dobutamine"])
def test_names_that_measurements_have(training_of, number, name: str) -> None:
    column = number(name, np.arange(200) % 7)
    expected = name.startswith("surname")
    assert bool(identifies(column, training_of(np.arange(200) % 2), NONE)) is expected


def test_whole_numbers_that_never_repeat(training_of, number) -> None:
    rng = np.random.default_rng(0)
    training = training_of(np.arange(1000) % 2)
    assert identifies(number("x", rng.permutation(1000) + 5000), training, NONE)
    assert identifies(number("x", np.arange(1000) * 5000 + 7), training, NONE) == "rises row by row"
    assert not identifies(number("x", rng.integers(0, 1500, 1000)), training, NONE)
    assert not identifies(number("x", rng.normal(size=1000)), training, NONE)
    long = rng.choice(9_000_000, 1000, replace=False) + 51_000_000
    assert identifies(number("x", long), training, Source(distinct=1000, distinct_share=1.0))


def test_costs_are_not_identifiers(training_of, number) -> None:
    rng = np.random.default_rng(1)
    cost = rng.lognormal(10, 1, 4000).round()
    assert not identifies(number("x", cost), training_of(np.arange(4000) % 2), NONE)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([f"a{at}@clinic.org" for at in range(30)], "e-mail"),
        ([f"2019-01-{at:02}" for at in range(1, 31)], "dates"),
        ([f"+49 30 1234{at:03}" for at in range(30)], "telephone"),
        (["Anna Berg", "Jo Smith", "Li Wang"] * 10, "persons"),
        ([f"kind {at}" for at in range(30)], ""),
    ],
)
def test_forms_of_texts(training_of, category, words: list[str], found: str) -> None:
    column = category("x", np.arange(300) % 30 + 1, tuple(words))
    text = identifies(column, training_of(np.arange(300) % 2), NONE)
    assert found in text
    assert bool(text) is bool(found)


def test_a_text_of_its_own_for_each_patient_with_several_rows(training_of, category) -> None:
    subject = np.repeat(np.arange(100), 6)
    training = training_of(np.arange(600) % 2, subject=subject)
    assert identifies(category("x", subject + 1), training, NONE)
    assert not identifies(category("x", np.arange(600) % 80 + 1), training, NONE)
    assert identifies(category("x", np.arange(600) % 3), training, Source(looks="identifier"))
