"""Blank images and writing in the pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bedside.modalities.images.audit.pictures import blank_finding, blank_rows, writing_finding


def test_blank_images_are_counted_and_named_by_row(blobs) -> None:
    images = blobs(0, 20).astype(np.float32)
    images[3] = 7
    images[5] = np.nan
    blank = blank_rows(images, np.array([3, 4, 5]))
    assert blank.tolist() == [3, 5]
    found = blank_finding(blank, np.arange(20), "all@0")
    assert found.state == "found"
    assert found.sentence == "2 images have the same value in every pixel, of 2 patients."
    assert "3, 5" in found.look
    assert blank_finding(blank[:0], np.arange(20), "all@0").state == "clear"


@pytest.mark.parametrize("volume", [False, True])
def test_writing_is_found(blobs, volume: bool) -> None:
    images = blobs(1, 6, size=128) // 4 + 60
    for at in (2, 4):
        picture = Image.fromarray(images[at, 0])
        ImageDraw.Draw(picture).text((10, 12), "NORTHERN 1971", fill=255, font_size=14)
        images[at, 0] = np.asarray(picture)
    if volume:
        images = np.repeat(images[:, :, None], 3, axis=2)
    found = writing_finding(images, np.arange(6), "all@0")
    assert found.state == "found"
    assert "in 2 of 6 images" in found.sentence
    assert ": 2, 4." in found.look
    assert writing_finding(images[:2], np.arange(2), "all@0").state == "clear"


def test_of_large_images_fewer_are_searched(blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bedside.modalities.images.audit.pictures.MOST_PIXELS", 3 * 128 * 128)
    monkeypatch.setattr("bedside.modalities.images.audit.pictures.text_boxes", lambda _: [])
    found = writing_finding(blobs(3, 12, size=128), np.arange(12), "all@0")
    assert "in 3 images that were looked at" in found.sentence


def test_small_images_hold_no_writing(blobs) -> None:
    found = writing_finding(blobs(2, 5), np.arange(5), "all@0")
    assert found.state == "clear"
    assert "too small" in found.sentence
