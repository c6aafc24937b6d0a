"""One file: pictures, colour, frames, enhanced objects, windows, decoders, and odd files."""

from __future__ import annotations

import logging
import os
import signal
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, convert_color_space
from pydicom.sequence import Sequence
from pydicom.uid import UID, EnhancedMRImageStorage, JPEG2000Lossless, JPEGLSLossless, RLELossless
from tests.adapters.dicom.made import CANARY, content, one, stored, written

from bedside.adapters.dicom import apart, read_file, read_series
from bedside.core.errors import DataError

PIXELS = stored()[0]
NO_PLACE = {"ImagePositionPatient": None, "ImageOrientationPatient": None}


def _image(made: Dataset, **asked: object):
    image = read_file(content(made), **asked)
    assert CANARY not in f"{image.notes}{image.facts}{image.unit}"
    return image


def test_a_picture_from_bytes_and_from_a_path(tmp_path: Path) -> None:
    made = one(PIXELS, KVP=120, ManufacturerModelName="Model 7")
    for source in (content(made), written(made, tmp_path / "file.dcm")):
        image = read_file(source)
        np.testing.assert_array_equal(image.values, PIXELS.astype(np.int32) - 1024)
        assert image.values.dtype == np.int16
        assert (image.unit, image.spacing, image.grid) == ("HU", (0.7, 0.8), None)
        assert image.facts["kvp"] == 120
        assert image.facts["model"] == "Model 7"
    alone = read_series([tmp_path / "file.dcm"])
    np.testing.assert_array_equal(alone.values, image.values)


def test_a_localizer_is_not_in_hounsfield_units() -> None:
    assert _image(one(PIXELS, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])).unit == ""


def test_spacing_at_the_detector_where_that_is_all_there_is() -> None:
    made = one(PIXELS, PixelSpacing=None, ImagerPixelSpacing=[0.1, 0.2], Modality="DX")
    assert _image(made).spacing == (0.1, 0.2)


def test_eight_bits_stay_eight_bits() -> None:
    small = PIXELS.astype(np.uint8)
    made = one(small, BitsAllocated=8, BitsStored=8, HighBit=7, RescaleSlope=None,
               RescaleIntercept=None)  # fmt: skip
    assert _image(made).values.dtype == np.uint8
    made.PhotometricInterpretation = "MONOCHROME1"
    np.testing.assert_array_equal(_image(made).values, 255 - small.astype(int))


def _lut(entries: list[int], keyword: str) -> Sequence:
    table = Dataset()
    table.LUTDescriptor = [len(entries), 0, 16]
    setattr(table, "ModalityLUTType" if keyword == "modality" else "LUTExplanation", "OD")
    table.LUTData = np.asarray(entries, np.uint16).tobytes()
    return Sequence([table])


@pytest.mark.parametrize("turned", [False, True])
def test_a_modality_lookup_table(turned: bool) -> None:
    entries = [int(v) for v in np.arange(16) ** 2 * 7 + 3]
    made = one(PIXELS % 16, BitsStored=4, HighBit=3, RescaleSlope=None, RescaleIntercept=None,
               PhotometricInterpretation=f"MONOCHROME{2 - turned}")  # fmt: skip
    made.ModalityLUTSequence = _lut(entries, "modality")
    wanted = np.asarray(entries)[PIXELS % 16]
    wanted = entries[0] + entries[-1] - wanted if turned else wanted
    np.testing.assert_array_equal(_image(made).values, wanted)


# --- windows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [None, "LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("width", [400, 2, 1])
def test_the_window_is_that_of_the_standard(function: str | None, width: int) -> None:
    made = one(PIXELS, WindowCenter=-200, WindowWidth=width)
    if function:
        made.VOILUTFunction = function
    shown = _image(made, window=True)
    with np.errstate(over="ignore"):
        theirs = apply_voi_lut(apply_modality_lut(PIXELS, made), made)
    span = (-1024, 65535 - 1024)
    wanted = (theirs - span[0]) / (span[1] - span[0]) * 255
    assert shown.values.dtype == np.uint8
    assert np.abs(shown.values - wanted).max() <= 0.51
    assert shown.unit == ""
    assert len(shown.notes) == 1


def test_a_window_of_monochrome1_is_turned_after_it() -> None:
    plain = one(PIXELS, WindowCenter=0, WindowWidth=900)
    turned = one(PIXELS, WindowCenter=0, WindowWidth=900, PhotometricInterpretation="MONOCHROME1")
    a, b = (_image(made, window=True).values.astype(int) for made in (plain, turned))
    np.testing.assert_array_equal(a, 255 - b)
    assert len(np.unique(a)) > 20


