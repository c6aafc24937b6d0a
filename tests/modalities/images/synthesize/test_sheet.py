from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image
from tests.modalities.images.made_sources import schema_of
from tests.modalities.images.synthesize.made_cases import with_classes, with_masks

from bedside.methods.cases import Cases
from bedside.modalities.images.pictures_tiles import GAP
from bedside.modalities.images.synthesize.sheet import COLUMNS, SIZE, sheet


def pixels(real: Cases, made: Cases, *, task: str = "binary") -> tuple[np.ndarray, dict[str, str]]:
    png, words = sheet(schema_of((1, 12, 12), "uint8", task=task), real, made, seed=0)
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"), float), words


def test_a_pair_of_rows_for_each_class_real_above_made_up() -> None:
    real = with_classes(60)
    made = Cases(
        arrays={"image": real.arrays["image"] // 2}, subjects=real.subjects, target=real.target,
        duration=real.duration, event=real.event,
    )  # fmt: skip
    drawn, words = pixels(real, made)
    assert drawn.shape == (4 * (SIZE + GAP) - GAP, COLUMNS * (SIZE + GAP) - GAP, 3)
    bright = [drawn[row * (SIZE + GAP) :][:SIZE].mean() for row in range(4)]
    assert bright[0] > bright[1]
    assert bright[2] > bright[3]
    assert bright[2] > bright[0]
    assert "no; yes" in words["note"]
    assert set(words) == {"title", "alt", "note"}


def test_a_class_with_too_few_pictures_is_left_out() -> None:
    drawn, words = pixels(with_classes(60), with_classes(30, shares=(0.8, 0.2)))
    assert len(drawn) == 2 * (SIZE + GAP) - GAP
    assert "1 pairs" in words["alt"]


def test_masks_are_outlined() -> None:
    drawn, words = pixels(with_masks(), with_masks(12), task="segmentation")
    assert len(drawn) == 2 * (SIZE + GAP) - GAP
    assert (drawn[..., 0] != drawn[..., 2]).any()
    assert "Outlined" in words["note"]
