"""PNG, JPEG and TIFF: every kind of pixel, and bad files by their reasons."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image as Pillow

from bedside.adapters.raster import LARGEST, kind_of, read_raster, write_png
from bedside.core.errors import DataError

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (9, 13), dtype=np.uint8)
DEEP = RANDOM.integers(0, 65536, (9, 13), dtype=np.uint16)
RGB = RANDOM.integers(0, 256, (9, 13, 3), dtype=np.uint8)


def _saved(picture: Pillow.Image, kind: str, **asked: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **asked)
    return out.getvalue()


def _of(values: np.ndarray, kind: str = "PNG", **asked: object) -> bytes:
    return _saved(Pillow.fromarray(values), kind, **asked)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(
    ("values", "wanted"),
    [(GREY, "u1"), (DEEP, "f4"), (DEEP // 4, "i2"), (RGB, "u1")],
    ids=["8 bits", "16 bits", "14 bits", "colour"],
)
def test_values_stay_what_they_are(
    values: np.ndarray, wanted: str, kind: str, tmp_path: Path
) -> None:
    content = _of(values, kind)
    (path := tmp_path / "picture.txt").write_bytes(content)
    for source in (content, path):
        image = read_raster(source)
        np.testing.assert_array_equal(image.values, values)
        assert image.values.dtype == np.dtype(wanted)
        assert image.colour == (values.ndim == 3)
        assert image.grid is None
        assert image.facts["format"] == kind
        assert image.notes == ()


def test_one_bit_is_black_and_white() -> None:
    bits = GREY > 100
    image = read_raster(_saved(Pillow.fromarray(bits), "PNG"))
    np.testing.assert_array_equal(image.values, bits * 255)


def test_floating_point_stays_so() -> None:
    values = RANDOM.normal(size=(4, 5)).astype(np.float32)
    np.testing.assert_array_equal(read_raster(_of(values, "TIFF")).values, values)


def test_a_palette_of_greys_is_grey_and_one_of_colours_colour() -> None:
    grey = Pillow.fromarray(GREY).convert("P")
    np.testing.assert_array_equal(read_raster(_saved(grey, "PNG")).values, GREY)
    few = Pillow.fromarray(RGB).quantize(16)
    image = read_raster(_saved(few, "PNG"))
    np.testing.assert_array_equal(image.values, np.asarray(few.convert("RGB")))
    assert image.colour


@pytest.mark.parametrize("alpha", [255, 100])
@pytest.mark.parametrize("values", [GREY, RGB], ids=["grey", "colour"])
def test_alpha_is_dropped_and_said_where_it_mattered(values: np.ndarray, alpha: int) -> None:
    picture = Pillow.fromarray(values)
    picture.putalpha(alpha)
    image = read_raster(_saved(picture, "PNG"))
    np.testing.assert_array_equal(image.values, values)
    assert bool(image.notes) == (alpha < 255)


def test_cmyk_becomes_red_green_and_blue() -> None:
    flat = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    content = _saved(Pillow.fromarray(flat).convert("CMYK"), "JPEG", quality=95)
    image = read_raster(content)
    assert image.colour
    assert "CMYK" in image.notes[0]
    assert np.abs(image.values.astype(int) - flat).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    exif = Pillow.Exif()
    exif[274] = orientation
    exif[315] = "KANARIENVOGEL"
    image = read_raster(_of(GREY, "TIFF", exif=exif))
    moves = {
        1: GREY, 2: GREY[:, ::-1], 3: GREY[::-1, ::-1], 4: GREY[::-1], 5: GREY.T,
        6: np.rot90(GREY, -1), 7: np.rot90(GREY, 2).T, 8: np.rot90(GREY),
    }  # fmt: skip
    np.testing.assert_array_equal(image.values, moves[orientation])
    assert bool(image.notes) == (orientation != 1)
    assert "KANARIENVOGEL" not in f"{image.notes}{image.facts}"


@pytest.mark.parametrize("values", [GREY, DEEP // 2], ids=["8 bits", "16 bits"])
def test_white_is_zero_is_turned_round(values: np.ndarray) -> None:
    """In 8 bits Pillow turns it, in 16 it does not."""
    most = np.iinfo(values.dtype).max
    content = bytearray(_of(most - values, "TIFF"))
    at = content.index(struct.pack("<HHI", 262, 3, 1))
    content[at + 8 : at + 12] = struct.pack("<HH", 0, 0)
    image = read_raster(bytes(content))
    np.testing.assert_array_equal(image.values, values)


def test_deep_colour_is_brought_to_eight_bits_and_said() -> None:
    """A PNG of 16-bit colour, written by hand: Pillow writes none."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in RGB.astype(np.uint16) * 257)

    def chunk(name: bytes, body: bytes) -> bytes:
        sum_ = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + sum_

    head = struct.pack(">IIBBBBB", 13, 9, 16, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
    image = read_raster(content + chunk(b"IEND", b""))
    np.testing.assert_array_equal(image.values, RGB)
    assert "16 bits" in image.notes[0]


def _bomb(width: int, height: int) -> bytes:
    """A PNG that says it is vast; there is next to nothing behind it."""
    content = bytearray(_of(GREY))
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    return bytes(content)


NAN = np.full((3, 3), np.nan, np.float32)
PAGES = _of(GREY, "TIFF", save_all=True, append_images=[Pillow.fromarray(GREY)])
REFUSED: dict[str, tuple[bytes, str]] = {
    "zero bytes": (b"", "zero bytes"),
    "text": (b"patient,image\nKANARIENVOGEL,1.png\n", "a PNG, JPEG or TIFF file, found text"),
    "another kind": (bytes(range(256)), "found another kind of file"),
    "bomb": (_bomb(8192, 8193), f"at most {LARGEST} pixels"),
    "greater bomb": (_bomb(100_000, 100_000), f"at most {LARGEST} pixels"),
    "PNG cut short": (_of(RANDOM.integers(0, 255, (80, 80), dtype=np.uint8))[:2000], "cannot"),
    "JPEG cut short": (_of(RANDOM.integers(0, 255, (80, 80), dtype=np.uint8), "JPEG")[:900],
                       "JPEG file that can be decoded"),
    "TIFF cut short": (_of(GREY, "TIFF")[:60], "TIFF file that can be decoded"),
    "mark alone": (b"\x89PNG\r\n\x1a\n", "cannot"),
    "pages": (PAGES, "one picture a file, found 2 pages"),
    "NaN": (_of(NAN, "TIFF"), "a number in every pixel"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_reason(case: str, tmp_path: Path) -> None:
    content, reason = REFUSED[case]
    (path := tmp_path / "KANARIENVOGEL.png").write_bytes(content)
    for source in (content, path):
        with pytest.raises(DataError, match=reason) as caught:
            read_raster(source)
        assert "KANARIENVOGEL" not in str(caught.value)


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(DataError, match="at most"):
        read_raster(_bomb(9000, 9000))


def test_a_file_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found no such file"):
        read_raster(tmp_path / "picture.png")


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9))
    )
)
def test_what_is_written_is_read_back(values: np.ndarray) -> None:
    content = write_png(values)
    assert kind_of(content) == "PNG"
    np.testing.assert_array_equal(read_raster(content).values, values)


def test_colour_is_written_and_other_arrays_are_not() -> None:
    np.testing.assert_array_equal(read_raster(write_png(RGB)).values, RGB)
    for other in (RGB[..., :2], GREY.astype(np.float32), GREY[0]):
        with pytest.raises(DataError, match="a picture to write"):
            write_png(other)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([_of(GREY), _of(RGB, "JPEG"), _of(DEEP, "TIFF")]), st.data())
def test_a_damaged_file_is_read_or_refused(content: bytes, data: st.DataObject) -> None:
    """Never another kind of error."""
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DataError):
        read_raster(bytes(damaged))
