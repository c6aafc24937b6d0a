"""Image features in ONNX Runtime are those of torch, for any number of images and strange ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.features_export import export_features
from bedside.methods.image_features import fitted_features


def compare(shape: tuple[int, ...], kind: type) -> None:
    rng = np.random.default_rng(2)
    images = rng.normal(100, 30, (12, *shape)).clip(0, 255).astype(kind)
    features = fitted_features(images)
    graph = Graph(export_features(features, shape, dtype=kind))
    low, high = (-3e38, 3e38) if kind is np.float32 else (np.iinfo(kind).min, np.iinfo(kind).max)
    ends = [np.full(shape, v) for v in (0, 7, low, high)]
    ends.append(np.where(rng.random(shape) < 0.5, low, high))
    for asked in (images, images[:1], np.stack(ends).astype(kind)):
        found = graph.run({"image": asked})["numeric"]
        with torch.no_grad():
            expected = features(torch.from_numpy(asked)).numpy()
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-5)
    assert graph.run({"image": images[:0]})["numeric"].shape == (0, len(features.names))


def test_a_picture() -> None:
    compare((1, 40, 44), np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "kind"), [
    ((3, 24, 31), np.uint8), ((1, 10, 16, 20), np.int16), ((1, 4, 20, 12), np.float32),
])  # fmt: skip
def test_colour_and_volumes(shape: tuple[int, ...], kind: type) -> None:
    compare(shape, kind)
