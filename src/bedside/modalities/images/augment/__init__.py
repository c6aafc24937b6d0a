"""Augmentation of images, 2D and 3D: fused, repeatable, labels exact. See docs/augment.md.

>>> import numpy as np
>>> chain = Chain(ops=(Affine(), Flip(axes=("column",)), GaussianNoise()), shape=(64, 64))
>>> params = chain.draw(seed=0, epoch=3, sample=17)   # plain JSON
>>> chain.apply(Sample(image=np.zeros((1, 80, 80), np.uint8)), params).image.shape
(1, 64, 64)
"""

from __future__ import annotations

from bedside.modalities.images.augment.chain import OPS, Chain
from bedside.modalities.images.augment.op import Op, Params, scaled
from bedside.modalities.images.augment.sample import Sample
from bedside.modalities.images.augment.spatial import Affine, Crop, Elastic, Flip, Resize
from bedside.modalities.images.augment.tone import (
    BiasField,
    Brightness,
    Contrast,
    Cutout,
    Gamma,
    GaussianNoise,
    RicianNoise,
)

__all__ = [
    "OPS", "Affine", "BiasField", "Brightness", "Chain", "Contrast", "Crop", "Cutout", "Elastic",
    "Flip", "Gamma", "GaussianNoise", "Op", "Params", "Resize", "RicianNoise", "Sample",
    "scaled",
]  # fmt: skip