def test_a_voi_lookup_table_comes_before_the_window() -> None:
    entries = [int(v) for v in np.linspace(0, 65535, 2048) ** 0.5 * 256 // 1]
    made = one(PIXELS, RescaleIntercept=0, WindowCenter=1, WindowWidth=2)
    made.VOILUTSequence = _lut([min(v, 65535) for v in entries], "voi")
    shown = _image(made, window=True).values
    wanted = np.asarray(entries).clip(0, 65535)[PIXELS] / 257
    assert np.abs(shown - wanted).max() <= 0.51


def test_windows_of_real_files_are_those_of_pydicom(real: Path) -> None:
    compared = 0
    for path in sorted((real / "pydicom").rglob("*")):
        if not path.is_file() or not _has_window(path):
            continue
        made = pydicom.dcmread(path)
        try:
            shown = read_file(path, window=True).values.astype(float)
        except DataError:
            continue  # refused for other reasons; see the test of every file
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = apply_voi_lut(apply_modality_lut(made.pixel_array, made), made)
        signed = bool(made.PixelRepresentation)
        ends = np.array([0, 2**made.BitsStored - 1]) - signed * 2 ** (made.BitsStored - 1)
        slope, offset = float(made.get("RescaleSlope", 1)), float(made.get("RescaleIntercept", 0))
        low, high = ends * slope + offset
        wanted = (theirs - low) / (high - low) * 255
        if made.PhotometricInterpretation == "MONOCHROME1":
            wanted = 255 - wanted
        assert np.abs(shown - wanted).max() <= 0.51
        compared += 1
    assert compared >= 40


def _has_window(path: Path) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = pydicom.dcmread(path, stop_before_pixels=True)
        except pydicom.errors.InvalidDicomError:
            return False
    return "WindowCenter" in made and "Rows" in made


def test_without_a_window_all_of_the_range_is_shown() -> None:
    shown = _image(one(PIXELS), window=True).values
    assert (shown.min(), shown.max()) == (0, 255)


@pytest.mark.parametrize("width", ["0", "-5", "nan"])
@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
def test_an_absurd_window_is_refused(width: str) -> None:
    with pytest.raises(DataError, match="a window of finite centre"):
        read_file(content(one(PIXELS, WindowCenter=1, WindowWidth=width)), window=True)


# --- colour ------------------------------------------------------------------------------------


def _coloured(photometric: str, values: np.ndarray, **more: object) -> Dataset:
    made = one(values[..., 0], SamplesPerPixel=3, PlanarConfiguration=0, BitsAllocated=8,
               BitsStored=8, HighBit=7, PhotometricInterpretation=photometric, RescaleSlope=None,
               RescaleIntercept=None, Modality="US", **more)  # fmt: skip
    made.PixelData = values.tobytes()
    return made


RGB = np.random.default_rng(1).integers(0, 256, (12, 10, 3), dtype=np.uint8)


def test_colour_is_red_green_and_blue() -> None:
    image = _image(_coloured("RGB", RGB))
    assert image.colour
    np.testing.assert_array_equal(image.values, RGB)
    other = convert_color_space(RGB, "RGB", "YBR_FULL")
    np.testing.assert_allclose(
        _image(_coloured("YBR_FULL", other)).values.astype(int), RGB, atol=2
    )  # fmt: skip


def test_a_palette_becomes_colour() -> None:
    made = one((PIXELS % 4).astype(np.uint8), BitsAllocated=8, BitsStored=8, HighBit=7,
               PhotometricInterpretation="PALETTE COLOR", RescaleSlope=None,
               RescaleIntercept=None)  # fmt: skip
    palette = np.array([[0, 0, 0], [65535, 0, 0], [257, 514, 771], [65535] * 3], np.uint16)
    for name, column in zip(("Red", "Green", "Blue"), palette.T, strict=True):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [4, 0, 16])
        setattr(made, f"{name}PaletteColorLookupTableData", column.tobytes())
    np.testing.assert_array_equal(_image(made).values, (palette // 257)[PIXELS % 4])


# --- frames ------------------------------------------------------------------------------------


def test_frames_without_a_place_are_no_volume() -> None:
    made = one(stored(), NumberOfFrames=6, Modality="XA", **NO_PLACE)
    image = _image(made)
    np.testing.assert_array_equal(image.values, stored().astype(np.int32) - 1024)
    assert image.grid is None
    assert "frames without a place" in image.notes[0]


def _item(**elements: object) -> Sequence:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return Sequence([made])


def _enhanced(pixels: np.ndarray, heights: list[float], slopes: list[float]) -> Dataset:
    made = one(pixels, NumberOfFrames=len(pixels), Modality="MR", RescaleSlope=None,
               RescaleIntercept=None, PixelSpacing=None, **NO_PLACE)  # fmt: skip
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    made.SharedFunctionalGroupsSequence = _item(
        PlaneOrientationSequence=_item(ImageOrientationPatient=[0, 1, 0, 0, 0, -1]),
        PixelMeasuresSequence=_item(PixelSpacing=[0.5, 0.6], SliceThickness=8),
    )
    made.PerFrameFunctionalGroupsSequence = Sequence(
        [
            _item(
                PlanePositionSequence=_item(ImagePositionPatient=[x, 1.0, 2.0]),
                PixelValueTransformationSequence=_item(
                    RescaleSlope=slope, RescaleIntercept=1, RescaleType="US"
                ),
                FrameVOILUTSequence=_item(WindowCenter=900, WindowWidth=300),
            )[0]
            for x, slope in zip(heights, slopes, strict=True)
        ]
    )
    return made


def test_an_enhanced_file_is_a_volume_in_order_of_place() -> None:
    """Sagittal frames, out of order, each with its own slope."""
    heights, slopes = [0.0, -4.0, 4.0], [1.0, 0.5, 2.0]
    pixels = stored()[:3]
    made = _enhanced(pixels, heights, slopes)
    image = _image(made)
    wanted = pixels * np.asarray(slopes)[:, None, None] + 1
    np.testing.assert_array_equal(image.values, wanted[[2, 0, 1]])
    assert image.grid.spacing == (4.0, 0.5, 0.6)
    np.testing.assert_allclose(image.grid.matrix[:3, 0], [-4, 0, 0])
    np.testing.assert_allclose(image.grid.matrix[:3, 3], [4, 1, 2])
    assert "each frame has its own" in image.notes[0]
    shown = _image(made, window=True).values
    wanted = np.clip(((wanted[[2, 0, 1]] - 899.5) / 299 + 0.5) * 255, 0, 255)
    assert np.abs(shown - wanted).max() <= 0.51


@pytest.mark.parametrize(
    ("heights", "reason"),
    [
        ([0.0, 4.0, 12.0], "steps from|1 missing"),
        ([0.0, 4.0, 4.0], "1 of 3 at a position that is taken"),
    ],
)
def test_enhanced_frames_are_checked_as_slices_are(heights: list[float], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read_file(content(_enhanced(stored()[:3], heights, [1, 1, 1])))


def test_functional_groups_of_too_few_frames_are_refused() -> None:
    made = _enhanced(stored()[:3], [0, 1, 2], [1, 1, 1])
    made.PerFrameFunctionalGroupsSequence = made.PerFrameFunctionalGroupsSequence[:2]
    with pytest.raises(DataError, match="functional groups of 3 frames"):
        read_file(content(made))


def test_a_dose_grid_is_a_volume_in_gray() -> None:
    made = one(stored()[:3], NumberOfFrames=3, Modality="RTDOSE", RescaleSlope=None,
               RescaleIntercept=None, DoseGridScaling="0.001")  # fmt: skip
    made.GridFrameOffsetVector = [0, 3, 6]
    image = _image(made)
    np.testing.assert_array_equal(image.values, (stored()[:3] * 0.001).astype(np.float32))
    assert (image.unit, image.grid.spacing) == ("Gy", (3.0, 0.7, 0.8))


# --- refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", "zero bytes"),
        (b"hello" * 100, "without the mark DICM"),
        (content(one(PIXELS))[:-20], "240 bytes of pixel data, found 220"),
        (content(one(PIXELS, PixelData=None)), "image with its pixel data"),
        (content(one(PIXELS, Rows=65535, Columns=65535, NumberOfFrames=999)), "at most"),
        (content(one(PIXELS, Modality="SEG")), "a segmentation"),
        (content(one(PIXELS, SamplesPerPixel=3)), "PhotometricInterpretation"),
    ],
    ids=["zero bytes", "text", "cut short", "no pixels", "vast", "SEG", "samples"],
)  # fmt: skip
def test_refused_with_the_reason(source: bytes, reason: str, tmp_path: Path) -> None:
    (path := tmp_path / f"{CANARY}.dcm").write_bytes(source)
    for given in (source, path):
        with pytest.raises(DataError, match=reason) as caught:
            read_file(given)
        assert CANARY not in str(caught.value)


def test_another_modality_and_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="of modality MR, found CT"):
        read_file(content(one(PIXELS)), expected="MR")
    with pytest.raises(DataError, match="of modality MR, found another"):
        read_file(content(one(PIXELS, Modality="KANARIE")), expected="MR")
    with pytest.raises(DataError, match="no such file"):
        read_file(tmp_path / CANARY)


