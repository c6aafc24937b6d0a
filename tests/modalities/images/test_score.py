"""Scoring: any form of a source, in order; what is wrong with an image is its own row's problem."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.modalities.images.made_sources import (
    CANARY,
    folder_of,
    grey,
    grid,
    png,
    schema_of,
    table_of,
    tar_of,
    volume,
)

from bedside.adapters.nifti import nifti_bytes, read_nifti
from bedside.adapters.raster import read_raster, write_png
from bedside.adapters.secondary_capture import write_secondary_capture
from bedside.core.dataset import Schema
from bedside.core.errors import BedsideError, DataError
from bedside.core.new_folder import NewFolder
from bedside.modalities.images import score
from bedside.modalities.images.score import Examined

SCHEMA = schema_of((1, 12, 12), "uint8", image="{label}/{patient}.png")
TABLE = schema_of((1, 12, 12), "uint8", image="file")


def examined(path: Path, schema: Schema, rows: int = 100) -> Examined:
    """All batches as one."""
    found = list(score.batches(path, schema, rows))
    assert sum(len(part.problem) for part in found) == score.size(path, schema)
    assert len(found) == 1
    return found[0]


def test_every_form_of_a_source_in_its_order(tmp_path: Path) -> None:
    files = {f"{at % 2}/p{at}.png": png(at) for at in range(4)}
    folder = folder_of(tmp_path / "files", files)
    by_pattern = ["0/p0.png", "0/p2.png", "1/p1.png", "1/p3.png"]
    order = [0, 2, 1, 3]
    np.savez(tmp_path / "all.npz", images=np.stack([grey(at) for at in order]))
    cases = {
        folder: (SCHEMA, by_pattern),
        tar_of(tmp_path / "all.tar", folder): (SCHEMA, by_pattern),
        tmp_path / "all.npz": (
            schema_of((1, 12, 12), "uint8", image="images"), [f"images {at}" for at in range(4)]),
    }  # fmt: skip
    for path, (schema, names) in cases.items():
        found = examined(path, schema)
        assert list(found.names) == names
        assert not found.problem.any()
        np.testing.assert_array_equal(found.arrays["image"][:, 0], [grey(at) for at in order])
    table = table_of(tmp_path / "study", files)
    found = examined(table, TABLE)
    assert list(found.names) == list(files)
    np.testing.assert_array_equal(found.arrays["image"][3, 0], grey(3))
    one = examined(folder / "0/p2.png", SCHEMA)
    assert one.names == ("p2.png",)
    np.testing.assert_array_equal(one.arrays["image"][0, 0], grey(2))


def test_a_folder_without_the_study_s_pattern_is_taken_file_by_file(tmp_path: Path) -> None:
    files = {"b.png": png(1), "a.dcm": write_secondary_capture(grey(2)), ".hidden": b"x"}
    folder = folder_of(tmp_path / "files", files)
    for source in (folder, tar_of(tmp_path / "all.tar", folder)):
        found = examined(source, TABLE)
        assert found.names == ("a.dcm", "b.png")
        np.testing.assert_array_equal(found.arrays["image"][:, 0], [grey(2), grey(1)])


def test_a_table_for_a_model_that_learnt_from_a_folder_names_files_in_file(tmp_path: Path) -> None:
    table = table_of(tmp_path / "study", {"x/b.png": png(1), "a.png": png(2)})
    found = examined(table, SCHEMA)
    assert found.names == ("x/b.png", "a.png")
    np.testing.assert_array_equal(found.arrays["image"][:, 0], [grey(1), grey(2)])
    pl.read_csv(table).rename({"file": "path"}).write_csv(table)
    with pytest.raises(DataError, match="the column 'file', which names files"):
        score.size(table, SCHEMA)


PATTERN = "{label}/{patient}.png"


@pytest.mark.parametrize("archive", [False, True])
def test_what_the_pattern_does_not_name_is_told(tmp_path: Path, archive: bool) -> None:
    files = {
        "0/p0.png": png(0), f"{CANARY}.png": png(1), "1/p1.jpg": b"cut", "1/IM1": png(2),
        "1/p2.png": png(3), "1/notes.txt": b"text", ".0/p3.png": png(4), "DICOMDIR": png(5),
    }  # fmt: skip
    source: Path = folder_of(tmp_path / "files", files)
    source = tar_of(tmp_path / "all.tar", source) if archive else source
    (found,) = score.batches(source, SCHEMA, 100)
    assert score.size(source, SCHEMA) == len(found.names)
    assert found.names == ("0/p0.png", "1/p2.png", "1/IM1", "1/p1.jpg", f"{CANARY}.png")
    assert found.problem.tolist() == [0, 0, 1, 2, 3]
    assert set(found.sentences) == {f"name: expected one like '{PATTERN}', found another"}
    told = score.passed_over(source, SCHEMA)
    assert told == (f"3 images not named like '{PATTERN}', in the last rows without a prediction; "
                    "3 other files, hidden or no image")  # fmt: skip


def test_where_all_is_scored_nothing_is_told(tmp_path: Path) -> None:
    files = {"0/p0.png": png(0), "1/p1.png": png(1)}
    folder = folder_of(tmp_path / "files", files)
    assert score.passed_over(folder, SCHEMA) == ""
    assert score.passed_over(folder, TABLE) == ""
    assert score.passed_over(folder / "0" / "p0.png", SCHEMA) == ""
    assert score.passed_over(table_of(tmp_path / "study", files), TABLE) == ""
    (folder / ".left").write_bytes(b"x")
    for schema in (SCHEMA, TABLE):
        assert score.passed_over(folder, schema) == "1 other file, hidden or no image"


def test_slices_beside_the_pattern_are_one_image_a_folder(tmp_path: Path) -> None:
    one = write_secondary_capture(grey(1))
    folder_of(tmp_path, {f"{who}/{what}/{at}.dcm": one for who, what, at in (
        ("p1", "scan", 1), ("p1", "scan", 2), ("p2", "other", 1), ("p2", "other", 2))})  # fmt: skip
    schema = schema_of((1, 0, 0, 0), "int16", task="segmentation", image="{patient}/scan")
    one, other = score.batches(tmp_path, schema, 10)
    assert one.names + other.names == ("p1/scan", "p2/other")
    assert "name: expected one like '{patient}/scan'" in other.sentences[0]
    assert score.passed_over(tmp_path, schema).startswith("1 image not named like")


def test_batches_are_of_the_size_asked_for(tmp_path: Path) -> None:
    folder_of(tmp_path, {f"x/p{at}.png": png(at) for at in range(5)})
    parts = list(score.batches(tmp_path, SCHEMA, 2))
    assert [len(part.problem) for part in parts] == [2, 2, 1]
    whole = np.concatenate([part.arrays["image"] for part in parts])
    np.testing.assert_array_equal(whole[:, 0], [grey(at) for at in range(5)])


BROKEN = {
    "zero bytes": (b"", "zero bytes"),
    "half a PNG": (png(1)[:-40], "cannot"),
    "text": (CANARY.encode() * 20, "text"),
    "another size": (png(1, side=13), "12 x 12"),
    "16 bits": (write_png(grey(1).astype(np.uint16) * 9), "uint8"),
    "a volume": (volume(1), "a volume"),
    "absent": (None, "no such file"),
    "too long a name": ("x" * 4000, "no such file"),
    "no name": ("", "name of a file"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_image_is_a_problem_of_its_row_alone(tmp_path: Path, name: str) -> None:
    content, expected = BROKEN[name]
    entry = content if isinstance(content, str) else f"{CANARY}/{CANARY}.png"
    if isinstance(content, bytes):
        folder_of(tmp_path, {entry: content})
    folder_of(tmp_path, {"a.png": png(1), "c.png": png(3)})
    pl.DataFrame({"file": ["a.png", entry, "c.png"], "who": [CANARY] * 3}).write_parquet(
        tmp_path / "new.parquet"
    )
    found = examined(tmp_path / "new.parquet", TABLE)
    assert found.problem.tolist() == [0, 1, 0]
    (sentence,) = found.sentences
    assert expected in sentence
    assert CANARY not in sentence
    assert not found.arrays["image"][1].any()
    assert found.placed[1] is None
    np.testing.assert_array_equal(found.arrays["image"][::2, 0], [grey(1), grey(3)])


def test_nothing_but_broken_images(tmp_path: Path) -> None:
    folder_of(tmp_path, {f"x/{at}.png": b"" for at in range(3)})
    found = examined(tmp_path, SCHEMA)
    assert found.problem.tolist() == [1, 2, 3]
    assert found.arrays["image"].shape == (3, 1, 12, 12)
    open_size = schema_of((1, 0, 0), "uint8", task="segmentation", image="{label}/{patient}.png")
    arrays = examined(tmp_path, open_size).arrays
    assert {name: len(values) for name, values in arrays.items()} == {
        "image": 3, "extent": 3, "spacing": 3,
    }  # fmt: skip
    assert (arrays["extent"] == 1).all()


def test_what_no_source_is_stops_it_all(tmp_path: Path) -> None:
    (tmp_path / "new.npz").write_bytes(CANARY.encode())
    (tmp_path / "new.tar").write_bytes(CANARY.encode())
    pl.DataFrame({"name": [CANARY]}).write_csv(tmp_path / "new.csv")
    for name in ("new.npz", "new.tar", "new.csv"):
        with pytest.raises(BedsideError, match=name) as told:
            list(score.batches(tmp_path / name, TABLE, 10))
        assert CANARY not in str(told.value)


def kept(found: list[Examined], out: Path, *, by_row: bool = False) -> list[str | None]:
    """Names of masks of ones, or each of its row's number."""
    names: list[str | None] = []
    with NewFolder(out, "bundle.json", {}) as folder:
        for batch in found:
            spatial = batch.arrays["image"].shape[2:]
            masks = np.ones((len(batch.problem), *spatial), np.uint8)
            if by_row:
                masks *= np.arange(len(names), len(names) + len(masks))[:, None, None].astype("u1")
            names += score.keep_outlines(batch, masks, folder)
    return names


