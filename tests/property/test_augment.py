"""Laws of augmentation, on images of any size and kind."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bedside.core.errors import DataError
from bedside.modalities.images.augment import (
    Affine,
    Brightness,
    Chain,
    Contrast,
    Crop,
    Elastic,
    Flip,
    Gamma,
    GaussianNoise,
    Sample,
)

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=14)
KINDS = st.sampled_from([np.uint8, np.int16, np.float32])
FULL = (
    Affine(rotation=(-40, 40), shear=(-10, 10), translation=(-0.2, 0.2)),
    Flip(axes=("row", "column")),
    Elastic(p=0.5),
    Crop(p=0.5),
    Gamma(p=0.7),
    Brightness(p=0.7),
    Contrast(p=0.7),
    GaussianNoise(p=0.7),
)
few = settings(max_examples=40, deadline=None)


def image(shape: tuple[int, ...], kind: type, seed: int) -> np.ndarray:
    """Any image [2, *shape]."""
    return np.random.default_rng(seed).integers(0, 200, (2, *shape)).astype(kind)


@few
@given(shape=SHAPES, kind=KINDS, seed=st.integers(0, 99))
def test_an_empty_chain_is_the_identity(shape: tuple[int, ...], kind: type, seed: int) -> None:
    values = image(shape, kind, seed)
    labels = (values[0] % 4).astype(np.uint8)
    made = Chain(ops=(), shape=shape).apply(Sample(image=values, labels=labels), [])
    np.testing.assert_array_equal(made.image, values.astype(np.float32))
    np.testing.assert_array_equal(made.labels, labels)


@few
@given(shape=SHAPES, kind=KINDS, seed=st.integers(0, 99))
def test_a_flip_is_exact_and_twice_is_none(shape: tuple[int, ...], kind: type, seed: int) -> None:
    values, chain = image(shape, kind, seed), Chain(ops=(), shape=shape)
    labels = (values[0] % 4).astype(np.uint8)
    flip = {"op": "flip", "axes": ["row", "column"], "swaps": []}
    once = chain.apply(Sample(image=values, labels=labels), [flip])
    np.testing.assert_array_equal(once.image, values[..., ::-1, ::-1].astype(np.float32))
    np.testing.assert_array_equal(once.labels, labels[..., ::-1, ::-1])
    twice = chain.apply(Sample(image=values, labels=labels), [flip, flip])
    np.testing.assert_array_equal(twice.image, values.astype(np.float32))


@few
@given(shape=SHAPES, kind=KINDS, seed=st.integers(0, 99), goal=st.integers(1, 14))
def test_any_chain_on_any_image(shape: tuple[int, ...], kind: type, seed: int, goal: int) -> None:
    """Of the right size, without new labels or values that are not numbers; input untouched."""
    values = image(shape, kind, seed)
    labels = (values[0] % 3).astype(np.uint8)
    before, before_labels = values.copy(), labels.copy()
    chain = Chain(ops=FULL, shape=(goal,) * len(shape))
    params = chain.draw(seed=seed, epoch=0, sample=seed)
    made = chain.apply(Sample(image=values, labels=labels), params)
    assert made.image.shape == (2, *chain.shape)
    assert made.image.dtype == np.float32
    assert np.isfinite(made.image).all()
    assert set(np.unique(made.labels)) <= {0, *np.unique(labels)}
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(labels, before_labels)
    again = chain.apply(Sample(image=values, labels=labels), json.loads(json.dumps(params)))
    np.testing.assert_array_equal(made.image, again.image)


@few
@given(seed=st.integers(0, 10_000), axes=st.integers(2, 3), bent=st.booleans())
def test_points_go_where_the_image_goes(seed: int, axes: int, bent: bool) -> None:
    """A blob is moved; its centre of mass in the image is where the point was moved to."""
    size, rng = (40,) * axes, np.random.default_rng(seed)
    ops = (Affine(rotation=(-25, 25)), Flip(axes=("column",)), *([Elastic(p=1)] if bent else []))
    point = rng.uniform(16, 23, (1, axes))
    places = np.stack(np.meshgrid(*(np.arange(40.0),) * axes, indexing="ij"), -1)
    blob = np.exp(-((places - point[0]) ** 2).sum(-1) / 8)[None].astype(np.float32)
    chain = Chain(ops=ops, shape=size, window=(0.0, 1.0))
    made = chain.apply(Sample(image=blob, points=point), chain.draw(seed=seed, epoch=0, sample=0))
    weight = made.image[0].astype(np.float64)
    centre = (weight[..., None] * places).reshape(-1, axes).sum(0) / weight.sum()
    assert made.points is not None
    assert np.abs(made.points[0] - centre).max() < (0.8 if bent else 0.05)


@few
@given(seed=st.integers(0, 10_000), axes=st.integers(2, 3))
def test_points_return_to_where_they_came_from(seed: int, axes: int) -> None:
    """The map of the image, at the moved points, is where the points were: to 1e-3 elements."""
    from bedside.modalities.images.augment import OPS
    from bedside.modalities.images.augment.frame import start
    from bedside.modalities.images.augment.places import displaced, to_output
    from bedside.modalities.images.augment.plan import framed

    shape = (1,) * (3 - axes) + (30, 40, 25)[:axes]
    ops = (Affine(rotation=(-40, 40)), Elastic(p=1, amount=(0.3, 0.4)), Flip(axes=("row",)))
    chain = Chain(ops=ops, shape=shape[3 - axes :])
    begin = start(shape, shape, spacing=(), axes=chain.names)  # type: ignore[arg-type]
    frame = framed(OPS, chain.draw(seed=seed, epoch=0, sample=1), begin)
    there = np.random.default_rng(seed).uniform(0, 1, (50, 3)) * (np.array(shape) - 1)
    moved = to_output(frame, there)
    back = (moved + displaced(frame, moved)) @ frame.matrix[:3, :3].T + frame.matrix[:3, 3]
    assert np.abs(back - there).max() < 1e-3


@few
@given(seed=st.integers(0, 10_000), axes=st.integers(2, 3))
def test_boxes_hold_what_they_held(seed: int, axes: int) -> None:
    size, rng = (32,) * axes, np.random.default_rng(seed)
    low = rng.integers(8, 14, axes)
    high = low + rng.integers(3, 9, axes)
    labels = np.zeros(size, np.uint8)
    labels[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] = 1
    boxes = np.concatenate([low - 0.5, high + 0.5])[None].astype(np.float64)
    chain = Chain(
        ops=(Affine(rotation=(-30, 30)), Elastic(p=1), Crop(share=(0.7, 0.9))), shape=size
    )
    params = chain.draw(seed=seed, epoch=0, sample=0)
    made = chain.apply(Sample(image=labels[None], labels=labels, boxes=boxes), params)
    found = np.argwhere(made.labels == 1)
    assert made.boxes is not None
    if not len(made.boxes):
        assert len(found) == 0
        return
    assert (found >= made.boxes[0, :axes] - 0.51).all()
    assert (found <= made.boxes[0, axes:] + 0.51).all()
    assert (made.boxes >= -0.5).all()
    assert (made.boxes <= 31.5).all()


CHAIN = Chain(ops=FULL, shape=(20, 22))
PICTURES = image((24, 26), np.uint8, 4)[None].repeat(9, axis=0)


def alone(key: int) -> np.ndarray:
    """One sample in a process of its own."""
    return CHAIN.batch(PICTURES[key : key + 1], keys=[key], seed=2, epoch=5)[0][0]


@pytest.mark.parametrize("workers", [0, 1, 2, 7])
def test_the_number_of_workers_changes_nothing(workers: int) -> None:
    whole, _ = CHAIN.batch(PICTURES, keys=range(9), seed=2, epoch=5)
    threads, _ = CHAIN.batch(PICTURES, keys=range(9), seed=2, epoch=5, threads=max(workers, 1))
    np.testing.assert_array_equal(threads, whole)
    order = [8, 3, 0, 5]
    some, _ = CHAIN.batch(PICTURES[order], keys=order, seed=2, epoch=5)
    np.testing.assert_array_equal(some, whole[order])
    assert len({made.tobytes() for made in whole}) == 9
    if workers == 2:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            np.testing.assert_array_equal(np.stack(list(pool.map(alone, range(9)))), whole)


def test_what_is_no_number_stays_none_and_stays_local() -> None:
    values = np.ones((1, 12, 12), np.float32)
    values[0, 5, 5] = np.nan
    chain = Chain(ops=(Gamma(p=1), Brightness(p=1)), shape=(12, 12))
    made = chain.apply(Sample(image=values), chain.draw(seed=0, epoch=0, sample=0)).image[0]
    assert np.isnan(made[5, 5])
    assert np.isfinite(np.delete(made, (4, 5), axis=0)).all()


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (Sample(image=np.zeros((5, 5), np.uint8)), "channel"),
        (Sample(image=np.zeros((1, 0, 5), np.uint8)), "shape"),
        (Sample(image=np.zeros((1, 5, 5))), "float64"),
        (
            Sample(image=np.zeros((1, 5, 5), np.uint8), labels=np.zeros((4, 5), np.uint8)),
            r"\(1, 4, 5\)",
        ),
        (
            Sample(image=np.zeros((1, 5, 5), np.uint8), labels=np.zeros((5, 5), np.float32)),
            "float32",
        ),
    ],
)
def test_what_is_no_sample_is_refused(sample: Sample, said: str) -> None:
    with pytest.raises(DataError, match=said):
        Chain(ops=(), shape=(5, 5)).apply(sample, [])


def test_a_batch_without_its_keys_is_refused() -> None:
    with pytest.raises(DataError, match="one for each key"):
        CHAIN.batch(PICTURES, keys=[1], seed=0, epoch=0)
    with pytest.raises(DataError, match="room for"):
        CHAIN.batch(
            PICTURES, keys=range(9), seed=0, epoch=0, out=np.empty((9, 2, 20, 21), np.float32)
        )
