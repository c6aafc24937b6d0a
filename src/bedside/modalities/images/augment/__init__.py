"""Augmentation of images, 2D and 3D: fused, repeatable, labels exact. See docs/augment.md.

>>> import numpy as np
>>> chain = Chain(ops=(Affine(), Flip(axes=("column",)), GaussianNoise()), shape=(64, 64))
>>> params = chain.draw(seed=0, epoch=3, sample=17)   # plain JSON
>>> chain.apply(Sample(image=np.zeros((1, 80, 80), np.uint8)), params).image.shape
(1, 64, 64)
"""

from __future__ import annotations

from bedside.modalities.images.augment.chain import OPS, Chain
from bedside.modalities.images.augment.filters import (
    Blur,
    Ghosting,
    LowResolution,
    Motion,
    Sharpen,
    Spikes,
)
from bedside.modalities.images.augment.mixing import CutMix, Mixed, Mixup, mix, mixed_targets
from bedside.modalities.images.augment.op import Op, Params, scaled
from bedside.modalities.images.augment.policies import Rand, Trivial, explicit, ops_of
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
    "OPS", "Affine", "BiasField", "Blur", "Brightness", "Chain", "Contrast", "Crop", "CutMix",
    "Cutout", "Elastic", "Flip", "Gamma", "GaussianNoise", "Ghosting", "LowResolution", "Mixed",
    "Mixup", "Motion", "Op", "Params", "Rand", "Resize", "RicianNoise", "Sample", "Sharpen",
    "Spikes", "Trivial", "explicit", "mix", "mixed_targets", "ops_of", "scaled",
]  # fmt: skip
