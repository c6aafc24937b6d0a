"""Sizes of compressed frames, on real ones and on noise."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from pydicom.encaps import generate_frames

from bedside.adapters.dicom.codestream import size_of


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
@pytest.mark.parametrize("progressive", [False, True])
def test_pillow_s_files(kind: str, progressive: bool) -> None:
    out = io.BytesIO()
    Pillow.fromarray(np.zeros((31, 47), np.uint8)).save(out, kind, progressive=progressive)
    assert size_of(out.getvalue()) == (31, 47)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_compressed_file_of_pydicom_that_says_so(real: Path) -> None:
    told = 0
    for path in (real / "pydicom").rglob("*.dcm"):
        try:
            made = pydicom.dcmread(path)
            packed = made.file_meta.TransferSyntaxUID.is_encapsulated
        except (pydicom.errors.InvalidDicomError, AttributeError, ValueError):
            continue
        if path.name == "JPEG2000-embedded-sequence-delimiter.dcm":
            continue  # its fragments do not join to a stream that any decoder reads
        if packed and "PixelData" in made and "RLE" not in made.file_meta.TransferSyntaxUID.name:
            frames = int(made.get("NumberOfFrames") or 1)
            first = next(generate_frames(made.PixelData, number_of_frames=frames))
            assert size_of(first) in (None, (made.Rows, made.Columns)), path.name
            told += size_of(first) is not None
    assert told > 20


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"", b"\xff\xd8", b"\xff\x4f\xff\x51"]), st.binary(max_size=60))
def test_noise_is_no_size_or_some_size(head: bytes, rest: bytes) -> None:
    size = size_of(head + rest)
    assert size is None or len(size) == 2
