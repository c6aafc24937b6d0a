"""NIfTI against nibabel, masks against their images, and bad files by their reasons."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.adapters.nifti import absent, is_nifti, read_mask, read_nifti, write_nifti
from bedside.core.errors import DataError
from bedside.core.image import Grid, Image, affine_of

CANARY = "KANARIENVOGEL"
TURNED = np.array(
    [[-0.9, 0.1, 0.0, 12.0], [0.1, 1.1, 0.3, -7.0], [0.0, -0.2, 2.5, 30.0], [0, 0, 0, 1]]
)


def _file(
    values: np.ndarray,
    affine: np.ndarray = TURNED,
    *,
    sform: int = 1,
    qform: int = 0,
    **header: object,
) -> bytes:
    made = nibabel.Nifti1Image(values, affine)
    made.header["descrip"] = CANARY
    made.header["db_name"] = CANARY
    made.set_sform(affine if sform else None, code=sform)
    made.set_qform(affine if qform else None, code=qform)
    content = bytearray(made.to_bytes())
    changed = nibabel.Nifti1Header(bytes(content[:348]), check=False)
    for word, value in header.items():
        changed[word] = value
    content[:348] = changed.binaryblock
    return bytes(content)


def _values(kind: str = "i2", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 100, (5, 6, 7)).astype(kind)


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", ">i2", "u2", "i4", "f4", ">f4", "f8"])
@pytest.mark.parametrize("packed", [False, True])
def test_values_and_places_are_those_of_nibabel(kind: str, packed: bool, tmp_path: Path) -> None:
    values = _values(kind)
    content = _file(values)
    path = tmp_path / "scan.nii"
    path.write_bytes(gzip.compress(content) if packed else content)
    for source in (path, path.read_bytes()):
        image = read_nifti(source)
        np.testing.assert_array_equal(image.values, values.transpose())
        for ijk in ((0, 0, 0), (1, 2, 3), (4, 5, 6)):
            ras = TURNED @ [*ijk, 1]
            lps = image.grid.matrix @ [*ijk[::-1], 1]
            np.testing.assert_allclose(lps[:3], ras[:3] * [-1, -1, 1], atol=1e-5)
        assert CANARY not in f"{image.notes}{image.facts}"


@pytest.mark.parametrize(
    ("kind", "high", "wanted"),
    [("u1", 255, "u1"), ("i2", 3000, "i2"), ("u2", 3000, "i2"), ("u2", 60000, "f4"),
     ("i4", 40000, "f4"), ("f8", 9, "f4")],
)  # fmt: skip
def test_the_type_holds_every_value(kind: str, high: int, wanted: str) -> None:
    values = _values().astype(kind)
    values[0, 0, 0] = high
    image = read_nifti(_file(values))
    assert image.values.dtype == np.dtype(wanted)
    np.testing.assert_array_equal(image.values, values.transpose())


def test_slope_and_intercept_are_honoured() -> None:
    values = _values()
    image = read_nifti(_file(values, scl_slope=0.5, scl_inter=-10.25))
    np.testing.assert_array_equal(image.values, (values * 0.5 - 10.25).transpose())


def test_a_fourth_axis_of_one_is_none() -> None:
    assert read_nifti(_file(_values()[..., None])).values.shape == (7, 6, 5)


def test_no_form_is_noted_and_micrometres_become_millimetres() -> None:
    image = read_nifti(_file(_values(), sform=0, pixdim=[1, 2, 3, 4, 1, 1, 1, 1]))
    assert image.grid.spacing == (4, 3, 2)
    assert "neither" in image.notes[0]
    small = read_nifti(_file(_values(), np.diag([500.0, 500, 500, 1]), xyzt_units=3))
    assert small.grid.spacing == (0.5, 0.5, 0.5)
    assert "brought" in small.notes[0]


def _apart(millimetres: float) -> bytes:
    made = nibabel.Nifti1Image(_values(), np.diag([1.0, 1, 1, 1]))
    moved = np.diag([1.0, 1, 1, 1])
    moved[0, 3] = millimetres
    made.set_qform(moved, code=1)
    return bytes(made.to_bytes())


def test_forms_that_all_but_agree_are_one() -> None:
    assert read_nifti(_apart(0.05)).grid.shape == (7, 6, 5)


NAN = _values("f4")
NAN[0, 0, :2] = np.nan, np.inf
PLAIN = _file(_values())
REFUSED: dict[str, tuple[bytes, str]] = {
    "forms apart": (_apart(3.0), "sform with steps 1 x 1 x 1 mm and qform .* 3 mm apart"),
    "four axes": (_file(np.zeros((4, 4, 4, 3), "i2")), r"three axes, found 4 axes"),
    "NaN": (_file(NAN), "2 voxels without one"),
    "zero bytes": (b"", "zero bytes"),
    "no NIfTI": (b"hello" * 200, "without NIfTI's mark"),
    "cut short": (PLAIN[:-10], "410 of 420 bytes"),
    "header only": (PLAIN[:348], "0 of 420 bytes"),
    "half a header": (PLAIN[:200], "mark"),
    "gz cut short": (gzip.compress(PLAIN)[:-40], "ends too early"),
    "gz damaged": (gzip.compress(PLAIN)[:60] + bytes(200), "too early|damaged"),
    "pair": (PLAIN.replace(b"n+1\0", b"ni1\0"), "header alone"),
    "complex": (_file(_values().astype("c8")), "another type of voxel"),
    "type of no kind": (_file(_values(), datatype=7777), "another type of voxel"),
    "negative axis": (_file(_values(), dim=[3, 5, -6, 7, 1, 1, 1, 1]), "none empty"),
    "absurd size": (_file(_values(), dim=[3, 32000, 32000, 32000, 1, 1, 1, 1]), "at most"),
    "flat affine": (_file(_values(), srow_z=[0, 0, 0, 0]), "spans three axes"),
    "NaN affine": (_file(_values(), srow_x=[np.nan, 0, 0, 0]), "spans three axes"),
    "infinite slope": (_file(_values(), scl_slope=1.0, scl_inter=np.inf), "scl_"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_reason(case: str, tmp_path: Path) -> None:
    content, reason = REFUSED[case]
    path = tmp_path / f"{CANARY}.nii.gz"
    path.write_bytes(content)
    for source in (path, content):
        with pytest.raises(DataError, match=reason) as caught:
            read_nifti(source)
        assert CANARY not in str(caught.value)


def test_a_file_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found no such file") as caught:
        read_nifti(tmp_path / CANARY)
    assert CANARY not in str(caught.value)


def test_a_nifti_file_is_told_by_its_bytes() -> None:
    assert is_nifti(PLAIN[:536])
    assert is_nifti(gzip.compress(PLAIN)[:300])
    assert not is_nifti(b"\x1f\x8b" + bytes(40))
    assert not is_nifti(b"n+1\0" * 200)


def test_nifti_2_is_read() -> None:
    made = nibabel.Nifti2Image(_values(), TURNED)
    image = read_nifti(bytes(made.to_bytes()))
    np.testing.assert_array_equal(image.values, _values().transpose())


# --- masks -------------------------------------------------------------------------------------

IMAGE = read_nifti(_file(_values()))
MASK = (_values() % 3).astype("u1")


def test_a_mask_on_its_image() -> None:
    mask = read_mask(_file(MASK), IMAGE, 2)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, MASK.transpose())
    np.testing.assert_array_equal(read_mask(_file(MASK.astype("f4")), IMAGE, 2), mask)
    assert absent(mask, 4) == (3, 4)
    assert absent(read_mask(_file(MASK * 0), IMAGE, 2), 2) == (1, 2)


@pytest.mark.parametrize("axes", ["RAS", "LPI", "SRA", "ASL", "PIR"])
def test_a_mask_laid_along_other_axes_is_turned(axes: str) -> None:
    """As other programs write it: the same voxels of the same patient, in another order."""
    made = nibabel.Nifti1Image(MASK, TURNED)
    to = nibabel.orientations.axcodes2ornt(axes)
    now = nibabel.orientations.io_orientation(TURNED)
    other = made.as_reoriented(nibabel.orientations.ornt_transform(now, to))
    assert "".join(nibabel.aff2axcodes(other.affine)) == axes
    mask = read_mask(bytes(other.to_bytes()), IMAGE, 2)
    np.testing.assert_array_equal(mask, MASK.transpose())


MOVED = TURNED.copy()
MOVED[0, 3] += 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (_file(MASK[:-1]), r"the shape of its image \(7, 6, 5\), found \(7, 6, 4\)"),
        (_file(MASK, MOVED), "up to 2 mm off it"),
        (_file(MASK, TURNED @ np.diag([-1.0, 1, 1, 1])), "off it"),
        (_file(MASK * 0.5), "whole numbers"),
        (_file(MASK * np.float32(np.nan)), "whole numbers"),
        (_file((MASK * 2).astype("u1")), "labels from 0 to 2, found"),
        (_file(MASK.astype("i2") - 1), "labels from 0 to 2, found"),
    ],
    ids=["shape", "moved", "mirrored", "fractions", "NaN", "too high", "negative"],
)
def test_a_mask_that_does_not_fit_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read_mask(content, IMAGE, 2)


def test_a_mask_of_an_image_without_a_place_is_refused() -> None:
    with pytest.raises(DataError, match="without a place"):
        read_mask(_file(MASK), Image(values=np.zeros((7, 6, 5))), 2)


@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 5)] * 3),
    spacing=st.tuples(*[st.floats(0.2, 8)] * 3),
    origin=st.tuples(*[st.floats(-300, 300)] * 3),
    turn=st.floats(-3, 3),
    packed=st.booleans(),
)
def test_what_is_written_is_read_back(
    tmp_path_factory, shape, spacing, origin, turn, packed
) -> None:
    affine = np.eye(4)
    rotation = [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]]
    affine[:3, :3] = np.asarray(rotation)[:, [2, 1, 0]] * spacing
    affine[:3, 3] = origin
    grid = Grid(shape=shape, affine=affine_of(affine))
    mask = np.random.default_rng(1).integers(0, 3, shape, dtype=np.uint8)
    path = tmp_path_factory.mktemp("written") / ("mask.nii.gz" if packed else "mask.nii")
    write_nifti(path, mask, grid)
    image = read_nifti(path)
    np.testing.assert_array_equal(image.values, mask)
    np.testing.assert_allclose(image.grid.matrix, affine, atol=1e-4)
    np.testing.assert_array_equal(read_mask(path, Image(values=mask, grid=grid), 2), mask)
    first = path.read_bytes()
    write_nifti(path, mask, grid)
    assert path.read_bytes() == first


def test_a_mask_of_another_shape_than_its_grid_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="grid's shape"):
        write_nifti(tmp_path / "mask.nii", np.zeros((1, 2, 3), np.uint8), IMAGE.grid)


def test_the_hippocampi_are_read_with_their_masks(data_folder: Path) -> None:
    archive = data_folder / "msd_hippocampus_dev.tar"
    if not archive.is_file():
        pytest.skip(archive.name)
    read: Callable[[str], bytes]
    with tarfile.open(archive) as tar:
        names = sorted(n for n in tar.getnames() if n.endswith(".nii.gz") and "/._" not in n)
        read = lambda name: tar.extractfile(name).read()  # noqa: E731  # open only here
        images = [name for name in names if "images" in name][:8]
        for name in images:
            image = read_nifti(read(name))
            mask = read_mask(read(name.replace("images", "labels")), image, 2)
            assert mask.shape == image.values.shape
            assert absent(mask, 2) == ()
            theirs = nibabel.Nifti1Image.from_bytes(gzip.decompress(read(name)))
            np.testing.assert_array_equal(
                image.values, np.asarray(theirs.dataobj, np.float32).transpose()
            )
