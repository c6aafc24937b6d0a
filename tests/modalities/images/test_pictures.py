"""Pictures read back: what they show, how large they are, that lines and colours can be told."""

from __future__ import annotations

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bedside.core.errors import DataError
from bedside.methods.corruption.spread import Spread, spread_of
from bedside.modalities.images import pictures
from bedside.modalities.images.pictures import Picture
from bedside.modalities.images.pictures_tiles import most_marked, shown

FLAT = Spread(low=(0.0,), high=(200.0,), centre=(100.0,))


def read(picture: Picture) -> np.ndarray:
    """[H, W, 4] red, green, blue, how far it covers."""
    assert picture.png.startswith(b"\x89PNG")
    return np.asarray(Image.open(BytesIO(picture.png)).convert("RGBA"))


def textured(count: int, shape: tuple[int, ...], channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 200, (count, channels, *shape)).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(50, 50), (30, 60), (8, 40, 30)])
def test_a_sheet_has_a_tile_for_each_image(shape: tuple[int, ...], channels: int) -> None:
    images = textured(10, shape, channels)
    found = pictures.sheet(images, spread_of(images), title="Ten", columns=4)
    drawn = read(found)
    assert drawn.shape[:2] == (3 * 100 - 4, 4 * 100 - 4)
    assert (drawn[200:, 200:, 3] == 0).all()  # no eleventh: see-through
    assert found.alt.startswith("Ten")
    assert len(found.png) < 100_000


def test_values_run_from_the_low_to_the_high_of_training() -> None:
    image = np.array([[[-50, 0, 100, 200, 900]]], np.int16)
    np.testing.assert_array_equal(shown(image, FLAT)[0, :, 0], [0, 0, 128, 255, 255])


def test_grey_levels_come_back_within_a_shade() -> None:
    ramp = np.tile(np.linspace(0, 200, 96), (96, 1))[None, None].astype(np.float32)
    drawn = read(pictures.sheet(ramp, FLAT, title="Ramp"))[..., 0].astype(float)
    assert np.abs(drawn - ramp[0, 0] / 200 * 255).max() < 6


def test_the_balance_of_colours_stays() -> None:
    image = np.zeros((1, 3, 20, 20), np.uint8)
    image[0, 0], image[0, 1], image[0, 2] = 180, 90, 30
    spread = Spread(low=(0.0, 0.0, 0.0), high=(200.0, 100.0, 50.0), centre=(0.0, 0.0, 0.0))
    drawn = read(pictures.sheet(image, spread, title="Red"))[48, 48, :3].astype(float)
    np.testing.assert_allclose(drawn, np.array([180, 90, 30]) / 200 * 255, atol=4)


def test_what_is_padding_is_not_shown() -> None:
    images = np.full((2, 1, 40, 40), 200, np.uint8)
    images[0, :, 20:] = 0
    extent = np.array([[20, 40], [40, 40]])
    drawn = read(pictures.sheet(images, FLAT, title="Two", extent=extent))
    seen = drawn[..., 3] > 0
    assert seen[:, :96].mean() == pytest.approx(0.5, abs=0.02)
    assert (drawn[seen][:, 0] == 255).all()


def test_the_plane_with_the_most_mask_is_shown() -> None:
    volume = np.zeros((1, 1, 6, 20, 20), np.float32)
    volume[0, 0, 4] = 200
    mask = np.zeros((1, 6, 20, 20), np.uint8)
    mask[0, 4, 5:9, 5:9] = 2
    mask[0, 1, 5, 5] = 1
    with_mask = read(pictures.sheet(volume, FLAT, title="", masks=mask))
    without = read(pictures.sheet(volume, FLAT, title=""))
    assert (with_mask[..., 0] == 255).all()
    assert (without[..., 0] == 0).all()
    assert most_marked(np.zeros((7, 3, 3))) == 3


def test_three_planes_stand_with_the_head_up() -> None:
    volume = np.zeros((1, 10, 20, 30), np.float32)
    volume[:, 9] = 200  # the slice nearest the head
    drawn = read(pictures.planes(volume, FLAT, title="Planes", spacing=(3.0, 1.0, 1.0)))
    coronal = drawn[:, 148:292]
    rows = np.flatnonzero((coronal[..., 3] > 0).any(axis=1))
    assert len(rows) == 144  # 10 slices of 3 mm are as long as 30 columns of 1 mm
    assert coronal[rows[2], 70, 0] == 255
    assert coronal[rows[-2], 70, 0] == 0
    with pytest.raises(DataError):
        pictures.planes(volume[:, 0], FLAT, title="")


def overlap(shift: int) -> tuple[np.ndarray, np.ndarray]:
    truth = np.zeros((60, 60), np.uint8)
    truth[20:40, 20:40] = 1
    return truth, np.roll(truth, shift, axis=1)


def coloured(drawn: np.ndarray, colour: tuple[int, int, int]) -> int:
    away = np.abs(drawn[..., :3].astype(int) - colour).sum(axis=-1)
    return int((away < 90).sum())


