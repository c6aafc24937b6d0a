"""A series read whole: values, geometry, repairs, and every refusal with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian, RLELossless
from tests.adapters.dicom.made import CANARY, one, series, stored, written

from bedside.adapters.dicom import read_series
from bedside.adapters.dicom.geometry import grid
from bedside.core.errors import DataError


def _image(paths: list[Path], **asked: str):
    image = read_series(paths, **asked)
    assert CANARY not in f"{image.notes} {image.facts} {image.unit}"
    assert "1901" not in f"{image.notes} {image.facts}"
    return image


def test_values_and_places_are_those_of_the_patient(tmp_path: Path) -> None:
    pixels = stored()
    image = _image(series(tmp_path, pixels))
    np.testing.assert_array_equal(image.values, pixels.astype(np.int32) - 1024)
    assert image.values.dtype == np.int16
    assert image.unit == "HU"
    assert image.grid.shape == (6, 12, 10)
    assert image.grid.spacing == (2.5, 0.7, 0.8)
    place = image.grid.matrix @ [2, 3, 4, 1]
    np.testing.assert_allclose(place[:3], [-10 + 4 * 0.8, -20 + 3 * 0.7, 5.0])
    assert image.notes == ()
    assert image.facts["modality"] == "CT"
    assert image.facts["slice thickness"] == 9.0


def test_slices_are_in_order_along_the_normal_of_any_plane(tmp_path: Path) -> None:
    """A coronal series whose files run from back to front: the normal points to the back."""
    pixels = stored()
    places = [[-10.0, 30 - 4.0 * at, 50.0] for at in range(6)]
    image = _image(
        series(
            tmp_path, pixels, ImageOrientationPatient=(1, 0, 0, 0, 0, -1),
            ImagePositionPatient=places,
        )
    )  # fmt: skip
    np.testing.assert_array_equal(image.values, pixels[::-1].astype(np.int32) - 1024)
    np.testing.assert_allclose(image.grid.matrix[:3, 0], [0, 4, 0])
    np.testing.assert_allclose(image.grid.matrix[:3, 1], [0, 0, -0.7])
    np.testing.assert_allclose(image.grid.matrix[:3, 3], [-10, 10, 50])


def test_each_slice_has_its_own_rescale(tmp_path: Path) -> None:
    """PET: an empty first slice of slope 1 does not set the type of the others."""
    pixels = stored()
    slopes = ["1", "0.25", "0.5", "0.125", "2", "0.7"]
    image = _image(
        series(tmp_path, pixels, Modality="PT", RescaleSlope=slopes, RescaleIntercept=0,
               Units="BQML")
    )  # fmt: skip
    wanted = pixels * np.asarray(slopes, float)[:, None, None]
    np.testing.assert_allclose(image.values, wanted, rtol=1e-7)
    assert image.values.dtype == np.float32
    assert image.unit == "BQML"
    assert "rescale differs" in " ".join(image.notes)


def test_values_out_of_sixteen_bits_are_exact_all_the_same(tmp_path: Path) -> None:
    """All positive at first, air below, bone above: nothing wraps."""
    pixels = stored(high=65535)
    pixels[0] = 60000
    image = _image(series(tmp_path, pixels))
    assert image.values.dtype == np.float32
    np.testing.assert_array_equal(image.values, pixels.astype(np.int64) - 1024)


def test_signed_and_unsigned_slices_in_one_series(tmp_path: Path) -> None:
    pixels = stored()
    paths = series(tmp_path, pixels)
    made = pydicom.dcmread(paths[2])
    place = round(float(made.ImagePositionPatient[2]) / 2.5)
    made.PixelRepresentation = 1
    made.PixelData = (pixels[place].astype(np.int16) - 1500).tobytes()
    written(made, paths[2])
    wanted = pixels.astype(np.int32) - 1024
    wanted[place] -= 1500
    image = _image(paths)
    np.testing.assert_array_equal(image.values, wanted)
    assert "sign" in " ".join(image.notes)


@pytest.mark.parametrize("signed", [False, True])
def test_bits_above_those_stored_are_no_values(tmp_path: Path, signed: bool) -> None:
    """An overlay in the upper four bits; the sign of a signed value is its twelfth bit."""
    values = np.random.default_rng(3).integers(-2048 if signed else 0, 2048, (3, 8, 8))
    bits = (values & 0x0FFF).astype(np.uint16) | np.uint16(0x5000)
    kind = np.int16 if signed else np.uint16
    paths = series(tmp_path, bits.view(kind), BitsStored=12, HighBit=11, RescaleIntercept=5)
    image = _image(paths)
    np.testing.assert_array_equal(image.values, values + 5)
    assert "cleared" in " ".join(image.notes)


@pytest.mark.parametrize("slope", [1, 2])
@pytest.mark.parametrize("bits", [12, 16])
def test_monochrome1_is_turned_within_the_range_of_the_stored_bits(
    tmp_path: Path, bits: int, slope: int
) -> None:
    pixels = stored()
    image = _image(
        series(tmp_path, pixels, PhotometricInterpretation="MONOCHROME1", BitsStored=bits,
               HighBit=bits - 1, RescaleSlope=slope)
    )  # fmt: skip
    wanted = slope * ((1 << bits) - 1 - pixels.astype(np.int64)) - 1024
    np.testing.assert_array_equal(image.values, wanted)
    assert image.unit == ""
    assert f"{(1 << bits) - 1} - s" in " ".join(image.notes)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, RLELossless])
def test_other_transfer_syntaxes_give_the_same(tmp_path: Path, syntax: str) -> None:
    pixels = stored()
    plain = read_series(series(tmp_path / "plain", pixels))
    for path in (paths := series(tmp_path / "other", pixels)):
        made = pydicom.dcmread(path)
        if syntax == RLELossless:
            made.compress(RLELossless)
        else:
            made.file_meta.TransferSyntaxUID = syntax
        made.save_as(path)
    other = _image(paths)
    np.testing.assert_array_equal(other.values, plain.values)
    assert other.values.dtype == plain.values.dtype
    assert other.grid == plain.grid


def test_pydicom_agrees_slice_by_slice(tmp_path: Path) -> None:
    paths = series(tmp_path, stored(), RescaleSlope="1.7", RescaleIntercept="-3.25")
    files = sorted((pydicom.dcmread(p) for p in paths), key=lambda d: d.ImagePositionPatient[2])
    wanted = np.stack([apply_modality_lut(d.pixel_array, d) for d in files])
    np.testing.assert_array_equal(_image(paths).values, wanted.astype(np.float32))


# --- repaired, with a note ---------------------------------------------------------------------


def test_a_localizer_that_says_so_is_left_out(tmp_path: Path) -> None:
    paths = series(tmp_path, stored())
    scout = one(stored()[0], 77, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
                ImageOrientationPatient=[1, 0, 0, 0, 0, -1], Rows=6, Columns=20)  # fmt: skip
    image = _image([*paths, written(scout, tmp_path / "scout.dcm")])
    assert image.grid.spacing == (2.5, 0.7, 0.8)
    assert image.notes == ("1 localizer left out",)


@pytest.mark.parametrize("new_uid", [False, True])
def test_a_slice_that_is_there_twice_alike_counts_once(tmp_path: Path, new_uid: bool) -> None:
    paths = series(tmp_path, stored())
    made = pydicom.dcmread(paths[3])
    if new_uid:
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = "1.2.3.9"
    image = _image([*paths, written(made, tmp_path / "again.dcm")])
    assert image.values.shape == (6, 12, 10)
    assert len(image.notes) == 1


def test_slightly_uneven_steps_are_noted(tmp_path: Path) -> None:
    places = [[0.0, 0.0, z] for z in (0, 2.5, 5.05, 7.5, 10, 12.5)]
    image = _image(series(tmp_path, stored(), ImagePositionPatient=places))
    assert "off their even places" in image.notes[0]


@pytest.mark.parametrize("off", [0.2, -0.3])
def test_a_slice_a_tenth_of_a_step_off_is_refused(tmp_path: Path, off: float) -> None:
    places = [[0.0, 0.0, z] for z in (0, 2.5, 5 + off, 7.5, 10, 12.5)]
    with pytest.raises(DataError, match="slices at even steps, found steps from"):
        read_series(series(tmp_path, stored(), ImagePositionPatient=places))


def test_a_lookup_table_in_each_file_of_a_series(tmp_path: Path) -> None:
    """The quick parser leaves such files to pydicom."""
    table = Dataset()
    entries = np.arange(2000, dtype=np.uint16) ** 2 % 30011
    table.LUTDescriptor, table.ModalityLUTType = [2000, 0, 16], "OD"
    table.LUTData = entries.tobytes()
    pixels = stored()
    paths = series(tmp_path, pixels, RescaleSlope=None, RescaleIntercept=None)
    for path in paths:
        made = pydicom.dcmread(path)
        made.ModalityLUTSequence = Sequence([table])
        made.save_as(path)
    image = _image(paths)
    np.testing.assert_array_equal(image.values, entries[pixels])
    assert "lookup table" in " ".join(image.notes)


# --- refused, with the reason ------------------------------------------------------------------

Spoil = Callable[[list[Path], Path], list[Path]]


def _changed(place: int, **elements: object) -> Spoil:
    def spoil(paths: list[Path], folder: Path) -> list[Path]:
        made = pydicom.dcmread(paths[place])
        for keyword, value in elements.items():
            if value is None:
                delattr(made, keyword)
            else:
                setattr(made, keyword, value)
        written(made, paths[place])
        return paths

    return spoil


def _added(z: float, **elements: object) -> Spoil:
    def spoil(paths: list[Path], folder: Path) -> list[Path]:
        pixels = stored(9)[0]
        return [*paths, written(one(pixels, z, **elements), folder / "more.dcm")]

    return spoil


def _bytes(place: int, change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(paths: list[Path], folder: Path) -> list[Path]:
        paths[place].write_bytes(change(paths[place].read_bytes()))
        return paths

    return spoil


def _tilted(paths: list[Path], folder: Path) -> list[Path]:
    for path in paths:
        made = pydicom.dcmread(path)
        z = float(made.ImagePositionPatient[2])
        made.ImagePositionPatient = [0, z * np.tan(np.deg2rad(20)), z]
        written(made, path)
    return paths


def _without(place: int) -> Spoil:
    def spoil(paths: list[Path], folder: Path) -> list[Path]:
        at = sorted(paths, key=lambda p: pydicom.dcmread(p).ImagePositionPatient[2])[place]
        return [path for path in paths if path != at]

    return spoil


def _beside(paths: list[Path], folder: Path) -> list[Path]:
    made = pydicom.dcmread(paths[2])
    made.ImagePositionPatient = [-7, -20, made.ImagePositionPatient[2]]
    written(made, paths[2])
    return paths


def _frames(paths: list[Path], folder: Path) -> list[Path]:
    made = pydicom.dcmread(paths[1])
    made.NumberOfFrames = 123456
    content = written(made, paths[1]).read_bytes()
    paths[1].write_bytes(content.replace(b"123456", CANARY[:6].encode()))
    return paths


def _packed(paths: list[Path], folder: Path) -> list[Path]:
    made = pydicom.dcmread(paths[2])
    made.compress(RLELossless)
    made.save_as(paths[2])
    paths[2].write_bytes(paths[2].read_bytes()[:-60])
    return paths


def _gone(paths: list[Path], folder: Path) -> list[Path]:
    paths[1].unlink()
    return paths


def _picture(paths: list[Path], folder: Path) -> list[Path]:
    paths[1].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    return paths


REFUSED: dict[str, tuple[Spoil, str]] = {
    "missing slice": (_without(3), "5 slices with 1 missing, the first after slice 3"),
    "uneven steps": (_changed(2, ImagePositionPatient=[-10, -20, 26.1]), "steps from|missing"),
    "duplicate position": (_added(5.0), "1 of 7 at a position that is taken, as files"),
    "two echoes": (_added(5.0, EchoTime=20), "they differ in EchoTime"),
    "two series": (_added(20, SeriesInstanceUID="1.2.9"), "2 series, of 6 and 1 files"),
    "other plane": (_added(0, ImageOrientationPatient=[1, 0, 0, 0, 0, -1]),
                    "one orientation, found 1 of 7 slices turned"),
    "one slice turned": (_changed(3, ImageOrientationPatient=[0.96, 0.28, 0, -0.28, 0.96, 0]),
                         "one orientation, found 1 of 6 slices turned"),
    "gantry tilt": (_tilted, "tilt of 20.0 degrees"),
    "slice beside the line": (_beside, "sideways"),
    "mixed size": (_added(15, Rows=10, Columns=12), "one size of slices, found 2; file 7"),
    "mixed pixel spacing": (_added(15, PixelSpacing=[0.7, 0.9]), "one pixel spacing"),
    "mixed modality": (_added(15, Modality="MR"), "one modality"),
    "mixed polarity": (_added(15, PhotometricInterpretation="MONOCHROME1"), "one photometric"),
    "rescale in some": (_added(15, RescaleSlope=None, RescaleIntercept=None), "in all files or in"),
    "no place": (_added(15, ImagePositionPatient=None), "no ImagePositionPatient"),
    "no orientation": (_added(15, ImageOrientationPatient=None), "no ImageOrientationPatient"),
    "no spacing": (_added(15, PixelSpacing=None), "no PixelSpacing"),
    "truncated": (_bytes(2, lambda b: b[:-50]), "file 3 of 6: expected 240 bytes .* found 190"),
    "half a header": (_bytes(2, lambda b: b[:500]), "file 3 of 6"),
    "zero bytes": (_bytes(2, lambda b: b""), "file 3 of 6: .* zero bytes"),
    "short pixel data": (_added(15, PixelData=bytes(100)), "240 bytes of pixel data, found 100"),
    "not DICOM": (_picture, "file 2 of 6: expected a DICOM file"),
    "gone": (_gone, "file 2 of 6: expected a file that can be read, found no such file"),
    "pixels lost": (_added(15, PixelData=None), "file 7 of 7: .* image with its pixel data"),
    "no image": (_added(15, PixelData=None, Modality="SR",
                        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11"),
                 "file 7 of 7: .* without pixel data .SR."),
    "other space": (_added(15, FrameOfReferenceUID="1.2.7"), "one frame of reference"),
    "compressed, truncated": (_packed, "file 3 of 6: .* ends too early"),
    "no rows": (_changed(1, Rows=0), "Rows"),
    "NaN position": (_changed(1, ImagePositionPatient=["nan", "0", "5"]), "ImagePositionPatient"),
    "infinite slope": (_changed(1, RescaleSlope="inf"), "slope"),
    "slope of nought": (_changed(1, RescaleSlope="0"), "slope"),
    "negative spacing": (_changed(1, PixelSpacing=[0.7, -0.7]), "PixelSpacing"),
    "skewed axes": (_changed(1, ImageOrientationPatient=[1, 0, 0, 0.5, 1, 0]), "right angle"),
    "no axes": (_changed(1, ImageOrientationPatient=[0, 0, 0, 0, 0, 0]), "right angle"),
    "odd bits": (_changed(1, BitsStored=17), "bits stored"),
    "sign": (_changed(1, PixelRepresentation=2), "PixelRepresentation"),
    "high bit": (_changed(1, HighBit=14), "HighBit"),
    "unknown photometric": (_changed(1, PhotometricInterpretation=CANARY), "another with 1 sample"),
    "frames": (_frames, "NumberOfFrames"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
@pytest.mark.filterwarnings("ignore:The value length:UserWarning")
def test_refused_with_the_reason_and_nothing_of_the_patient(case: str, tmp_path: Path) -> None:
    spoil, reason = REFUSED[case]
    paths = spoil(series(tmp_path, stored()), tmp_path)
    with pytest.raises(DataError, match=reason) as caught:
        read_series(paths)
    assert CANARY not in str(caught.value)
    assert "1901" not in str(caught.value)
    assert caught.value.hint or "file" in caught.value.where


def test_the_modality_that_the_caller_expects(tmp_path: Path) -> None:
    paths = series(tmp_path, stored())
    assert _image(paths, expected="CT").unit == "HU"
    with pytest.raises(DataError, match="expected an image of modality MR, found CT"):
        read_series(paths, expected="MR")


def test_no_files_is_an_error() -> None:
    with pytest.raises(DataError, match="found none"):
        read_series([])


def test_a_file_that_goes_while_the_series_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the pass over the headers and that over the pixels."""
    paths = series(tmp_path, stored())
    straight = grid

    def late(*given: object):
        paths[4].unlink()
        return straight(*given)

    monkeypatch.setattr("bedside.adapters.dicom.series.grid", late)
    with pytest.raises(DataError, match=r"file 5 of 6: .* found no such file"):
        read_series(paths)


