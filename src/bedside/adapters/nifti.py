"""NIfTI (.nii, .nii.gz) to images and masks, and masks back to files in their image's geometry.

A file lays its axes (i, j, k) with i fastest; an array here is [k, j, i], which is the same order
in memory, so nothing is moved. The file's affine leads to RAS, ours to LPS: x and y change sign.
The header is read by nibabel; its checks are made here, so that each has its reason in words.
Source: https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from nibabel import nifti1, nifti2
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.core.image import Grid, Image, affine_of

LARGEST = 1 << 31
"""Elements of one image; more is taken for a damaged header or an attack."""
FORMS_APART = 0.1
"""Parts of a voxel that sform and qform may place a corner apart."""
MASK_APART = 0.1
"""Parts of a voxel that a mask may lie off its image."""
_TURN = np.diag([-1.0, -1.0, 1.0, 1.0])
_MILLIMETRES = {1: 1000.0, 3: 0.001}
"""Of the header's unit codes for metres and micrometres."""
_FIRST = 544
Header = Any  # nibabel's classes are without types
_one: Any = nifti1
_two: Any = nifti2
Source = Path | bytes


def read_nifti(source: Source, *, where: str = "the image") -> Image:
    """A volume [k, j, i] with its grid; uint8 and int16 as stored where unscaled, else float32.

    DataError: cut short, more than three axes, voxels that are no numbers, forms that disagree.
    """
    header, stored_KJI = _stored(source, where)
    values_KJI = _narrow(_scaled(header, stored_KJI, where))
    if values_KJI.dtype.kind == "f" and not np.isfinite(values_KJI).all():
        bad = int((~np.isfinite(values_KJI)).sum())
        raise DataError(
            where, expected="a number in every voxel",
            found=f"{bad} voxels without one (NaN or infinite)",
            hint="decide what they should be, and write that",
        )  # fmt: skip
    lattice, notes = _grid(header, where)
    return Image(
        values=values_KJI, grid=lattice, notes=notes,
        facts={"format": "NIfTI", "bits stored": float(stored_KJI.dtype.itemsize * 8)},
    )  # fmt: skip


def read_mask(
    source: Source, like: Image, labels: int, *, where: str = "the mask"
) -> NDArray[np.uint8]:
    """A mask [k, j, i] of 0 (background) to `labels`, on the very grid of its image.

    A mask whose file lays the same voxels along other axes, or the other way round, is turned,
    which moves every label and changes none. DataError: another shape or place, values that are not
    whole, labels outside the set. A mask without any label is admitted: `absent` says so.
    """
    header, stored_KJI = _stored(source, where)
    values_KJI = _scaled(header, stored_KJI, where)
    lattice, _ = _grid(header, where)
    if like.grid is not None:
        values_KJI, lattice = _laid_as(values_KJI, lattice, like.grid)
    _on_its_image(lattice, like, where)
    if values_KJI.dtype.kind == "f" and not np.array_equal(values_KJI, np.round(values_KJI)):
        raise DataError(
            where, expected="whole numbers as labels", found="fractions, or no numbers",
            hint="was the mask resampled linearly? take the nearest value instead",
        )  # fmt: skip
    outside = (values_KJI < 0) | (values_KJI > labels)
    if outside.any():
        raise DataError(
            where, expected=f"labels from 0 to {labels}",
            found=f"{int(outside.sum())} voxels with another",
            hint="declare all structures, or bring the labels into this range",
        )  # fmt: skip
    return np.ascontiguousarray(values_KJI, dtype=np.uint8)


def absent(mask: NDArray[np.uint8], labels: int) -> tuple[int, ...]:
    """Labels of 1 to `labels` that no voxel of the mask has."""
    counts = np.bincount(mask.ravel(), minlength=labels + 1)
    return tuple(label for label in range(1, labels + 1) if counts[label] == 0)


def write_nifti(path: Path, values: NDArray[np.generic], grid: Grid) -> None:
    """Write [k, j, i] values (a mask, say) on a grid; a name that ends in .gz is compressed.

    The same values and grid give the same bytes.
    """
    content = nifti_bytes(values, grid)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def nifti_bytes(values: NDArray[np.generic], grid: Grid) -> bytes:
    """The bytes of an uncompressed file, with sform and qform, values as they are."""
    if values.shape != grid.shape:
        raise DataError(
            "a volume to write", expected=f"values of the grid's shape {grid.shape}",
            found=f"{values.shape}",
        )  # fmt: skip
    affine = _TURN @ grid.matrix[:, [2, 1, 0, 3]]
    image = _one.Nifti1Image(np.asarray(values).transpose(), affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    content: bytes = image.to_bytes()
    return content


def is_nifti(head: bytes) -> bool:
    """Whether the first bytes (536 of them, or compressed) are those of a NIfTI file."""
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _FIRST)
        except zlib.error:
            return False
    return _kind(head) is not None


