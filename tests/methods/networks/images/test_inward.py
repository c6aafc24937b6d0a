from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.methods.networks.images.inward import (
    LOOKED_AT,
    Normalise,
    image_facts,
    mirrored,
    turned,
)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("shape", [(9, 3, 8, 7), (5, 1, 4, 6, 5)])
def test_training_images_come_out_at_mean_0_and_deviation_1(dtype: type, shape: tuple) -> None:
    images = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    images[:, 0] //= 2
    normal = Normalise(image_facts(images))(torch.from_numpy(images))
    axes = (0, *range(2, images.ndim))
    assert normal.dtype == torch.float32
    np.testing.assert_allclose(normal.numpy().mean(axis=axes), 0, atol=1e-5)
    np.testing.assert_allclose(normal.numpy().std(axis=axes), 1, atol=1e-5)


def test_each_image_by_itself_knows_no_unit() -> None:
    images = np.random.default_rng(0).normal(100, 20, (4, 1, 6, 5, 7)).astype(np.float32)
    normalise = Normalise(image_facts(images, each=True))
    normal = normalise(torch.from_numpy(images))
    torch.testing.assert_close(
        normalise(torch.from_numpy(images * 7 - 300)), normal, atol=1e-4, rtol=0
    )
    np.testing.assert_allclose(normal.numpy().std(axis=(1, 2, 3, 4)), 1, atol=1e-5)
    torch.testing.assert_close(normalise(torch.from_numpy(images[1:2])), normal[1:2])


def test_images_without_contrast_stay_finite() -> None:
    flat = np.full((3, 1, 8, 8), 7, np.uint8)
    for each in (False, True):
        normal = Normalise(image_facts(flat, each=each))(torch.from_numpy(flat))
        assert bool((normal == 0).all())


def test_facts_of_many_images_are_of_evenly_spaced_ones() -> None:
    images = np.zeros((2 * LOOKED_AT, 1, 2, 2), np.uint8)
    images[1::2] = 9
    assert image_facts(images).mean == (0.0,)


def test_views_are_all_mirror_images() -> None:
    image = torch.arange(24.0).reshape(1, 1, 2, 3, 4)
    views = [turned(image, axes) for axes in mirrored((0, 2))]
    assert len({tuple(view.flatten().tolist()) for view in views}) == len(views) == 4
    assert torch.equal(views[1], image.flip(2))
    assert torch.equal(turned(views[3], (0, 2)), image)


@pytest.mark.parametrize(("shape", "mirror"), [((4, 8, 8), ()), ((0, 1, 8, 8), ())])
def test_what_is_no_stack_of_images_is_refused(shape: tuple, mirror: tuple) -> None:
    with pytest.raises(ValueError, match="training images"):
        image_facts(np.zeros(shape), mirror=mirror)


def test_an_axis_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="mirror"):
        image_facts(np.zeros((2, 1, 4, 4)), mirror=(2,))
