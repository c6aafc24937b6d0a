"""Chains against independent implementations, and the laws that hold for each."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.modalities.images.augment import (
    Affine,
    BiasField,
    Blur,
    Brightness,
    Chain,
    Contrast,
    Crop,
    Cutout,
    Elastic,
    Flip,
    Gamma,
    GaussianNoise,
    RicianNoise,
    Sample,
)
from bedside.modalities.images.augment.chain import OPS
from bedside.modalities.images.augment.frame import start
from bedside.modalities.images.augment.plan import framed
from bedside.modalities.images.augment.shrink import factors

ALL_AXES = ("slice", "row", "column")
SPATIAL = (
    Affine(rotation=(-30, 30), shear=(-8, 8), translation=(-0.1, 0.1)),
    Flip(axes=("row", "column")),
    Elastic(p=1.0),
    Crop(share=(0.5, 0.9)),
)
TONES = (
    Gamma(p=1.0),
    Brightness(p=1.0, shift=(-0.1, 0.1)),
    Contrast(p=1.0),
    GaussianNoise(p=1.0),
    RicianNoise(p=1.0),
    BiasField(p=1.0),
    Cutout(p=1.0),
)


def picture(shape: tuple[int, ...], dtype: type = np.float32, seed: int = 0) -> np.ndarray:
    """A smooth image [C, ...] with all of its type's small numbers."""
    rng = np.random.default_rng(seed)
    axes = np.meshgrid(*(np.linspace(0, 3, n) for n in shape[1:]), indexing="ij")
    wave = sum(np.sin((i + 1.3) * axis + i) for i, axis in enumerate(axes))
    values = 100 + 40 * wave[None] + rng.normal(0, 5, shape)
    return np.ascontiguousarray(values.clip(0, 255)).astype(dtype)


def sampled(image: np.ndarray, frame, mode: str) -> tuple[np.ndarray, np.ndarray]:
    """By torch.grid_sample in float64: values, and the distance outside the source in elements."""
    volume = image if image.ndim == 4 else image[:, None]
    index = np.stack(np.meshgrid(*(np.arange(n) for n in frame.shape), indexing="ij"), -1)
    flat = index.reshape(-1, 3).astype(np.float64)
    from bedside.modalities.images.augment.places import displaced

    flat = (flat + displaced(frame, flat)) @ frame.matrix[:3, :3].T + frame.matrix[:3, 3]
    size = np.asarray(volume.shape[1:])
    unit = np.where(size > 1, 2 * (flat + 0.5) / size - 1, 0)
    grid = torch.from_numpy(unit[:, ::-1].copy()).reshape(1, *frame.shape, 3)
    source = torch.from_numpy(volume.astype(np.float64))[None]
    out = torch.nn.functional.grid_sample(
        source, grid, mode=mode, padding_mode="border", align_corners=False
    )
    nearest = np.clip(flat, 0, size - 1)
    far = np.abs(flat - nearest).max(axis=1).reshape(frame.shape)
    return out[0].numpy().reshape(len(image), *frame.shape), far


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize(("source", "goal"), [((37, 53), (31, 40)), ((20, 33, 28), (17, 24, 30))])
def test_the_map_agrees_with_grid_sample(dtype, source, goal) -> None:
    chain = Chain(ops=SPATIAL, shape=goal, fill=-7.0)
    image = picture((2, *source), dtype)
    labels = (image[0] > 100).astype(np.uint8) + (image[1] > 130).astype(np.uint8)
    for number in range(8):
        params = chain.draw(seed=1, epoch=0, sample=number)
        made = chain.apply(Sample(image=image, labels=labels), params)
        full = (1,) * (3 - len(source)) + source
        begin = start(
            full, (1,) * (3 - len(goal)) + goal, spacing=(), axes=ALL_AXES[3 - len(goal) :]
        )
        frame = framed(OPS, params, begin)
        expected, far = sampled(image, frame, "bilinear")
        expected = np.where(far <= 0.5, expected, -7.0).reshape(made.image.shape)
        clear = (np.abs(far - 0.5) > 0.01).reshape(goal)
        assert np.abs(made.image - expected)[:, clear].max() < 0.02
        near, far = sampled(labels[None], frame, "nearest")
        near = np.where(far <= 0.5, near, 0).reshape(goal)
        assert (made.labels != near)[clear].mean() < 0.004
        assert set(np.unique(made.labels)) <= set(np.unique(labels)) | {0}


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("source", [(61, 47), (23, 40, 30), (1, 90), (90, 1)])
def test_a_batch_is_its_samples_one_by_one(dtype, source) -> None:
    """Whatever each needs: averaged or not, bent or not, filtered or not."""
    affine = Affine(rotation=(-30, 30), scale=(0.05, 1.2))
    ops = (affine, Elastic(p=0.5), *TONES, Blur(p=0.3), Contrast())
    chain = Chain(ops=ops, shape=(20, 16, 18)[-len(source) :])
    images = np.stack([picture((2, *source), dtype, seed) for seed in range(12)])
    labels = (images[:, 0] > 100).astype(np.uint8)
    made, copied = chain.batch(images, keys=range(12), seed=4, epoch=2, labels=labels)
    bare, none = chain.batch(images, keys=range(12), seed=4, epoch=2, threads=5)
    np.testing.assert_array_equal(made, bare)
    assert none is None
    assert copied is not None
    blocks = set()
    for at in range(12):
        params = chain.draw(seed=4, epoch=2, sample=at)
        alone = chain.apply(Sample(image=images[at], labels=labels[at]), params)
        np.testing.assert_array_equal(made[at], alone.image)
        np.testing.assert_array_equal(copied[at], alone.labels)
        begin = start((1,) * (3 - len(source)) + source, (1,) * 3, spacing=(), axes=ALL_AXES)
        frame = framed(OPS, params[:1], begin)
        blocks.add(tuple(factors(np.array([frame.rows]))[0].tolist()))
    assert len(blocks) > 1
