"""The tag in a PNG: other readers see it, the picture stays, and a cut file does no harm."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from bedside.adapters.parquet import write_tagged
from bedside.adapters.png_tag import tag_in, tagged_png
from bedside.adapters.raster import read_raster, write_png
from bedside.core.inputs import TAG

PICTURE = np.arange(256, dtype=np.uint8).reshape(16, 16)
PNG = write_png(PICTURE)


def test_the_tag_is_a_text_that_other_readers_see_and_the_picture_stays() -> None:
    tagged = tagged_png(PNG, "flow:synthesize-1f3a")
    with Pillow.open(io.BytesIO(tagged)) as picture:
        assert picture.info[TAG] == "flow:synthesize-1f3a"
        picture.verify()
    np.testing.assert_array_equal(read_raster(tagged).values, PICTURE)
    assert read_raster(tagged).made_up
    assert not read_raster(PNG).made_up
    assert tag_in(tagged) == "flow:synthesize-1f3a"
    assert tagged_png(tagged, "another") == tagged


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt"])
def test_a_tag_that_another_program_wrote_again_is_found(kind: str) -> None:
    notes = PngInfo()
    if kind == "iTXt":
        notes.add_itxt(TAG, "flow:x")
    else:
        notes.add_text(TAG, "flow:x", zip=kind == "zTXt")
    out = io.BytesIO()
    Pillow.fromarray(PICTURE).save(out, "PNG", pnginfo=notes)
    assert tag_in(out.getvalue()) is not None


def test_what_is_no_png_has_no_tag_and_gets_none() -> None:
    assert tag_in(PNG) is None
    assert tagged_png(b"\x93NUMPY rest", "x") == b"\x93NUMPY rest"
    for end in range(0, len(PNG), 7):
        assert tag_in(PNG[:end]) is None
        assert tag_in(PNG[:end] + bytes(9)) is None


def test_every_picture_of_a_made_up_table_is_tagged(tmp_path) -> None:
    frame = pl.DataFrame({"image": [PNG, None, b"other"], "label": ["a", "b", "c"]})
    write_tagged(frame, tmp_path / "out.parquet", {"tag": "flow:x"})
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert tag_in(found["image"][0]) == "flow:x"
    assert found["image"][1:].to_list() == [None, b"other"]
    assert found["image"].dtype == pl.Binary
