"""Real DICOM files, taken out of their archives once."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pydicom's test files and of two studies of brain MR, or a skip."""
    folder = Path(os.environ.get("BEDSIDE_DATA", "nowhere"))
    out = tmp_path_factory.mktemp("real")
    for name in ("pydicom_testfiles.tar.xz", "brain_mr_dicom_dev.tar.xz"):
        if not (folder / name).is_file():
            pytest.skip(name)
        with tarfile.open(folder / name) as archive:
            archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4
            archive.extractall(out / name.partition("_")[0])
    return out
