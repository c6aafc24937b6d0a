"""Our own header parser against pydicom's, on made-up, real and damaged files."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless
from tests.adapters.dicom.made import content, one, stored

from bedside.adapters.dicom import read_file, read_series
from bedside.adapters.dicom.parsed import elements, opened
from bedside.adapters.dicom.quick import parse
from bedside.adapters.dicom.tags import Elements
from bedside.core.errors import DataError


def _without_place(found: Elements) -> tuple[object, ...]:
    texts = {word: tuple(t for t in value if t) for word, value in found.text.items()}
    return {w: t for w, t in texts.items() if t}, found.numbers, found.syntax, found.pixels


def _agree(file: bytes) -> bool:
    """Whether the quick parser read it; then it must agree with pydicom."""
    try:
        ours = parse(file)
    except struct.error:
        return False
    if ours is None:
        return False
    dataset = opened(file, "file")
    assert _without_place(ours) == _without_place(elements(dataset, "file"))
    assert file[ours.at : ours.at + ours.length] == dataset.PixelData
    return True


def _nested(made: Dataset, *, undefined: bool) -> Dataset:
    """Sequences in sequences, before the pixels, with and without lengths."""
    inner, outer = Dataset(), Dataset()
    inner.PatientName, inner.Rows = "KANARIENVOGEL", 7
    inner.is_undefined_length_sequence_item = undefined
    outer.RequestAttributesSequence = Sequence([inner, inner])
    outer["RequestAttributesSequence"].is_undefined_length = undefined
    outer.is_undefined_length_sequence_item = undefined
    made.ReferencedImageSequence = Sequence([outer, Dataset()])
    made["ReferencedImageSequence"].is_undefined_length = undefined
    return made


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("implicit", [False, True])
def test_plain_files_are_read_as_pydicom_does(implicit: bool, undefined: bool) -> None:
    made = _nested(one(stored()[0], PixelPaddingValue=7), undefined=undefined)
    made.add_new(0x00111001, "OB", b"1" * 300)
    made.add_new(0x00111002, "UN", b"2" * 70000)
    if implicit:
        made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert _agree(content(made))


@pytest.mark.parametrize(
    "made",
    [
        one(stored()[0], Manufacturer="Müller", SpecificCharacterSet="ISO_IR 100"),
        one(stored()[0], PixelData=None),
    ],
    ids=["letters", "no pixels"],
)
def test_the_unusual_is_left_to_pydicom(made: Dataset) -> None:
    assert not _agree(content(made))


def test_other_transfer_syntaxes_are_left_to_pydicom() -> None:
    made = one(stored()[0])
    made.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    assert parse(content(made)) is None
    assert parse(b"\x89PNG" * 100) is None


def test_more_bytes_are_asked_for_where_the_head_is_long(tmp_path: Path) -> None:
    """The pixels begin far behind the first bytes that are read."""
    made = one(stored()[0])
    made.add_new(0x00111002, "UN", b"2" * 500_000)
    with pytest.raises(struct.error):
        parse(content(made)[:16384])
    path = tmp_path / "long.dcm"
    path.write_bytes(content(made))
    np.testing.assert_array_equal(read_series([path]).values, stored()[0].astype(np.int32) - 1024)


def _packed() -> bytes:
    made = one(stored()[0])
    made.compress(RLELossless)
    return content(made)


PLAIN, PACKED = content(one(stored()[0])), _packed()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([PLAIN, PACKED]), st.data())
def test_a_damaged_file_is_read_or_refused(whole: bytes, data: st.DataObject) -> None:
    """Never another kind of error, and nothing of the patient in it."""
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(128, 1100))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))
    said = ""
    with contextlib.suppress(struct.error):
        parse(bytes(damaged[:cut]))
    try:
        read_file(bytes(damaged[:cut]))
    except DataError as error:
        said = str(error)
    assert "KANARIEN" not in said


def test_real_files_are_read_as_pydicom_does(real: Path) -> None:
    files = [path for path in sorted(real.rglob("*")) if path.is_file()]
    quick = sum(_agree(path.read_bytes()) for path in files)
    assert quick > 200