def _kind(head: bytes) -> Any:
    """nibabel's class of header, or None."""
    size = {int.from_bytes(head[:4], order) for order in ("little", "big")}
    if 348 in size and head[344:348] in (b"n+1\0", b"ni1\0"):
        return _one.Nifti1Header
    if 540 in size and head[4:8] in (b"n+2\0", b"ni2\0"):
        return _two.Nifti2Header
    return None


def _stored(source: Source, where: str) -> tuple[Header, NDArray[np.generic]]:
    """Header, and the stored values [k, j, i]."""
    try:
        with _stream(source) as stream:
            header = _header(stream.read(_FIRST), where)
            shape, kind, at = _layout(header, where)
            stream.seek(at)
            wanted = int(np.prod(shape)) * kind.itemsize
            content = stream.read(wanted)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise _cut_short(where, "a compressed file that ends too early") from None
    except OSError as error:
        raise DataError(
            where, expected="a file that can be read", found=(error.strerror or "an error").lower(),
            hint="was it moved or removed while it was read?",
        ) from None  # fmt: skip
    if len(content) < wanted:
        raise _cut_short(where, f"{len(content)} of {wanted} bytes of values")
    return header, np.frombuffer(content, kind).reshape(shape[::-1])


def _cut_short(where: str, found: str) -> DataError:
    return DataError(
        where, expected="a whole NIfTI file", found=found,
        hint="it is cut short or damaged: copy it again",
    )  # fmt: skip


@contextmanager
def _stream(source: Source) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """The bytes of the file, unpacked where it is compressed."""
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        head = file.read(2)
        file.seek(0)
        yield gzip.GzipFile(fileobj=file) if head == b"\x1f\x8b" else file


def _header(head: bytes, where: str) -> Header:
    if not head:
        raise _cut_short(where, "a file of zero bytes")
    kind = _kind(head)
    if kind is None:
        raise DataError(where, expected="a NIfTI file", found="a file without NIfTI's mark")
    if head[344:347] == b"ni1" or head[4:7] == b"ni2":
        raise DataError(
            where, expected="header and values in one file", found="a header alone (.hdr)",
            hint="write the pair as one .nii or .nii.gz",
        )  # fmt: skip
    try:
        return kind.from_fileobj(io.BytesIO(head), check=False)
    except (HeaderDataError, ValueError, OSError):
        raise _cut_short(where, "a header that cannot be read") from None