def test_volumes_of_several_sizes_and_their_masks(tmp_path: Path) -> None:
    shapes = [(4, 6, 5), (5, 4, 6)]
    schema = schema_of((1, 0, 0, 0), "int16", task="segmentation", image="{patient}.nii")
    files = {f"p{at}.nii": volume(at, shape) for at, shape in enumerate(shapes)}
    found = list(score.batches(folder_of(tmp_path / "in", files | {"p2.nii": b""}), schema, 10))
    out = tmp_path / "masks"
    assert kept(found, out) == ["p0.nii.nii.gz", "p1.nii.nii.gz", None]
    assert sorted(item.name for item in out.glob("*.gz")) == ["p0.nii.nii.gz", "p1.nii.nii.gz"]
    for at, shape in enumerate(shapes):
        mask = read_nifti(out / f"p{at}.nii.nii.gz")
        assert mask.values.shape == shape
        assert mask.values.all()
        assert mask.grid == read_nifti(tmp_path / "in" / f"p{at}.nii").grid


def test_a_mask_stays_below_its_folder(tmp_path: Path) -> None:
    schema = schema_of((1, 0, 0), "uint8", task="segmentation", image="file")
    folder_of(tmp_path, {"a.png": png(1), "in/b.png": png(2)})
    pl.DataFrame({"file": ["../a.png", str(tmp_path / "in/b.png")]}).write_csv(
        tmp_path / "in" / "new.csv"
    )
    found = list(score.batches(tmp_path / "in" / "new.csv", schema, 10))
    assert kept(found, tmp_path / "out") == ["a.png", "b.png"]
    assert len(list((tmp_path / "out").rglob("*.png"))) == 2


