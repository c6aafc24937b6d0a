"""An unlabelled pool of images: in each form, decoded as the study's, refused otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.modalities.images.made_sources import (
    CANARY,
    folder_of,
    grey,
    png,
    schema_of,
    study_of,
    table_of,
)

from bedside.adapters.png_tag import tagged_png
from bedside.core.errors import DataError
from bedside.core.study import Study
from bedside.methods.pretraining.pool import joined
from bedside.modalities.images.pretrain_pool import known_by, pool_arrays, read_pool

SHAPE = (1, 12, 12)


def study(folder: Path, image: str) -> Study:
    made = study_of(folder, "source", {"image": image})
    return replace(made, data=replace(made.data, subject="patient"))


def gathered(path: Path, of: Study, image: str, **field: object) -> tuple[list, np.ndarray, dict]:
    schema = schema_of(SHAPE, "uint8", image=image, **field)
    frame = read_pool(path, of, schema)
    arrays, counts = pool_arrays(frame, of, schema)
    return frame["patient"].to_list(), arrays["image"], dict(counts)


def test_a_table_an_npz_and_a_folder_without_outcomes(tmp_path: Path) -> None:
    files = {f"{CANARY}{at}.png": png(at) for at in range(3)}
    expected = np.stack([grey(at)[None] for at in range(3)])
    table = table_of(tmp_path / "table", files, patient=["007", "008", "008"])
    (tmp_path / "table" / "stray.png").write_bytes(png(9))
    names, images, counts = gathered(table, study(tmp_path, "file"), "file")
    assert names == ["007", "008", "008"]
    np.testing.assert_array_equal(images, expected)
    assert counts == {"files_without_row": 1}
    np.savez(tmp_path / "pool.npz", images=expected[:, 0], patient=np.array(["a", "b", "c"]))
    names, images, _ = gathered(tmp_path / "pool.npz", study(tmp_path, "images"), "images")
    assert names == ["a", "b", "c"]
    np.testing.assert_array_equal(images, expected)


@pytest.mark.parametrize("inside", ["", "1/"])
def test_folders_of_the_outcome_need_not_be_there(tmp_path: Path, inside: str) -> None:
    pool = folder_of(tmp_path / "pool", {f"{inside}p{at}_x.png": png(at) for at in range(2)})
    pattern = "{label}/{patient}_*.png"
    names, images, _ = gathered(pool, study(tmp_path, pattern), pattern)
    assert names == ["p0", "p1"]
    assert images.shape == (2, *SHAPE)


def test_images_of_another_size_and_broken_ones_are_told_by_number(tmp_path: Path) -> None:
    files = {f"{CANARY}0.png": png(0), f"{CANARY}1.png": png(1, side=9), f"{CANARY}2.png": b"text"}
    table = table_of(tmp_path, files, patient=["a", "b", "c"])
    with pytest.raises(
        DataError, match=r"2 that are not \(row 2: expected an image of 12 x 12"
    ) as e:
        gathered(table, study(tmp_path, "file"), "file")
    assert CANARY not in str(e.value)


def test_a_made_up_picture_is_no_part_of_a_pool(tmp_path: Path) -> None:
    files = {"0.png": png(0), "1.png": tagged_png(png(1), "flow:synthesize-0")}
    table = table_of(tmp_path, files, patient=["a", "b"])
    with pytest.raises(DataError, match="`bedside synthesize` made up"):
        gathered(table, study(tmp_path, "file"), "file")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    with pytest.raises(DataError, match=r"\[pretrain\] pool, pool: expected images, found none"):
        gathered(tmp_path / "pool", study(tmp_path, "{patient}.png"), "{patient}.png")


def test_where_masks_are_learnt_images_of_any_size_are_known_by_what_is_image(
    tmp_path: Path,
) -> None:
    files = {f"{at}.png": png(at, side=9 + at) for at in range(3)}
    table_of(tmp_path, files, patient=["a", "b", "c"])
    schema = schema_of((1, 0, 0), "uint8", task="segmentation", image="file")
    frame = read_pool(tmp_path / "labels.csv", study(tmp_path, "file"), schema)
    arrays, _ = pool_arrays(frame, study(tmp_path, "file"), schema)
    assert arrays["image"].shape == (3, 1, 11, 11)
    assert arrays["extent"].tolist() == [[9, 9], [10, 10], [11, 11]]
    np.testing.assert_array_equal(arrays["image"][0, 0, :9, :9], grey(0, 9))
    more = joined(arrays, {**arrays, "image": np.pad(arrays["image"], [(0, 0)] * 2 + [(0, 4)] * 2)})
    assert more["image"].shape == (6, 1, 15, 15)
    first, second, third, *copies = known_by(more).tolist()
    assert [first, second, third] == copies == known_by(arrays).tolist()
    assert len({first, second, third}) == 3


def test_copies_share_a_hash_and_blank_images_have_none() -> None:
    images = np.stack([grey(0)[None], grey(1)[None], grey(0)[None], np.full(SHAPE, 7, np.uint8)])
    first, other, copy, blank = known_by({"image": images}).tolist()
    assert first == copy != other
    assert blank == 0