def test_a_compressed_file_without_a_decoder_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = series(tmp_path, stored())
    for path in paths:
        made = pydicom.dcmread(path)
        made.compress(RLELossless)
        made.save_as(path)
    monkeypatch.setattr("pydicom.pixels.decoders.base.Decoder.is_available", False)
    with pytest.raises(DataError, match=r"a decoder of RLE Lossless, found none") as caught:
        read_series(paths)
    assert 'pip install "bedside[dicom]"' in str(caught.value)


def test_brain_mr_series_lie_where_the_standard_says(real: Path) -> None:
    """Seven series of two studies; places by the formula of the standard, slice by slice."""
    folders = [path for path in sorted((real / "brain").glob("*/*")) if path.is_dir()]
    assert len(folders) == 7
    for folder in folders:
        image = _image(sorted(folder.iterdir()), expected="MR")
        files = [pydicom.dcmread(path) for path in folder.iterdir()]
        along = np.cross(files[0].ImageOrientationPatient[:3], files[0].ImageOrientationPatient[3:])
        files.sort(key=lambda made: float(np.dot(made.ImagePositionPatient, along)))
        wanted = np.stack([apply_modality_lut(made.pixel_array, made) for made in files])
        np.testing.assert_array_equal(image.values, wanted)
        for at, made in enumerate(files):
            turned = np.asarray(made.ImageOrientationPatient, float)
            place = (
                np.asarray(made.ImagePositionPatient, float)
                + 7 * made.PixelSpacing[0] * turned[3:]
                + 5 * made.PixelSpacing[1] * turned[:3]
            )
            np.testing.assert_allclose((image.grid.matrix @ [at, 7, 5, 1])[:3], place, atol=2e-3)
