"""What is drawn on an image has the image's axes, or is refused in words."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import DataError
from bedside.modalities.images.augment.sample import Sample, check_places


@pytest.mark.parametrize("axes", [2, 3])
def test_points_and_boxes_of_the_image_s_axes(axes: int) -> None:
    image = np.zeros((1, *(8,) * axes), np.uint8)
    check_places(Sample(image=image), axes)
    points, boxes = np.zeros((5, axes)), np.zeros((0, 2 * axes))
    check_places(Sample(image=image, points=points, boxes=boxes), axes)


@pytest.mark.parametrize("shape", [(1, 2, 2), (4,), (1, 3), (1, 6)])
def test_boxes_and_points_of_other_axes_are_refused(shape: tuple[int, ...]) -> None:
    image = np.zeros((1, 8, 8), np.uint8)
    with pytest.raises(DataError, match=r"boxes \[N, 4\]"):
        check_places(Sample(image=image, boxes=np.zeros(shape)), 2)
    with pytest.raises(DataError, match=r"points \[N, 2\]"):
        check_places(Sample(image=image, points=np.zeros(shape)), 2)
