"""Text drawn by Pillow over simulated anatomy: found, covered, and none found where none is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from bedside.methods.burned_in import cover_text, covering, filled, text_boxes

NAMES = ("HOLDEN JAMES", "Nagata, Naomi", "DOB 12/03/1961", "ID 20394857", "M 072Y")


def anatomy(seed: int, size: int = 256, top: int = 255) -> NDArray[np.unsignedinteger]:
    """Smooth ellipses with texture and noise, as bright as `top`."""
    rng = np.random.Generator(np.random.Philox(seed))
    y, x = np.mgrid[:size, :size] / size - 0.5
    image = np.zeros((size, size))
    for _ in range(12):
        (b, a), (j, i), turn = rng.uniform(0.03, 0.3, 2), rng.uniform(-0.25, 0.25, 2), rng.random()
        u = (x - i) * np.cos(turn) + (y - j) * np.sin(turn)
        v = (y - j) * np.cos(turn) - (x - i) * np.sin(turn)
        image += rng.uniform(-0.3, 0.6) * ((u / a) ** 2 + (v / b) ** 2 < 1)
    image = ndimage.gaussian_filter(image, 1.0)
    image = (image - image.min()) / np.ptp(image)
    image = np.hypot(image + rng.normal(0, 0.02, image.shape), rng.normal(0, 0.02, image.shape))
    kind = np.uint8 if top < 256 else np.uint16
    return (image / image.max() * top).astype(kind)


def drawn(
    image: NDArray[np.unsignedinteger], text: str, place: tuple[int, int], size: int, ink: int
) -> tuple[NDArray[np.unsignedinteger], NDArray[np.bool_]]:
    """The image with a text, and where the text's ink is."""
    mask = Image.new("L", image.shape[::-1])
    ImageDraw.Draw(mask).text(place, text, font=ImageFont.load_default(size), fill=255)
    share = np.asarray(mask) / 255.0
    return np.rint(image * (1 - share) + ink * share).astype(image.dtype), share > 0.3


def _missed(image: NDArray[np.unsignedinteger], ink: NDArray[np.bool_]) -> float:
    return 1 - float(covering(image.shape, text_boxes(image))[ink].mean())


@pytest.mark.parametrize("top", [255, 2000])
@pytest.mark.parametrize("size", [10, 14, 20, 30])
def test_white_text_is_found_wherever_it_is(top: int, size: int) -> None:
    missed = []
    for number, text in enumerate(NAMES):
        place = ((3, 3), (20, 120), (8, 250 - size), (30, 60), (12, 180))[number]
        image, ink = drawn(anatomy(number, top=top), text, place, size, top)
        missed.append(_missed(image, ink) > 0.05)
    assert sum(missed) == 0


@pytest.mark.slow
def test_recall_over_sizes_places_and_contrasts() -> None:
    missed = []
    rng = np.random.Generator(np.random.Philox(11))
    for number in range(24):
        clean = anatomy(100 + number, top=(255, 2000)[number % 2])
        size, text = (10, 12, 16, 24)[number % 4], NAMES[number % 5]
        low, high = np.percentile(clean, (0.5, 99.5))
        place = int(rng.integers(2, 60)), int(rng.integers(2, 220))
        behind = np.median(clean[place[1] : place[1] + size, place[0] : place[0] + 80])
        ink = int(min(behind + (0.35, 0.5, 0.8)[number % 3] * (high - low), clean.max() * 1.3))
        image, where = drawn(clean, text, place, size, min(ink, np.iinfo(clean.dtype).max))
        missed.append(_missed(image, where) > 0.05)
    assert np.mean(missed) <= 0.05


def test_dark_text_on_light_and_coloured_text_are_found() -> None:
    light = (255 - anatomy(3) // 4).astype(np.uint8)
    image, ink = drawn(light, "HOLDEN JAMES", (20, 30), 18, 0)
    assert _missed(image, ink) <= 0.05
    grey = anatomy(4)
    yellow, ink = drawn(grey, "HOLDEN JAMES", (20, 30), 18, 255)
    colour = np.stack([yellow, yellow, grey], axis=2)
    covered = cover_text(colour)
    assert covering(grey.shape, covered.boxes)[ink].mean() >= 0.95
    assert covered.values.shape == colour.shape
    assert covered.values.dtype == np.uint8


def test_pictures_without_text_stay_as_they_are() -> None:
    area = [covering((256, 256), text_boxes(anatomy(seed))).mean() for seed in range(12)]
    assert np.mean(area) < 0.005
    assert sum(share > 0 for share in area) <= 2


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((64, 64), np.uint8), np.full((9, 300), 7, np.int16), np.zeros((1, 1), np.uint16),
        np.eye(40, dtype=np.float32), np.full((30, 30), np.nan, np.float32),
        np.random.default_rng(0).integers(0, 4096, (128, 128)).astype(np.int16),
        np.indices((64, 64)).sum(axis=0).astype(np.uint16) % 2 * 100,
    ],
    ids=["black", "flat", "one", "line", "nan", "noise", "chequers"],
)  # fmt: skip
def test_frames_with_nothing_in_them(frame: NDArray[np.generic]) -> None:
    assert text_boxes(frame) == []


def test_what_is_covered_is_gone_and_the_rest_untouched() -> None:
    clean = anatomy(6, top=2000)
    image, ink = drawn(clean, "HOLDEN JAMES 1961", (20, 100), 16, 2600)
    covered = cover_text(image)
    mask = covering(image.shape, covered.boxes)
    assert covered.left == ()
    np.testing.assert_array_equal(covered.values[~mask], image[~mask])
    assert (covered.values[ink] != 2600).all()
    assert covered.values.max() <= clean.max()


def test_a_box_is_filled_with_a_value_from_around_it() -> None:
    frame = np.arange(100, dtype=np.uint8).reshape(10, 10)
    new = filled(frame, [(4, 4, 6, 6)], ring=1)
    assert len(np.unique(new[4:6, 4:6])) == 1
    assert new[4, 4] in frame[3:7, 3:7]
    assert filled(frame, [(0, 0, 10, 10)])[0, 0] == 50
