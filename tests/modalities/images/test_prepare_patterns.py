"""What a pattern names: files at any depth, or folders of slices, never both."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.modalities.images.made_sources import folder_of

from bedside.core.study import Data
from bedside.modalities.images.prepare_patterns import matching, one_of_each
from bedside.modalities.images.prepare_sources import IMAGE, source_rows
from bedside.modalities.images.settings import Spec

SERIES = [
    "north", "north/p1", "north/p1/s1", "north/p1/s1/1.dcm", "north/p1/s1/2.dcm", "north/p1/s2",
    "north/p1/s2/IM0", "p2", "p2/s1", "p2/s1/1.dcm",
]  # fmt: skip
FILES = ["images", "images/p1", "images/p1/a.nii.gz", "images/p2", "images/p2/a.nii.gz"]


@pytest.mark.parametrize(
    ("pattern", "names", "expected"),
    [
        ("{patient}/{series}", SERIES, ["north/p1/s1", "north/p1/s2", "p2/s1"]),
        ("{patient}/{scan}", FILES, ["images/p1/a.nii.gz", "images/p2/a.nii.gz"]),
        ("{patient}/*.dcm", SERIES, ["north/p1/s1/1.dcm", "north/p1/s1/2.dcm", "p2/s1/1.dcm"]),
        ("{patient}/s1", SERIES, ["north/p1/s1", "p2/s1"]),
        ("", SERIES, []),
    ],
)  # fmt: skip
def test_of_a_folder_and_its_slices_the_folder_is_the_image(
    pattern: str, names: list[str], expected: list[str]
) -> None:
    found = one_of_each(matching(pattern, names), names, series=True)
    assert sorted(name for name, _ in found) == expected


def test_a_folder_is_never_a_picture() -> None:
    names = ["images", "images/p1", "images/p1/1.dcm", "images/p1/2.dcm"]
    found = one_of_each(matching("{patient}/{view}", names), names, series=False)
    assert found == [
        ("images/p1/1.dcm", {"patient": "p1", "view": "1.dcm"}),
        ("images/p1/2.dcm", {"patient": "p1", "view": "2.dcm"}),
    ]


def test_series_folders_are_one_row_each_with_their_patient(tmp_path: Path) -> None:
    folder_of(tmp_path, {f"{who}/{which}/{n}.dcm": b"1" for who in ("p1", "p2")
                         for which in ("t1", "t2") for n in range(3)})  # fmt: skip
    settings = Spec(image="{patient}/{series}", kind="volume")
    frame = source_rows(tmp_path, settings, Data())
    assert frame.select("patient", "series").rows() == [
        ("p1", "t1"), ("p1", "t2"), ("p2", "t1"), ("p2", "t2"),
    ]  # fmt: skip
    assert frame[IMAGE][0] == str((tmp_path / "p1" / "t1").resolve())
