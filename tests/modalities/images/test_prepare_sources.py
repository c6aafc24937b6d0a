"""Every form of a source becomes one row a sample; what does not fit together is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.modalities.images.made_sources import CANARY, folder_of, grey, png, table_of, tar_of

from bedside.core.errors import BedsideError, DataError, StudyError
from bedside.core.inputs import MASK, SAME, SAMPLE
from bedside.core.study import Data
from bedside.modalities.images.prepare_sources import IMAGE, source_rows, strangers, with_patients
from bedside.modalities.images.references import open_image
from bedside.modalities.images.settings import Spec

TREE = {f"{label}/{name}.png": png(at) for at, (label, name) in
        enumerate([("sick", "p1"), ("sick", "p2"), ("well", "p3")])}  # fmt: skip


def values_of(frame: pl.DataFrame) -> list[list[list[int]]]:
    return [open_image(text, Spec()).values.tolist() for text in frame[IMAGE].to_list()]


def test_a_folder_and_an_archive_of_it_are_the_same(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "files", TREE)
    settings = Spec(image="{label}/{patient}.png")
    one = source_rows(folder, settings, Data())
    two = source_rows(tar_of(tmp_path / "all.tar", folder), settings, Data())
    assert one["label"].to_list() == ["sick", "sick", "well"]
    assert one["patient"].to_list() == ["p1", "p2", "p3"]
    assert one[SAMPLE].to_list() == ["0", "1", "2"]
    assert one[MASK].null_count() == 3
    assert one.drop(IMAGE).equals(two.drop(IMAGE))
    assert values_of(one) == values_of(two) == [grey(at).tolist() for at in range(3)]


def test_a_pattern_holds_below_any_folder_and_finds_nothing_hidden(tmp_path: Path) -> None:
    files = {
        "deep/down/sick/p1.png": png(0),
        "deep/down/sick/._p1.png": b"Mac OS X",
        ".x/p.png": b"",
    }
    folder = folder_of(tmp_path / "files", files)
    for source in (folder, tar_of(tmp_path / "all.tar", folder)):
        frame = source_rows(source, Spec(image="{label}/{patient}.png"), Data())
        assert frame["patient"].to_list() == ["p1"]


def test_a_name_that_stands_twice_is_one(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"p1/p1_t1.png": b"", "p2/p1_t1.png": b"", "p3/p3_t1.png": b""})
    frame = source_rows(folder, Spec(image="{patient}/{patient}_t1.png"), Data())
    assert frame["patient"].to_list() == ["p1", "p3"]


def test_a_star_is_anything_within_a_name(tmp_path: Path) -> None:
    names = ["north_p1_t1.png", "south_p2_t1.png", "south_p2_t2.png", "x/p3_t1.png"]
    folder = folder_of(tmp_path, dict.fromkeys(names, b""))
    frame = source_rows(folder, Spec(image="*_{patient}_t1.png"), Data())
    assert frame["patient"].to_list() == ["p1", "p2"]


@pytest.mark.parametrize("pattern", ["{1}.png", "{}.png", "a+b/{p}.png", "{a-b}.png"])
def test_what_is_no_name_in_braces_is_text(tmp_path: Path, pattern: str) -> None:
    folder_of(tmp_path, {pattern.replace("{p}", "x"): png(0)})
    assert source_rows(tmp_path, Spec(image=pattern), Data()).height == 1


MASKED = Spec(image="images/{patient}.png", mask="masks/{patient}.png")


def test_masks_find_their_images(tmp_path: Path) -> None:
    names = ["images/p1.png", "images/p2.png", "masks/p2.png"]
    frame = source_rows(folder_of(tmp_path, dict.fromkeys(names, png(0))), MASKED, Data())
    assert frame["patient"].to_list() == ["p1", "p2"]
    assert frame[MASK].to_list() == [None, str((tmp_path / "masks/p2.png").resolve())]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["images/p1.png", "masks/p1.png", "masks/KANARIENVOGEL.png"], "1 masks without"),
        (["images/p1.png"], "masks as"),
        (["masks/KANARIENVOGEL.png"], "image for each mask"),
        (["a/images/p1.png", "b/images/p1.png", "a/masks/p1.png"], "one image"),
        (["a/images/p1.png", "a/masks/p1.png", "b/masks/p1.png"], "one mask"),
    ],
)
def test_masks_and_images_that_do_not_fit_are_told(
    tmp_path: Path, names: list[str], expected: str
) -> None:
    folder = folder_of(tmp_path / "files", dict.fromkeys(names, png(0)))
    for source in (folder, tar_of(tmp_path / "all.tar", folder)):
        with pytest.raises(DataError, match=expected) as told:
            source_rows(source, MASKED, Data())
        assert CANARY not in str(told.value)


def test_a_table_names_files_beside_it(tmp_path: Path) -> None:
    path = table_of(tmp_path / "study", TREE, label=["1", "1", "0"], patient=["01", "02", "03"])
    for table in (path, path.with_suffix(".parquet")):
        if table != path:
            pl.read_csv(path, schema_overrides={"patient": pl.String}).write_parquet(table)
        frame = source_rows(table, Spec(image="file"), Data(), {"patient"})
        assert frame["patient"].to_list() == ["01", "02", "03"]
        assert values_of(frame) == [grey(at).tolist() for at in range(3)]


@pytest.mark.parametrize(
    ("entry", "where"),
    [("absent.png", "row 2"), ("", "row 2"), ("x" * 5000, "row 2"), ("a\0b", "row 2"),
     ("sick/p1.png/more", "row 2")],
)  # fmt: skip
def test_a_row_without_an_image_is_told_by_its_number(
    tmp_path: Path, entry: str, where: str
) -> None:
    folder_of(tmp_path, TREE)
    files = ["sick/p1.png", entry and f"{CANARY}{entry}"]
    pl.DataFrame({"file": files}).write_parquet(tmp_path / "labels.parquet")
    with pytest.raises(DataError, match=rf"1 of 2 rows, the first in {where}") as told:
        source_rows(tmp_path / "labels.parquet", Spec(image="file"), Data())
    assert CANARY not in str(told.value)
    loose = source_rows(tmp_path / "labels.parquet", Spec(image="file"), Data(), whole=False)
    assert loose[IMAGE].is_null().to_list() == [False, not entry]


def test_images_that_no_row_names_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table_of(tmp_path / "study", TREE)
    settings = Spec(image="file")
    assert strangers(path, source_rows(path, settings, Data())) == 0
    folder_of(path.parent, {f"sick/{CANARY}.PNG": b"", "notes.txt": b"", "x/.hidden.png": b""})
    assert strangers(path, source_rows(path, settings, Data())) == 1
    monkeypatch.chdir(tmp_path)
    relative = Path("study/labels.csv")
    assert strangers(relative, source_rows(relative, settings, Data())) == 1
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "study")
    assert strangers(link / "labels.csv", source_rows(link / "labels.csv", settings, Data())) == 1
    pattern = Spec(image="sick/{patient}.png")
    assert strangers(path.parent, source_rows(path.parent, pattern, Data())) == 2


def test_a_folder_of_a_series_is_one_row_and_its_files_no_strangers(tmp_path: Path) -> None:
    folder_of(tmp_path, {"s1/1.dcm": b"1", "s1/2.dcm": b"2"})
    pl.DataFrame({"file": ["s1"]}).write_csv(tmp_path / "labels.csv")
    frame = source_rows(tmp_path / "labels.csv", Spec(image="file", kind="volume"), Data())
    assert frame[IMAGE].to_list() == [str((tmp_path / "s1").resolve())]
    assert strangers(tmp_path / "labels.csv", frame) == 0


def test_arrays_and_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "all.npz"
    images = np.stack([grey(at) for at in range(3)])
    np.savez(path, images=images, label=np.array([[0], [1], [1]]), who=np.array(["a", "b", "b"]),
             masks=images % 2, mean=np.zeros(()), extra=np.zeros((7, 2)))  # fmt: skip
    frame = source_rows(path, Spec(image="images", mask="masks"), Data())
    assert frame["label"].to_list() == [0, 1, 1]
    assert frame["who"].to_list() == ["a", "b", "b"]
    assert frame[MASK].null_count() == 0
    assert "extra" not in frame.columns
    assert values_of(frame) == images.tolist()


def test_the_parts_of_a_split_that_came_with_the_data(tmp_path: Path) -> None:
    parts = {"train": 3, "val": 1, "test": 2}
    held = {f"{part}_images": np.stack([grey(at) for at in range(n)]) for part, n in parts.items()}
    held |= {f"{part}_labels": np.ones((n, 1), np.uint8) for part, n in parts.items()}
    np.savez(tmp_path / "all.npz", **held)
    frame = source_rows(tmp_path / "all.npz", Spec(), Data())
    assert frame["split"].to_list() == ["train"] * 3 + ["val"] + ["test"] * 2
    assert frame[SAMPLE].n_unique() == 6
    assert values_of(frame)[-1] == grey(1).tolist()


def arrays(**held: np.ndarray) -> dict[str, np.ndarray]:
    return {"images": np.stack([grey(0), grey(1)]), **held}


@pytest.mark.parametrize(
    ("held", "settings", "expected"),
    [
        (arrays(), Spec(image="image"), "the name of an array"),
        (arrays(), Spec(image="images", mask="masks"), "mask for each image"),
        (arrays(masks=np.zeros((3, 12, 12))), Spec(image="images", mask="masks"), "another length"),
        (arrays(label=np.zeros(3)), Spec(image="images"), "2 values, one an image"),
        ({"images": np.zeros(())}, Spec(image="images"), "images as numbers"),
        ({"images": np.zeros((3, 3))}, Spec(image="images"), "images as numbers"),
        ({"images": np.full((2, 2, 2), CANARY)}, Spec(image="images"), "images as numbers"),
        ({"images": np.zeros((0, 4, 4))}, Spec(image="images"), "images, found none"),
        ({"train_images": np.zeros((2, 4, 4))}, Spec(), "train_labels"),
    ],
)
def test_arrays_that_do_not_fit_are_told(
    tmp_path: Path, held: dict[str, np.ndarray], settings: Spec, expected: str
) -> None:
    np.savez(tmp_path / "all.npz", **held)
    with pytest.raises(BedsideError, match=expected) as told:
        source_rows(tmp_path / "all.npz", settings, Data())
    assert CANARY not in str(told.value)


def test_a_source_of_no_known_form_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(CANARY)
    with pytest.raises(DataError, match="another kind of file"):
        source_rows(tmp_path / "notes.txt", Spec(), Data())
    with pytest.raises(StudyError, match="pattern"):
        source_rows(tmp_path, Spec(), Data())
    with pytest.raises(DataError, match="images, found none") as told:
        source_rows(folder_of(tmp_path / "files", {f"{CANARY}.txt": b""}),
                    Spec(image="{patient}.png"), Data())  # fmt: skip
    assert CANARY not in str(told.value)
    pl.DataFrame({"name": [CANARY]}).write_csv(tmp_path / "labels.csv")
    with pytest.raises(DataError, match="no such column") as told:
        source_rows(tmp_path / "labels.csv", Spec(image="file"), Data())
    assert CANARY not in str(told.value)


def test_identical_images_are_of_one_patient(tmp_path: Path) -> None:
    files = {"x/1.png": png(1), "x/2.png": png(2), "y/3.png": png(1)}
    frame = source_rows(folder_of(tmp_path, files), Spec(image="{label}/{file}.png"), Data())
    same = with_patients(frame)[SAME].to_list()
    assert same[0] == same[2] != same[1]


def test_thousands_of_files_in_one_folder(tmp_path: Path) -> None:
    content = png(1, side=2)
    for at in range(3000):
        (tmp_path / f"p{at}.png").write_bytes(content)
    frame = source_rows(tmp_path, Spec(image="{patient}.png"), Data())
    assert frame["patient"].n_unique() == 3000
    assert strangers(tmp_path, frame) == 0
    assert with_patients(frame)[SAME].n_unique() == 1
