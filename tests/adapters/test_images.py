"""Any image by its first bytes, and the one series of a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.adapters.dicom.made import CANARY, content, one, series, stored, written
from tests.adapters.dicom.test_folder import CORONAL, REPORT, two

from bedside.adapters.dicom import list_series
from bedside.adapters.images import format_of, read_image
from bedside.core.errors import DataError


def test_the_one_series_of_a_folder_is_read(tmp_path: Path) -> None:
    series(tmp_path / "deep" / "er", stored())
    written(one(stored()[0], **REPORT), tmp_path / "report.dcm")
    (tmp_path / "DICOMDIR").write_bytes(b"anything")
    (tmp_path / ".DS_Store").write_bytes(b"\0\1")
    (tmp_path / "notes.txt").write_text("read me")
    (tmp_path / "view.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300))
    image = read_image(tmp_path, expected="CT")
    np.testing.assert_array_equal(image.values, stored().astype(np.int32) - 1024)
    assert image.notes == ("5 files that are no images passed over",)


def test_two_series_are_refused_with_their_counts(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"one DICOM series, found 2 series \(6 CT, 3 MR\)"):
        read_image(two(tmp_path))


def test_a_plane_that_does_not_belong_is_refused(tmp_path: Path) -> None:
    series(tmp_path, stored())
    written(one(stored()[0], **CORONAL), tmp_path / "scout.dcm")
    with pytest.raises(DataError, match="slices of one orientation"):
        read_image(tmp_path)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"", "file 7 of 7: .* zero bytes"),
        (content(one(stored()[0]))[:300], "file 7 of 7"),
        (content(one(stored()[0]))[:-9], "file 7 of 7: .* bytes of pixel data"),
        (bytes(4000), "file 7 of 7: .* a DICOM file"),
    ],
    ids=["zero bytes", "half a header", "half the pixels", "zeros"],
)
def test_a_damaged_file_among_others_is_not_passed_over(
    tmp_path: Path, bad: bytes, reason: str
) -> None:
    series(tmp_path, stored())
    (tmp_path / f"zz-{CANARY}.dcm").write_bytes(bad)
    with pytest.raises(DataError, match=reason) as caught:
        read_image(tmp_path)
    assert CANARY not in str(caught.value)


def test_a_folder_without_images_and_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no DICOM image"):
        read_image(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        list_series(tmp_path / CANARY)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (content(one(stored()[0])), "DICOM"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "JPEG"),
        (b"II*\0" + bytes(50), "TIFF"),
    ],
    ids=["DICOM", "PNG", "JPEG", "TIFF"],
)
def test_a_format_is_told_by_its_bytes(head: bytes, kind: str, tmp_path: Path) -> None:
    assert format_of(head) == kind
    (path := tmp_path / "image.nii.gz").write_bytes(head)
    assert format_of(path) == kind


@pytest.mark.parametrize(
    ("head", "found"),
    [(b"", "zero bytes"), (b"patient,image\n", "found text"), (bytes(900), "none of them"),
     (b"PK\x03\x04" + bytes(100), "none of them")],
    ids=["zero bytes", "text", "zeros", "zip"],
)  # fmt: skip
def test_any_other_file_is_refused(head: bytes, found: str, tmp_path: Path) -> None:
    (path := tmp_path / f"{CANARY}.png").write_bytes(head)
    for source in (path, head):
        with pytest.raises(DataError, match=found) as caught:
            read_image(source)
        assert CANARY not in str(caught.value)
    with pytest.raises(DataError, match="no such file"):
        read_image(tmp_path / "gone.png")
