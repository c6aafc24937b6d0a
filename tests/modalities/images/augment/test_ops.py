"""Every op: its parameters are plain, its repetition exact, its neutral range changes nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, stats
from tests.modalities.images.augment.test_chain import picture

from bedside.core.errors import DataError
from bedside.modalities.images.augment import (
    OPS,
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
    Ghosting,
    LowResolution,
    Motion,
    RicianNoise,
    Sample,
    Sharpen,
    Spikes,
    Trivial,
    explicit,
    ops_of,
    scaled,
)

SHAPES = {2: (24, 31), 3: (12, 18, 21)}


def full(name: str) -> object:
    """The op of a name, done to every sample."""
    kind = OPS[name]
    return kind(axes=("row",), p=1.0) if name == "flip" else kind(p=1.0)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("axes", [2, 3])
def test_an_op_is_drawn_logged_and_replayed(name: str, axes: int) -> None:
    image = picture((2, *SHAPES[axes]))
    before = image.copy()
    labels = (image[0] > 100).astype(np.uint8) * 3
    chain = Chain(ops=(full(name),), shape=SHAPES[axes])
    params = chain.draw(seed=3, epoch=1, sample=4)
    assert [one["op"] for one in params] == [name]
    sample = Sample(image=image, labels=labels)
    made = chain.apply(sample, params)
    again = chain.apply(sample, json.loads(json.dumps(params)))
    np.testing.assert_array_equal(made.image, again.image)
    np.testing.assert_array_equal(image, before)
    assert made.image.shape == image.shape
    assert np.isfinite(made.image).all()
    assert made.labels is not None
    assert set(np.unique(made.labels)) <= {0, 3}
    assert chain.draw(seed=3, epoch=2, sample=4) != params or name in ("flip", "resize")


NEUTRAL = [name for name in OPS if name not in ("flip", "crop", "cutout")]


@pytest.mark.parametrize("name", NEUTRAL)
def test_at_strength_nothing_an_op_changes_nothing(name: str) -> None:
    image = picture((1, 20, 26))
    chain = Chain(ops=(scaled(full(name), 0.0),), shape=(20, 26))  # type: ignore[type-var]
    made = chain.apply(Sample(image=image), chain.draw(seed=0, epoch=0, sample=0))
    np.testing.assert_allclose(made.image, image, atol=2e-3)


def one(op: object, image: np.ndarray, **more: object) -> tuple[np.ndarray, dict[str, object]]:
    """The image after one op, and its parameters."""
    chain = Chain(ops=(op,), shape=image.shape[1:], **more)  # type: ignore[arg-type]
    params = chain.draw(seed=5, epoch=0, sample=9)
    return chain.apply(Sample(image=image), params).image, params[0]


def test_gamma_is_a_power_within_the_window() -> None:
    image = picture((1, 40, 40), np.uint8)
    made, params = one(Gamma(p=1), image)
    expected = 255 * (image / 255.0) ** params["power"]
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-3)


def test_brightness_and_contrast_by_hand() -> None:
    image = picture((2, 16, 16), np.int16)
    low, high = image.min(), image.max()
    made, params = one(Brightness(p=1, shift=(-0.2, 0.2)), image)
    expected = (image - low) * params["factor"] + low + params["shift"] * (high - low)
    np.testing.assert_allclose(made, expected, rtol=1e-4)
    made, params = one(Contrast(p=1), image)
    mean = image.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(made, (image - mean) * params["factor"] + mean, rtol=1e-4)


def test_noise_is_normal_and_independent() -> None:
    image = np.full((1, 64, 128, 128), 100.0, np.float32)
    made, params = one(GaussianNoise(p=1, sd=(0.05, 0.05)), image, window=(0.0, 1000.0))
    z = (made - 100).reshape(-1) / (params["sd"] * 1000)
    assert abs(z.mean()) < 0.004
    assert abs(z.std() - 1) < 0.003
    assert abs(stats.kurtosis(z)) < 0.09
    assert abs(stats.skew(z)) < 0.01
    assert stats.kstest(z[::7], "norm").statistic < 0.005
    assert 4e-4 < (np.abs(z) > 3.3).mean() < 1.3e-3
    for lag in (1, 2, 3, 128, 128 * 128):
        assert abs((z[lag:] * z[:-lag]).mean()) < 0.005, lag
        assert abs((z[lag:] ** 2 * z[:-lag] ** 2).mean() - 1) < 0.02, lag


def test_two_keys_give_unrelated_noise() -> None:
    image = np.zeros((2, 128, 128), np.float32)
    chain = Chain(ops=(GaussianNoise(p=1, sd=(0.1, 0.1)),), shape=(128, 128), window=(0.0, 1.0))
    fields = [
        chain.apply(Sample(image=image), chain.draw(seed=0, epoch=0, sample=s)).image
        for s in range(6)
    ]
    rows = np.concatenate([field.reshape(2, -1) for field in fields])
    correlation = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(correlation).max() < 0.04


def test_rician_noise_has_the_moments_of_its_name() -> None:
    image = np.full((1, 64, 64, 64), 30.0, np.float32)
    image[:, 32:] = 0
    made, _ = one(RicianNoise(p=1, sd=(0.1, 0.1)), image, window=(0.0, 100.0))
    rice = stats.rice(3.0, scale=10)
    assert abs(made[:, :32].mean() - rice.mean()) < 0.1
    assert abs(made[:, :32].std() - rice.std()) < 0.1
    assert abs(made[:, 32:].mean() - 10 * np.sqrt(np.pi / 2)) < 0.1


def test_a_bias_field_is_smooth_and_keeps_the_middle() -> None:
    image = np.full((1, 33, 33, 33), 50.0, np.float32)
    made, _ = one(BiasField(p=1, amount=(0.4, 0.4)), image, window=(0.0, 100.0))
    assert made[0, 16, 16, 16] == pytest.approx(50, rel=1e-5)
    assert made.std() > 1
    assert np.abs(np.diff(np.log(made), axis=1)).max() < 0.2


def test_a_cutout_is_a_box_and_labels_stay() -> None:
    image = np.full((1, 30, 40), 9.0, np.float32)
    made, params = one(Cutout(p=1), image, window=(0.0, 10.0))
    rows, columns = np.nonzero(made[0] == 0)
    assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert np.ptp(rows) + 1 == round(params["size"][0] * 30)


def test_blur_and_sharpening_by_scipy() -> None:
    image = picture((1, 24, 24))
    made, params = one(Blur(p=1), image)
    expected = ndimage.gaussian_filter(image[0], params["sd"], mode="nearest")
    np.testing.assert_allclose(made[0], expected, rtol=1e-4)
    made, _ = one(Sharpen(p=1), image)
    assert made.std() > image.std()


def test_low_resolution_loses_detail_and_keeps_the_mean() -> None:
    image = picture((1, 16, 48, 48))
    made, _ = one(LowResolution(p=1, share=(0.5, 0.5)), image)
    assert np.abs(ndimage.laplace(made[0])).mean() < 0.5 * np.abs(ndimage.laplace(image[0])).mean()
    assert made.mean() == pytest.approx(image.mean(), rel=0.01)


@pytest.mark.parametrize("op", [Ghosting(p=1), Motion(p=1), Spikes(p=1)])
def test_what_goes_wrong_in_k_space_is_seen_and_leaves_the_mean(op: object) -> None:
    image = picture((1, 12, 32, 40))
    made, _ = one(op, image)
    assert np.abs(made - image).mean() > 0.3
    assert made.mean() == pytest.approx(image.mean(), rel=0.02)


def test_shrinking_averages() -> None:
    image = picture((1, 200, 264), np.uint8)
    made = Chain(ops=(), shape=(50, 66)).apply(Sample(image=image), []).image
    expected = np.asarray(Image.fromarray(image[0]).resize((66, 50), Image.Resampling.BOX))
    assert np.abs(made[0] - expected).max() <= 1.01
    stripes = np.zeros((1, 200, 264), np.uint8)
    stripes[:, ::2] = 255
    grey = Chain(ops=(), shape=(83, 100)).apply(Sample(image=stripes), []).image
    assert grey.std() < 1


def test_left_and_right_do_not_change_places_unseen() -> None:
    """The last axis by its plain name would be mirrored and its labels left as they were."""
    with pytest.raises(DataError, match="the axis 'left-right' where labels have swaps"):
        Flip(axes=("column",), swaps=((1, 2),))
    Flip(axes=("row",), swaps=((1, 2),))
    Flip(axes=("column",))


def test_left_and_right_change_places_together() -> None:
    flip = Flip(p=1.0, axes=("left-right",), swaps=((1, 2),))
    image = picture((1, 6, 10))
    labels = np.zeros((6, 10), np.uint8)
    labels[:, :3], labels[:, 7:] = 1, 2
    chain = Chain(ops=(flip,), shape=(6, 10), axes=("head-foot", "left-right"))
    made = chain.apply(Sample(image=image, labels=labels), chain.draw(seed=0, epoch=0, sample=0))
    np.testing.assert_array_equal(made.image, image[:, :, ::-1])
    np.testing.assert_array_equal(made.labels, labels)
    with pytest.raises(DataError, match="did you mean 'left-right'"):
        chain.apply(Sample(image=image), [{"op": "flip", "axes": ["left-rigth"], "swaps": []}])


@pytest.mark.parametrize("policy", ["none", "light", "standard", "trivial", "rand"])
def test_a_policy_is_a_chain(policy: str) -> None:
    ops = ops_of(policy, flips=("column",))  # type: ignore[arg-type]
    chain = Chain(ops=ops, shape=(20, 20))
    image = picture((1, 24, 24), np.uint8)
    drawn = [chain.draw(seed=0, epoch=e, sample=1) for e in range(30)]
    for params in drawn[:8]:
        assert np.isfinite(chain.apply(Sample(image=image), params).image).all()
    names = {str(one["op"]) for params in drawn for one in params}
    assert names <= set(OPS)
    assert len(names) >= (0 if policy == "none" else 4)


def test_trivial_is_one_op_of_its_set() -> None:
    chain = Chain(ops=(Trivial(),), shape=(20, 20))
    drawn = [chain.draw(seed=1, epoch=0, sample=s) for s in range(300)]
    assert {len(params) for params in drawn} <= {0, 1}
    assert len({str(params[0]["op"]) for params in drawn if params}) >= 10


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"op": "afine"}, "did you mean 'affine'"),
        ({"op": "affine", "rotate": [0, 1]}, "did you mean 'rotation'"),
        ({"op": "affine", "rotation": 10}, r"\[low, high\]"),
    ],
)
def test_a_wrong_op_in_a_study_is_said(row: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        explicit((row,))


def test_ops_of_a_study() -> None:
    made = explicit(({"op": "affine", "p": 0.5, "rotation": [-5, 5]}, {"op": "crop"}))
    assert made == (Affine(p=0.5, rotation=(-5, 5)), Crop())
    assert Elastic(p=1) == explicit(({"op": "elastic", "p": 1},))[0]