def test_nothing_of_a_header_reaches_a_log_or_a_warning(
    caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    """pydicom quotes a value of the wrong form in both."""
    made = one(PIXELS, NumberOfFrames="1")
    bad = content(made).replace(b"19010203", b"KANARIEN")
    with caplog.at_level(logging.DEBUG):
        read_file(bad)
    assert caplog.text == ""
    assert not recwarn.list


def test_a_deflated_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    made = one(PIXELS)
    made.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1.99")
    np.testing.assert_array_equal(_image(made).values, PIXELS.astype(np.int32) - 1024)
    monkeypatch.setattr("bedside.adapters.dicom.parsed.LARGEST", 500)
    with pytest.raises(DataError, match="cannot be read"):
        read_file(content(made))


# --- decoders ----------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_lossless_syntaxes_give_the_same(syntax: UID) -> None:
    pixels = stored(4, (40, 64))
    made = one(pixels)
    made.compress(syntax)
    image = _image(made)
    np.testing.assert_array_equal(image.values, pixels.astype(np.int32) - 1024)
    assert image.facts["transfer syntax"] == syntax.name


def _by_pydicom(path: Path) -> np.ndarray:
    """Pixels by the contract, from pydicom's own functions and its own choice of decoder."""
    made = pydicom.dcmread(path)
    values = made.pixel_array
    if made.PhotometricInterpretation == "PALETTE COLOR":
        values = apply_color_lut(values, made)
    if made.SamplesPerPixel == 3 or made.PhotometricInterpretation == "PALETTE COLOR":
        return np.round(values / (np.iinfo(values.dtype).max / 255))
    if made.PhotometricInterpretation == "MONOCHROME1":
        values = (1 << made.BitsStored) - 1 - values
    return apply_modality_lut(values, made) * float(made.get("DoseGridScaling", 1))


def test_every_file_of_pydicom_is_read_as_it_does_or_refused(real: Path) -> None:
    read = 0
    files = [path for path in sorted((real / "pydicom").rglob("*")) if path.is_file()]
    for path in files:
        try:
            image = read_file(path)
        except DataError:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = _by_pydicom(path)
        np.testing.assert_allclose(image.values, wanted, rtol=1e-6, atol=1e-6, err_msg=path.name)
        read += 1
    assert len(files) > 190
    assert read > 90


@pytest.mark.parametrize("noticed", [False, True])
def test_a_decoder_that_dies_takes_nothing_with_it(
    real: Path, monkeypatch: pytest.MonkeyPatch, noticed: bool
) -> None:
    """Lossless JPEG is decoded apart: kill the child, and the next file is read all the same."""
    (path,) = (real / "pydicom").rglob("SC_rgb_jpeg_gdcm.dcm")
    wanted = _by_pydicom(path)
    np.testing.assert_array_equal(read_file(path).values, wanted)
    child = apart._children[os.getpid()]
    os.kill(child.pid, signal.SIGKILL)
    if noticed:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    else:  # as where it dies with a request in its hands
        monkeypatch.setattr(child, "poll", lambda: None)
        with pytest.raises(DataError, match=r"data that they cannot \(JPEG Lossless"):
            read_file(path)
    np.testing.assert_array_equal(read_file(path).values, wanted)
    assert child.stdin is not None
    assert child.stdin.closed


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless])
def test_a_compressed_frame_of_another_size_is_not_decoded(
    syntax: UID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a decoder makes room for is the size in the compressed data, not the header's."""
    made = one(stored(4, (40, 64)))
    made.compress(syntax)
    made.Rows = 39
    monkeypatch.setattr(
        "bedside.adapters.dicom.decode.pixel_array", lambda *_, **__: pytest.fail("decoded")
    )
    with pytest.raises(DataError, match="data that they cannot"):
        read_file(content(made))
