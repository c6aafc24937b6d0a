from __future__ import annotations

import numpy as np

from bedside.methods.image_embedding import image_embedding


def textures(count: int, seed: int) -> np.ndarray:
    """Smooth random pictures [count, 1, 24, 24]."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(size=(count, 1, 7, 7))
    values = np.kron(coarse, np.ones((4, 4)))[..., 2:26, 2:26]
    return (128 + 30 * values + rng.normal(0, 3, values.shape)).clip(0, 255).astype(np.uint8)


def nearest(embedded: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    apart = np.linalg.norm(embedded[:, None] - reference[None], axis=2)
    return apart.min(axis=1), apart.argmin(axis=1)


def test_a_changed_copy_is_nearer_than_any_other_image() -> None:
    reference, other = textures(80, 0), textures(80, 1)
    embedding = image_embedding(reference)
    base = embedding.of(reference)
    floor, _ = nearest(embedding.of(other), base)
    noise = np.random.default_rng(2).normal(0, 4, reference.shape)
    changed = (reference * 0.9 + 12 + noise).clip(0, 255).astype(np.uint8)
    apart, which = nearest(embedding.of(changed), base)
    assert (which == np.arange(80)).all()
    assert np.quantile(apart, 0.9) < floor.min()


def test_both_halves_weigh_the_same() -> None:
    embedding = image_embedding(textures(200, 0))
    values = embedding.of(textures(200, 3))
    split = len(embedding.mean)
    looks, small = (np.square(part).sum(axis=1).mean() for part in np.split(values, [split], 1))
    assert 0.6 < looks / small < 1.6


def test_constant_images_and_none_at_all() -> None:
    flat = np.full((5, 1, 9, 9), 3, np.uint8)
    embedding = image_embedding(textures(20, 0)[:, :, :9, :9])
    assert np.isfinite(embedding.of(flat)).all()
    assert embedding.of(flat[:0]).shape == (0, embedding.of(flat).shape[1])