def test_best_and_worst_are_sorted_and_outlined() -> None:
    pairs = [overlap(shift) for shift in (0, 10, 3, 6)]
    truth, found = (np.stack(side) for side in zip(*pairs, strict=True))
    images = np.full((4, 1, 60, 60), 100, np.uint8)
    scores = np.array([1.0, 0.5, np.nan, 0.7])
    worst, best = pictures.best_and_worst(images, truth, found, scores, FLAT, count=2)
    assert worst.title == "The 2 worst of 3: Dice 0.50 to 0.70"
    assert best.title == "The 2 best of 3: Dice 0.70 to 1.00"
    assert "Dice 0.50, 0.70" in worst.note
    assert "Dice 1.00, 0.70" in best.note
    drawn = read(worst)
    solid, dashes = coloured(drawn, pictures.TRUTH), coloured(drawn, pictures.FOUND)
    assert solid > 200
    assert 0.3 * solid < dashes < 0.95 * solid  # of the same length, with gaps


def test_an_outline_lies_on_the_edge_of_its_mask() -> None:
    truth, _ = overlap(0)
    images = np.full((1, 1, 60, 60), 20, np.uint8)
    empty = np.zeros_like(truth)
    worst = pictures.best_and_worst(
        images, truth[None], empty[None], np.array([0.0]), FLAT, count=1
    )[0]
    drawn = read(worst)[..., :3].astype(int)
    lines = np.argwhere(np.abs(drawn - pictures.TRUTH).sum(axis=-1) < 60)
    low, high = lines.min(axis=0), lines.max(axis=0)
    # 20 pixels of the mask within its surroundings of 20 (1 + 2 * 0.35) + 6 pixels
    factor = 144 / 40
    np.testing.assert_allclose(high - low, 20 * factor, atol=3)


def test_empty_masks_are_drawn_without_lines() -> None:
    images = textured(2, (30, 30))
    empty = np.zeros((2, 30, 30), np.uint8)
    for picture in pictures.best_and_worst(images, empty, empty, np.array([1.0, 1.0]), FLAT):
        drawn = read(picture)[..., :3]
        assert (drawn == drawn[..., :1]).all()


def test_nothing_that_could_be_scored_gives_nothing() -> None:
    images, empty = textured(2, (30, 30)), np.zeros((2, 30, 30), np.uint8)
    assert pictures.best_and_worst(images, empty, empty, np.full(2, np.nan), FLAT) == []


def test_right_and_wrong_say_what_was_given() -> None:
    images = textured(5, (20, 20))
    given = np.array([0.9, 0.02, 0.6, 0.0004, np.nan])
    wrong, right = pictures.right_and_wrong(images, given, list("abcde"), FLAT, count=2)
    assert wrong.title == "The 2 most wrong of 4 images"
    assert wrong.note.endswith("d 0.04 %; b 2 %.")
    assert right.note.endswith("a 90 %; c 60 %.")


def test_a_map_is_yellow_where_it_is_strongest_and_nothing_where_it_is_0() -> None:
    images = np.full((3, 1, 48, 48), 100, np.uint8)
    maps = np.zeros((3, 48, 48))
    maps[0, 10:16, 10:16] = 5.0
    maps[1, 10:16, 10:16] = 0.01  # each by its own scale
    maps[2] = -1.0
    drawn = read(pictures.overlays(images, maps, FLAT, title="Maps"))[148:].astype(int)
    for at in (0, 1):
        place = drawn[12 * 3 + 1, at * 148 + 12 * 3 + 1]
        assert place[0] > 180
        assert place[2] < 120
    plain = drawn[100, 100, :3]
    assert np.ptp(plain) <= 8
    assert np.ptp(drawn[:, 300:, :3].reshape(-1, 3).mean(axis=0)) <= 8


def test_steps_of_the_palette_look_alike_to_all() -> None:
    colours = pictures.palette(np.linspace(0, 1, 20)).astype(float)
    luminance = (colours / 255) ** 2.2 @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()
    steps = np.diff(np.cbrt(luminance))
    assert steps.max() < 1.3 * steps.min()
    assert colours[0, 2] > colours[0, 0] + 40  # blue
    assert colours[-1, 0] > colours[-1, 2] + 60  # yellow


def test_a_large_sheet_stays_small() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (16, 1, 512, 512)).astype(np.uint8)
    assert len(pictures.sheet(images, spread_of(images), title="X").png) < 120_000


@pytest.mark.parametrize("shape", [(0, 1, 5, 5), (5, 5), (2, 5, 5)])
def test_what_is_no_image_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="pictures"):
        pictures.sheet(np.zeros(shape, np.uint8), FLAT, title="")


def test_masks_must_fit() -> None:
    with pytest.raises(DataError, match=re.escape("[2, 5, 5]")):
        pictures.overlays(np.zeros((2, 1, 5, 5)), np.zeros((2, 5, 6)), FLAT, title="")
