"""The chain in torch against the kernel: the same parameters, the same images, the same labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.modalities.images.augment.test_chain import picture

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
)
from bedside.modalities.images.augment.torch_chain import augmented

OPS = (
    Affine(rotation=(-30, 30), scale=(0.4, 1.2), translation=(-0.1, 0.1)),
    Elastic(p=0.6),
    Flip(axes=("row", "left-right"), swaps=((1, 2),)),
    Crop(share=(0.6, 1.0)),
    Gamma(p=0.6),
    Brightness(p=0.6, shift=(-0.1, 0.1)),
    Blur(p=0.4),
    Contrast(p=0.6),
    BiasField(p=0.6),
    GaussianNoise(p=0.6),
    RicianNoise(p=0.3),
    Cutout(p=0.5),
)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize(("source", "goal"), [((60, 47), (24, 40)), ((13, 40, 30), (12, 17, 28))])
def test_torch_and_the_kernel_agree(dtype, source, goal) -> None:
    images = np.stack([picture((2, *source), dtype, seed) for seed in range(8)])
    labels = (images[:, 0] > 90).astype(np.uint8) + (images[:, 1] > 130).astype(np.uint8)
    axes = ("slice", "row", "left-right")[3 - len(goal) :]
    chain = Chain(ops=OPS, shape=goal, axes=axes)
    expected, copied = chain.batch(images, keys=range(8), seed=3, epoch=1, labels=labels)
    made, mask = augmented(
        chain, torch.from_numpy(images), keys=range(8), seed=3, epoch=1,
        labels=torch.from_numpy(labels),
    )  # fmt: skip
    assert mask is not None
    assert made.shape == expected.shape
    far = np.abs(made.numpy() - expected)
    assert np.quantile(far, 0.999) < 0.02
    assert far.mean() < 0.01
    assert (mask.numpy() != copied).mean() < 0.002


def test_noise_is_the_same_to_the_last_bits() -> None:
    images = np.full((2, 1, 40, 50), 7.0, np.float32)
    chain = Chain(ops=(GaussianNoise(p=1),), shape=(40, 50), window=(0.0, 100.0))
    expected, _ = chain.batch(images, keys=[4, 5], seed=0, epoch=0)
    made, _ = augmented(chain, torch.from_numpy(images), keys=[4, 5], seed=0, epoch=0)
    np.testing.assert_allclose(made.numpy(), expected, atol=1e-5)