def test_each_image_has_a_mask_of_its_own(tmp_path: Path) -> None:
    """Names that differ only by suffix, folder, or where they lie outside the source's folder."""
    schema = schema_of((1, 0, 0), "uint8", task="segmentation", image="file")
    files = {"a.png": png(1), "a.dcm": write_secondary_capture(grey(2)), "s/a.png": png(3),
             "../x/c.png": png(4), "../y/c.png": png(5)}  # fmt: skip
    table = table_of(tmp_path / "in", files)
    found = list(score.batches(table, schema, 2))
    names = ["a.png", "a.dcm.png", "s/a.png", "c.png", "c~2.png"]
    assert kept(found, tmp_path / "out", by_row=True) == names
    for at, name in enumerate(names):
        assert (read_raster((tmp_path / "out" / name).read_bytes()).values == at).all()


def test_series_are_found_by_their_folders(tmp_path: Path) -> None:
    one = write_secondary_capture(grey(1))
    folder_of(tmp_path, {"s1/1.dcm": one, "s2/IM0": one, "v.nii": nifti_bytes(
        np.zeros((3, 4, 5), np.int16), grid((3, 4, 5)))})  # fmt: skip
    schema = schema_of((1, 0, 0, 0), "int16", task="segmentation", image="{patient}/scan")
    found = [part for batch in score.batches(tmp_path, schema, 10) for part in batch.names]
    assert found == ["s1", "s2", "v.nii"]
