"""The made-up volumes: read back, they lie and measure as the table says."""

from __future__ import annotations

import csv
from pathlib import Path

import nibabel
import numpy as np
import pytest

from bedside.modalities.images.made_up import draws
from bedside.modalities.images.made_up_volumes import COLUMNS, volume, write_made_up_volumes

Study = tuple[Path, list[dict[str, str]]]
"""The folder, and the rows of its table."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("made_up_volumes")
    with write_made_up_volumes(folder, subjects=16).open(encoding="utf-8") as file:
        return folder, list(csv.DictReader(file))


def test_every_volume_has_a_mask_on_its_grid(study: Study) -> None:
    folder, rows = study
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 16
    for row in rows:
        image, mask = (nibabel.load(folder / row[name]) for name in ("file", "mask"))
        np.testing.assert_array_equal(image.affine, mask.affine)
        outlined = np.asarray(mask.dataobj)
        assert outlined.shape == image.shape
        assert outlined.dtype == np.uint8
        assert set(np.unique(outlined)) == {0, 1, 2}
        element = float(np.prod(image.header.get_zooms())) / 1000
        assert float(row["organ"]) == pytest.approx((outlined > 0).sum() * element, abs=0.02)
        assert float(row["core"]) == pytest.approx((outlined == 2).sum() * element, abs=0.02)


def test_files_differ_in_size_spacing_side_and_type(study: Study) -> None:
    folder, rows = study
    images = [nibabel.load(folder / row["file"]) for row in rows]
    assert len({image.shape for image in images}) > 4
    assert len({image.header.get_zooms() for image in images}) == 3
    assert len({nibabel.aff2axcodes(image.affine) for image in images}) > 3
    assert {image.get_data_dtype().name for image in images} == {"int16", "float32"}


def test_structures_are_brighter_one_in_the_other(study: Study) -> None:
    folder, rows = study
    for row in rows:
        values = nibabel.load(folder / row["file"]).get_fdata()
        mask = np.asarray(nibabel.load(folder / row["mask"]).dataobj)
        outside, organ, core = (values[mask == k].mean() for k in (0, 1, 2))
        assert outside < organ < core


def test_a_volume_is_a_function_of_its_draws() -> None:
    one, same, other = (volume(draws(seed, 2, 63)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.values, same.values)
    np.testing.assert_array_equal(one.affine, same.affine)
    assert other.values.shape != one.values.shape or (other.values != one.values).any()
