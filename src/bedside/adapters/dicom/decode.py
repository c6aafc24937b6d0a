"""Pixel data of any transfer syntax to stored integers or to red, green and blue, by pydicom.

Compressed data need a decoder; pydicom finds those of the extra `dicom` by itself.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array

from bedside.adapters.dicom.apart import decoded_apart
from bedside.adapters.dicom.codestream import size_of
from bedside.adapters.dicom.header import COLOUR, Header
from bedside.adapters.dicom.parsed import FAILURES, quiet, uid_of
from bedside.adapters.dicom.pixels import Scale, Stored, masked, scale_of
from bedside.core.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """Decoded pixels of one file."""

    stored: Stored
    """[F, H, W], or [F, H, W, 3] in 8 bits for colour."""
    scale: Scale
    before: Scale
    """The same without the turn of MONOCHROME1: what the file's window is meant for."""
    notes: tuple[str, ...] = ()


_GDCM = "gdcm"
_TABLE = "values went through the file's modality lookup table"


def frames(dataset: Dataset, header: Header, where: str) -> Frames:
    """All frames of an opened file; DataError where they are cut short or cannot be decoded."""
    _decodable(header, where)
    _whole(dataset, header, where)
    try:
        with quiet():
            values = _values(dataset, header)
            notes: tuple[str, ...] = ()
            if header.photometric in COLOUR:
                return _colour(_framed(values, header), dataset, header)
            stored = _integers(_framed(values, header), header)
            if "ModalityLUTSequence" in dataset:
                return _looked_up(stored, dataset, header)
    except (*FAILURES, OSError):
        raise DataError(
            where, expected="pixel data that the decoders here can read",
            found=f"data that they cannot ({name_of(header.elements.syntax)})",
            hint="damaged: copy the file again; of a rare kind: have it written uncompressed",
        ) from None  # fmt: skip
    if masked(stored, header):
        notes = ("bits above those stored (an old overlay) were cleared",)
    before = Scale(slope=header.slope, intercept=header.intercept)
    return Frames(stored=stored, scale=scale_of(header), before=before, notes=notes)


def _values(dataset: Dataset, header: Header) -> NDArray[np.generic]:
    """By the first decoder that can; GDCM comes last, and apart."""
    syntax = uid_of(header.elements.syntax)
    if not syntax.is_encapsulated:
        return pixel_array(dataset)
    _one_size(dataset, header)
    plugins = get_decoder(syntax).available_plugins
    for plugin in plugins:
        if plugin != _GDCM:
            with suppress(*FAILURES, OSError):
                return pixel_array(dataset, decoding_plugin=plugin)
    if _GDCM not in plugins:
        raise RuntimeError("no decoder can")
    form: dict[str, int | str] = {
        "rows": header.rows, "columns": header.columns, "number_of_frames": header.frames,
        "samples_per_pixel": header.samples, "photometric_interpretation": header.photometric,
        "bits_allocated": header.allocated, "bits_stored": header.stored,
        "pixel_representation": int(header.signed), "pixel_keyword": "PixelData",
        "planar_configuration": int(dataset.get("PlanarConfiguration") or 0),
    }  # fmt: skip
    return decoded_apart(bytes(dataset.PixelData), header.elements.syntax, form)


def _one_size(dataset: Dataset, header: Header) -> None:
    """Refuse compressed frames of another size than the header's, before they are decoded."""
    for frame in generate_frames(dataset.PixelData, number_of_frames=header.frames):
        if size_of(frame) not in (None, (header.rows, header.columns)):
            raise ValueError("another size")


def name_of(syntax: str) -> str:
    """A transfer syntax in words, where the standard has it."""
    uid = uid_of(syntax)
    return uid.name if uid.is_transfer_syntax else "an unknown transfer syntax"


def _whole(dataset: Dataset, header: Header, where: str) -> None:
    """Refuse plain pixel data that are shorter than the header promises."""
    if "PixelData" not in dataset:
        raise DataError(
            where, expected="pixel data in integers", found="floating point (a parametric map)",
            hint="write it as integers with a rescale slope",
        )  # fmt: skip
    if uid_of(header.elements.syntax).is_encapsulated:
        return
    promised = header.size
    found = len(dataset.PixelData or b"")
    if found < promised:
        raise cut_short(where, promised, found)


def cut_short(where: str, promised: int, found: int) -> DataError:
    """Pixel data that end too early."""
    return DataError(
        where, expected=f"{promised} bytes of pixel data", found=f"{found}",
        hint="the file is cut short: copy it again from where it came",
    )  # fmt: skip


def _decodable(header: Header, where: str) -> None:
    syntax = uid_of(header.elements.syntax)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:  # so pydicom says that it knows no such transfer syntax
        raise DataError(
            where, expected="a transfer syntax of still images", found=name_of(syntax),
            hint="have it written uncompressed or as JPEG 2000",
        ) from None  # fmt: skip
    if not decoder.is_available:
        raise DataError(
            where, expected=f"a decoder of {name_of(syntax)}", found="none installed",
            hint='pip install "bedside[dicom]"',
        )  # fmt: skip


def _framed(values: NDArray[np.generic], header: Header) -> NDArray[np.generic]:
    """With an axis of frames, and of the size that the header says."""
    shape = (header.rows, header.columns) + ((3,) if header.samples == 3 else ())
    return values.reshape(header.frames, *shape)


def _integers(values: NDArray[np.generic], header: Header) -> Stored:
    """In the machine's byte order, writeable."""
    kind = "i" if header.signed else "u"
    width = max(values.dtype.itemsize, 1)
    return np.array(values, dtype=f"{kind}{width}", order="C")


def _looked_up(stored: Stored, dataset: Dataset, header: Header) -> Frames:
    """Through the file's modality lookup table, whose own range the turn then uses."""
    masked(stored, header)
    count, first, _ = dataset.ModalityLUTSequence[0].LUTDescriptor
    values = np.asarray(apply_modality_lut(stored, dataset))
    entries = apply_modality_lut(np.arange(first, first + (count or 1 << 16)), dataset)
    span = int(entries.min()), int(entries.max())
    out = np.array(values, dtype=np.int32)
    before = Scale(slope=1.0, intercept=0.0)
    scale = Scale(slope=-1.0, intercept=float(sum(span))) if header.turned else before
    return Frames(stored=out, scale=scale, before=before, notes=(_TABLE,))


def _colour(values: NDArray[np.generic], dataset: Dataset, header: Header) -> Frames:
    notes: tuple[str, ...] = ()
    if header.photometric == "PALETTE COLOR":
        values = np.stack([apply_color_lut(one, dataset)[..., :3] for one in values])
    values = np.asarray(values)
    bits = values.dtype.itemsize * 8
    if bits > 8:
        most = (1 << bits) - 1
        values = np.round(values.astype(np.float64) * (255 / most))
        notes = (f"colour of {bits} bits was brought to 8",)
    rgb = np.ascontiguousarray(values, dtype=np.uint8)
    same = Scale(slope=1.0, intercept=0.0)
    return Frames(stored=rgb, scale=same, before=same, notes=notes)