def _layout(header: Header, where: str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape (i, j, k), type of the stored values, and where they begin."""
    sizes = [int(size) for size in header["dim"]]
    if not 1 <= sizes[0] <= 7 or min(sizes[1 : sizes[0] + 1]) < 1:
        raise DataError(
            where, expected="one to seven axes, none empty", found="another header",
            hint="the header is damaged or was written wrongly",
        )  # fmt: skip
    shape = sizes[1 : sizes[0] + 1]
    if any(size > 1 for size in shape[3:]):
        raise DataError(
            where, expected="a volume of three axes",
            found=f"{len(shape)} axes, the fourth and later of {shape[3:]}",
            hint="a series in time or of directions: take one volume of it",
        )  # fmt: skip
    shape = [*shape[:3], 1, 1][:3]
    if int(np.prod(shape, dtype=object)) > LARGEST:
        raise DataError(where, expected=f"at most {LARGEST} voxels", found="more")
    return tuple(shape), _type(header, where), int(header["vox_offset"])


def _type(header: Header, where: str) -> np.dtype[Any]:
    try:
        kind: np.dtype[Any] = header.get_data_dtype()
    except (HeaderDataError, KeyError):
        kind = np.dtype("V1")
    if kind.kind not in "iuf" or kind.itemsize > 8:
        raise DataError(
            where, expected="real numbers of up to 64 bits", found="another type of voxel",
            hint="colour and complex volumes are not read: write one part as numbers",
        )  # fmt: skip
    return kind


def _scaled(header: Header, stored: NDArray[Any], where: str) -> NDArray[Any]:
    """Stored values times slope plus intercept, in float64; as they are where there are none."""
    try:
        slope, intercept = header.get_slope_inter()
    except HeaderDataError:
        raise DataError(
            where, expected="a finite scl_slope and scl_inter", found="others",
            hint="the header is damaged or was written wrongly",
        ) from None  # fmt: skip
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    if slope is None or (slope == 1 and intercept == 0):
        return native
    return native * np.float64(slope) + np.float64(intercept)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """uint8 and int16 as they are, other integers as int16 where they fit, the rest as float32."""
    if values.dtype in (np.uint8, np.int16):
        return values.copy() if not values.flags.writeable else values
    if values.dtype.kind in "iu":
        limits = np.iinfo(np.int16)
        if values.min() >= limits.min and values.max() <= limits.max:
            return values.astype(np.int16)
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _grid(header: Header, where: str) -> tuple[Grid, tuple[str, ...]]:
    shape, _, _ = _layout(header, where)
    affine, notes = _affine(header, shape, where)
    unit = int(header["xyzt_units"]) & 7
    if unit in _MILLIMETRES:
        affine = np.diag([*[_MILLIMETRES[unit]] * 3, 1.0]) @ affine
        notes = (*notes, "lengths were not in millimetres and were brought to them")
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    flat = np.isfinite(affine).all() and bool((steps > 0).all())
    if not flat or abs(np.linalg.det(affine[:3, :3] / steps)) < 1e-3:
        raise DataError(
            where, expected="an affine that spans three axes", found="one that does not",
            hint="the header is damaged or was written wrongly",
        )  # fmt: skip
    lps = (_TURN @ affine)[:, [2, 1, 0, 3]]
    return Grid(shape=(shape[2], shape[1], shape[0]), affine=affine_of(lps)), notes


def _affine(
    header: Header, shape: tuple[int, ...], where: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """From (i, j, k) to RAS, and notes."""
    sform, qform = (_form(header, name, where) for name in ("sform", "qform"))
    if sform is not None and qform is not None:
        _agree(sform, qform, shape, where)
    if sform is not None:
        steps = np.linalg.norm(sform[:3, :3], axis=0)
        said = np.abs(header["pixdim"][1:4].astype(np.float64))
        other = (said > 0).all() and not np.allclose(steps, said, rtol=0.01)
        note = f"pixdim says {_words(said)} mm, sform {_words(steps)}: sform is taken"
        return sform, (note,) if other else ()
    if qform is not None:
        return qform, ()
    lengths = [float(abs(step)) or 1.0 for step in header["pixdim"][1:4]]
    note = "neither sform nor qform is set: which side is which is not known"
    return np.diag([*lengths, 1.0]), (note,)


def _form(header: Header, name: str, where: str) -> NDArray[np.float64] | None:
    try:
        affine, code = getattr(header, f"get_{name}")(coded=True)
    except (HeaderDataError, ValueError, np.linalg.LinAlgError):
        raise DataError(
            where, expected=f"a {name} of numbers", found="another",
            hint="the header is damaged or was written wrongly",
        ) from None  # fmt: skip
    return np.asarray(affine, np.float64) if code > 0 and affine is not None else None


def _agree(
    sform: NDArray[np.float64], qform: NDArray[np.float64], shape: tuple[int, ...], where: str
) -> None:
    apart = _corners_apart(sform, qform, shape)
    steps = np.linalg.norm(sform[:3, :3], axis=0)
    if not apart <= FORMS_APART * float(steps.min()):
        words = [
            f"{name} with steps {_words(np.linalg.norm(form[:3, :3], axis=0))} mm"
            for name, form in (("sform", sform), ("qform", qform))
        ]
        raise DataError(
            where, expected="sform and qform that agree",
            found=f"{' and '.join(words)}, up to {apart:.3g} mm apart",
            hint="decide which is right and set the other's code to 0",
        )  # fmt: skip


def _words(steps: NDArray[np.float64]) -> str:
    return " x ".join(f"{step:.3g}" for step in steps)


def _corners_apart(
    one: NDArray[np.float64], other: NDArray[np.float64], shape: tuple[int, ...]
) -> float:
    """The greatest distance, in millimetres, between where two affines place a corner."""
    ends = [(0, size - 1) for size in shape]
    corners = np.array([[a, b, c, 1] for a in ends[0] for b in ends[1] for c in ends[2]], float)
    apart = np.linalg.norm(((one - other) @ corners.T)[:3], axis=0)
    return float(apart.max())


def _laid_as(values: NDArray[Any], lattice: Grid, wanted: Grid) -> tuple[NDArray[Any], Grid]:
    """The values with axes in the order and direction of another grid, where only that differs."""
    across = np.linalg.inv(lattice.matrix) @ wanted.matrix
    turn = np.round(across[:3, :3])
    ones = np.ones(3)
    if not (np.array_equal(abs(turn).sum(0), ones) and np.array_equal(abs(turn).sum(1), ones)):
        return values, lattice
    axes = [int(axis) for axis in abs(turn).argmax(axis=0)]
    back = [at for at, axis in enumerate(axes) if turn[axis, at] < 0]
    move = np.eye(4)
    move[:3, :3] = turn
    move[:3, 3] = [lattice.shape[axis] - 1 if turn[axis].min() < 0 else 0 for axis in range(3)]
    laid = np.flip(values.transpose(axes), tuple(back))
    depth, rows, columns = laid.shape
    return laid, Grid(shape=(depth, rows, columns), affine=affine_of(lattice.matrix @ move))


def _on_its_image(lattice: Grid, like: Image, where: str) -> None:
    if like.grid is None or lattice.shape != like.grid.shape:
        found = "an image without a place" if like.grid is None else f"{lattice.shape}"
        raise DataError(
            where, expected=f"the shape of its image {like.values.shape}", found=found,
            hint="a mask has one label for each voxel of its image: draw it on this image",
        )  # fmt: skip
    apart = _corners_apart(lattice.matrix, like.grid.matrix, lattice.shape)
    if apart > MASK_APART * min(like.grid.spacing):
        raise DataError(
            where, expected="the place of its image", found=f"a mask up to {apart:.3g} mm off it",
            hint="a mask of another scan, or one whose axes were turned: draw it on this image",
        )  # fmt: skip
