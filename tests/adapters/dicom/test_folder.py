"""Which series a folder holds."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from tests.adapters.dicom.made import CANARY, one, series, stored, written

from bedside.adapters.dicom import list_series

REPORT = {"PixelData": None, "Modality": "SR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.11",
          "SeriesInstanceUID": "1.2.3.99"}  # fmt: skip
CORONAL = {"ImageOrientationPatient": (1, 0, 0, 0, 0, -1)}


def two(folder: Path) -> Path:
    """Two series in one folder."""
    series(folder / "a", stored())
    series(folder / "b", stored()[:3], SeriesInstanceUID="1.2.3.6", Modality="MR")
    return folder


def test_series_are_told_apart_by_uid_and_plane(tmp_path: Path) -> None:
    two(tmp_path)
    written(one(stored()[0], **CORONAL), tmp_path / "scout.dcm")
    written(one(stored()[0], **REPORT), tmp_path / "report.dcm")
    found = list_series(tmp_path)
    assert [(s.count, s.modality, s.images) for s in found[:2]] == [
        (6, "CT", True),
        (3, "MR", True),
    ]
    assert sorted((s.count, s.modality, s.images) for s in found[2:]) == [
        (1, "CT", True), (1, "SR", False),
    ]  # fmt: skip
    assert len({s.digest for s in found}) == 3
    assert all(len(s.digest) == 12 and CANARY not in s.digest for s in found)
    assert found[0].orientation == (1, 0, 0, 0, 1, 0)


def test_thousands_of_files_are_listed_quickly(tmp_path: Path) -> None:
    """A coarse bound; about 0.1 ms a file where the machine is idle."""
    made = written(one(stored()[0]), tmp_path / "0.dcm")
    for at in range(1, 3000):
        shutil.copyfile(made, tmp_path / f"{at}.dcm")
    started = time.process_time()
    (found,) = list_series(tmp_path)
    assert found.count == 3000
    assert time.process_time() - started < 3
