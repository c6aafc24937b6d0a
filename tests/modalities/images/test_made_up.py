"""The made-up scans: the same for a seed, and as the table says they are."""

from __future__ import annotations

import csv
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from bedside.core.errors import DataError
from bedside.modalities.images.made_up import (
    COLUMNS,
    RADIUS,
    SIZE,
    SPACING,
    diameter,
    patient,
    scan,
    smoothed,
    write_made_up,
)

Study = tuple[Path, list[dict[str, str]]]
"""The folder, and the rows of its table."""


def pixels(path: Path) -> np.ndarray:
    with Picture.open(path) as picture:
        return np.asarray(picture)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("made_up")
    with write_made_up(folder, subjects=40).open(encoding="utf-8") as file:
        return folder, list(csv.DictReader(file))


def test_every_row_has_its_picture_and_its_mask(study: Study) -> None:
    folder, rows = study
    assert tuple(rows[0]) == COLUMNS
    for row in rows:
        image, mask = pixels(folder / row["file"]), pixels(folder / row["mask"])
        assert image.shape == mask.shape == (SIZE, SIZE)
        assert image.dtype == mask.dtype == np.uint8
        assert set(np.unique(mask)) <= {0, 1}
        assert (row["lesion"] == "yes") == bool(mask.any()) == (float(row["diameter"]) > 0)
        assert float(row["diameter"]) == pytest.approx(diameter(mask) * SPACING, abs=0.05)
    assert len(list((folder / "images").iterdir())) == len(rows)


def test_a_patient_has_one_to_four_scans_and_is_one_person(study: Study) -> None:
    _, rows = study
    for _, scans in groupby(rows, key=lambda row: row["patient"]):
        own = list(scans)
        assert 1 <= len(own) <= 4
        assert len({(row["site"], row["scanner"], row["age"], row["sex"]) for row in own}) == 1
    assert {row["site"] for row in rows} == {"north", "south"}


def test_the_pixels_are_a_function_of_the_seed() -> None:
    """The digest is that of every machine; it changes only with what is simulated."""
    digest = sha256()
    for number in range(6):
        digest.update(scan(patient(number, seed=0), 0, seed=0).pixels.tobytes())
    assert digest.hexdigest()[:16] == "24e691dc9b5fa324"
    other = scan(patient(0, seed=1), 0, seed=1).pixels
    assert (other != scan(patient(0, seed=0), 0, seed=0).pixels).mean() > 0.5


def test_more_patients_leave_the_first_ones_as_they_were(study: Study, tmp_path: Path) -> None:
    folder, rows = study
    with write_made_up(tmp_path, subjects=3).open(encoding="utf-8") as file:
        for few, many in zip(csv.DictReader(file), rows, strict=False):
            assert few == many
            np.testing.assert_array_equal(
                pixels(tmp_path / few["file"]), pixels(folder / few["file"])
            )


def test_shares_and_ages_are_those_that_are_told() -> None:
    drawn = [patient(number, seed=3) for number in range(3000)]
    for site, expected in (("north", 0.42), ("south", 0.50)):
        own = [who for who in drawn if who.scanner.site == site]
        assert np.mean([who.lesions > 0 for who in own]) == pytest.approx(expected, abs=0.04)
    ages = [[who.age for who in drawn if (who.lesions > 0) == ill] for ill in (True, False)]
    assert np.mean(ages[0]) - np.mean(ages[1]) == pytest.approx(4, abs=1.3)


def test_lesions_are_brighter_than_around_them_and_of_the_told_size() -> None:
    over, sizes = [], []
    for number in range(60):
        found = scan(patient(number, seed=0), 0, seed=0)
        if found.mask.any():
            near = (smoothed(found.mask.astype(float), 2.0) > 0.05) & (found.mask == 0)
            over.append(found.pixels[found.mask == 1].mean() - found.pixels[near].mean())
            sizes.append(found.diameter / SPACING)
    assert len(over) > 15
    assert 10 < np.mean(over) < 45
    assert 2 * RADIUS[0] - 2 < np.min(sizes)


def test_a_diameter_by_hand() -> None:
    mask = np.zeros((9, 9), np.uint8)
    assert diameter(mask) == 0
    mask[2, 3] = mask[5, 7] = 1
    assert diameter(mask) == 6


def test_blur_keeps_the_sum_and_edges() -> None:
    spike = np.zeros((31, 31))
    spike[15, 15] = 1
    found = smoothed(spike, 2.0)
    assert found.sum() == pytest.approx(1)
    assert np.average((np.arange(31) - 15) ** 2, weights=found.sum(axis=0)) == pytest.approx(
        4, rel=0.05
    )
    np.testing.assert_allclose(smoothed(np.ones((5, 6)), 3.0), 1)


def test_a_seed_below_zero_is_an_error() -> None:
    with pytest.raises(DataError, match="0 or more"):
        patient(0, seed=-1)
