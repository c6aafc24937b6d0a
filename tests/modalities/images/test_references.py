"""Where an image lies: every form of reference opens, a broken one is told without its name."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from tests.modalities.images.made_sources import (
    CANARY,
    colour,
    folder_of,
    grey,
    grid,
    png,
    tar_of,
    volume,
)

from bedside.adapters.nifti import nifti_bytes
from bedside.adapters.raster import write_png
from bedside.core.errors import DataError
from bedside.core.image import Image
from bedside.modalities.images.references import (
    BETWEEN,
    content_digest,
    members,
    open_arrays,
    open_image,
    open_mask,
)
from bedside.modalities.images.settings import Spec


def test_one_picture_by_every_kind_of_reference(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "files", {"a/1.png": png(1)})
    archive = tar_of(tmp_path / "all.tar", folder)
    np.savez(tmp_path / "all.npz", images=np.stack([grey(0), grey(1)]))
    references = [
        str(folder / "a/1.png"),
        f"{archive}{BETWEEN}a/1.png",
        f"{tmp_path / 'all.npz'}{BETWEEN}images{BETWEEN}1",
    ]
    for reference in references:
        np.testing.assert_array_equal(open_image(reference, Spec()).values, grey(1))
    assert content_digest(references[0]) == content_digest(references[1])
    assert len({content_digest(reference) for reference in references}) == 2


@pytest.mark.parametrize("name", ["scan::left::1.png", "::", "a::b", "naïve ü.png"])
def test_any_name_that_a_file_can_have(tmp_path: Path, name: str) -> None:
    folder = folder_of(tmp_path / "files", {name: png(2)})
    archive = tar_of(tmp_path / "all.tar", folder)
    for reference in (str(folder / name), f"{archive}{BETWEEN}{name}"):
        np.testing.assert_array_equal(open_image(reference, Spec()).values, grey(2))


def test_a_row_of_colour_is_in_colour(tmp_path: Path) -> None:
    np.savez(tmp_path / "all.npz", images=np.stack([colour(0), colour(1)]))
    found = open_image(f"{tmp_path / 'all.npz'}{BETWEEN}images{BETWEEN}1", Spec())
    assert found.colour
    np.testing.assert_array_equal(found.values, colour(1))
    assert found.facts == {"bits": 8.0}


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "all.npz"
    np.savez(path, images=grey(1)[None])
    open_arrays(path)
    np.savez(path, images=grey(2)[None])
    os.utime(path, ns=(1, 1))
    np.testing.assert_array_equal(open_arrays(path)["images"][0], grey(2))
    archive = tar_of(tmp_path / "all.tar", folder_of(tmp_path / "one", {"1.png": png(1)}))
    assert list(members(archive)) == ["1.png"]
    tar_of(archive, folder_of(tmp_path / "two", {"1.png": png(1), "2.png": png(2)}))
    os.utime(archive, ns=(1, 1))
    assert list(members(archive)) == ["1.png", "2.png"]


def objects(path: Path) -> None:
    np.savez(path, images=np.array([{"who": CANARY}, None], dtype=object))


def cut(path: Path) -> None:
    np.savez_compressed(path, images=np.stack([grey(0), grey(1)]))
    path.write_bytes(path.read_bytes()[:-60])


def damaged(path: Path) -> None:
    np.savez_compressed(path, images=np.random.default_rng(1).integers(0, 99, (2, 32, 32)))
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(bytes(content))


def one_array(path: Path) -> None:
    np.save(path.with_suffix(".npy"), grey(0))
    path.with_suffix(".npy").rename(path)


ARCHIVES = {
    "objects": objects, "cut": cut, "damaged": damaged, "one array": one_array,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text(CANARY),
    "absent": lambda path: None,
}  # fmt: skip


@pytest.mark.parametrize("case", ARCHIVES)
def test_an_npz_that_is_none_is_told(tmp_path: Path, case: str) -> None:
    ARCHIVES[case](tmp_path / "all.npz")
    with pytest.raises(DataError, match=r"all\.npz") as told:
        open_arrays(tmp_path / "all.npz")
    assert CANARY not in str(told.value)


def test_a_tar_that_is_cut_short_or_none_is_told(tmp_path: Path) -> None:
    files = {f"{CANARY}-{at}.png": png(at, side=70) for at in range(3)}
    archive = tar_of(tmp_path / "all.tar", folder_of(tmp_path / "files", files))
    whole = archive.read_bytes()
    first, second = sorted(members(archive).values(), key=lambda one: one.start)[:2]
    after = first.start - -first.size // 512 * 512  # the end of the first file, in whole blocks
    cuts = (after, after + 200, after + 512, second.start, second.start + 100, 100, 0)
    damaged = whole[:after] + b"x" * 512 + whole[after + 512 :]
    for content in (*(whole[:at] for at in cuts), b"text", damaged):
        archive.write_bytes(content)
        os.utime(archive, ns=(len(content), len(content)))
        with pytest.raises(DataError, match=r"all\.tar.*cut short") as told:
            members(archive)
        assert CANARY not in str(told.value)


def test_an_archive_cut_short_after_it_was_listed(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "all.tar", folder_of(tmp_path / "files", {"1.png": png(1)}))
    members(archive)
    archive.write_bytes(archive.read_bytes()[:600])
    with pytest.raises(DataError, match="cut short"):
        open_image(f"{archive}{BETWEEN}1.png", Spec())


def test_a_member_that_is_there_no_more_is_told(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "all.tar", folder_of(tmp_path / "files", {"1.png": png(1)}))
    with pytest.raises(DataError, match="changed") as told:
        open_image(f"{archive}{BETWEEN}{CANARY}.png", Spec())
    assert CANARY not in str(told.value)


OPENED = {
    "image": lambda reference: open_image(reference, Spec()),
    "mask": lambda reference: open_mask(reference, Image(values=grey(1)), 1),
}


@pytest.mark.parametrize("what", OPENED)
def test_an_absent_file_is_told_without_its_name(tmp_path: Path, what: str) -> None:
    reference = str(tmp_path / f"{CANARY}.png")
    with pytest.raises(DataError, match=f"{what}.*no such file") as told:
        OPENED[what](reference)
    assert CANARY not in str(told.value)
    with pytest.raises(DataError, match="removed") as told:
        content_digest(reference)
    assert CANARY not in str(told.value)
    assert told.value.__cause__ is None


def test_a_series_is_the_content_of_its_folder(tmp_path: Path) -> None:
    one = folder_of(tmp_path / "one", {"a.dcm": b"1", "b.dcm": b"2"})
    two = folder_of(tmp_path / "two", {"c.dcm": b"1", "d.dcm": b"2"})
    other = folder_of(tmp_path / "other", {"a.dcm": b"12"})
    assert content_digest(str(one)) == content_digest(str(two)) != content_digest(str(other))


def mask(dtype: str = "uint8") -> np.ndarray:
    return (np.indices((12, 12)).sum(axis=0) % 3).astype(dtype)


def test_a_mask_of_a_picture(tmp_path: Path) -> None:
    like = Image(values=grey(1))
    (tmp_path / "m.png").write_bytes(write_png(mask()))
    np.testing.assert_array_equal(open_mask(str(tmp_path / "m.png"), like, 2), mask())
    white = (mask() == 1).astype(np.uint8)
    (tmp_path / "w.png").write_bytes(write_png(white * 255))
    np.testing.assert_array_equal(open_mask(str(tmp_path / "w.png"), like, 1), white)
    np.savez(tmp_path / "all.npz", masks=mask("float64")[None])
    reference = f"{tmp_path / 'all.npz'}{BETWEEN}masks{BETWEEN}0"
    found = open_mask(reference, Image(values=colour(1), colour=True), 2)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, mask())
    (tmp_path / "empty.png").write_bytes(write_png(np.zeros((12, 12), np.uint8)))
    assert not open_mask(str(tmp_path / "empty.png"), like, 2).any()


@pytest.mark.parametrize(
    ("values", "labels", "expected"),
    [
        (mask(), 1, "labels 0 to 1"),
        (mask() * 200, 1, "labels 0 to 1"),
        (mask()[:-1], 2, "shape"),
        (np.stack([mask()] * 3, -1), 2, "shape"),
        (mask("float64") + 0.5, 2, "labels 0 to 2"),
        (np.where(mask() == 1, np.nan, 0.0), 2, "labels 0 to 2"),
        (mask("int16") - 1, 2, "labels 0 to 2"),
        (np.full((12, 12), CANARY), 2, "whole numbers"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(
    tmp_path: Path, values: np.ndarray, labels: int, expected: str
) -> None:
    np.savez(tmp_path / "all.npz", masks=values[None])
    reference = f"{tmp_path / 'all.npz'}{BETWEEN}masks{BETWEEN}0"
    with pytest.raises(DataError, match=expected) as told:
        open_mask(reference, Image(values=grey(1)), labels)
    assert CANARY not in str(told.value)


def test_a_mask_of_a_volume_lies_on_its_image(tmp_path: Path) -> None:
    like = open_image(str(folder_of(tmp_path, {"v.nii": volume(1)}) / "v.nii"), Spec())
    held = np.random.default_rng(2).integers(0, 3, (6, 8, 7)).astype(np.uint8)
    (tmp_path / "m.nii").write_bytes(nifti_bytes(held, grid((6, 8, 7))))
    np.testing.assert_array_equal(open_mask(str(tmp_path / "m.nii"), like, 2), held)
    with pytest.raises(DataError, match="labels"):
        open_mask(str(tmp_path / "m.nii"), like, 1)
    (tmp_path / "m.nii").write_bytes(nifti_bytes(held, grid((6, 8, 7), (1.0, 1.0, 1.5))))
    with pytest.raises(DataError, match="place"):
        open_mask(str(tmp_path / "m.nii"), like, 2)
