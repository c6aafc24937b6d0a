"""3D training augmentation: bedside against MONAI, TorchIO and batchgeneratorsv2.

    pip install monai==1.6.1 torchio==1.2.1 batchgeneratorsv2==0.3.6
    python bench/augment3d.py [--seconds 60] [--source float32]

A volume of 128^3 float32 and its label map become 96^3: affine (15 degrees about each axis, scale
0.85 to 1.15), three flips, random crop, gamma, brightness, noise, each done to every sample. All
take turns in one process on one thread; the processor time of each call is counted, and medians
are compared. Every output is checked: its size, that it is finite, that its labels are those of the
input; ours is also checked against torch.grid_sample. Peers that cut before they turn leave empty
corners: they are shown, and not counted as the same work. Exits with 1 below the bar.
"""

# ruff: noqa: E402  # the number of threads is set before numpy is loaded
from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from bedside.modalities.images.augment import (
    Affine,
    Brightness,
    Chain,
    Crop,
    Flip,
    Gamma,
    GaussianNoise,
)

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
SIZE, PATCH, DEGREES, SCALE, BAR = 128, 96, 15.0, 0.15, 5.0
Call = Callable[[], tuple[Any, Any]]
"""One sample: image and labels, as arrays or tensors."""


def volume(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A smooth random image [1, 128^3] in [0, 1] and labels 0 and 1."""
    values = torch.from_numpy(np.random.default_rng(seed).random((1, 1, *(SIZE,) * 3), np.float32))
    smooth = torch.nn.functional.avg_pool3d(values, 3, 1, 1)[0].contiguous().numpy()
    return smooth, (smooth[0] > 0.5).astype(np.uint8)


def ours(image: np.ndarray, labels: np.ndarray) -> Call:
    """The chain of bedside."""
    chain = Chain(
        ops=(
            Affine(rotation=(-DEGREES, DEGREES), scale=(1 - SCALE, 1 + SCALE)),
            Flip(axes=("slice", "row", "column")),
            Crop(),
            Gamma(p=1.0, power=(0.7, 1.5)),
            Brightness(p=1.0, factor=(0.75, 1.25)),
            GaussianNoise(p=1.0, sd=(0.0, 0.1)),
        ),
        shape=(PATCH,) * 3,
    )
    count = iter(range(10**9))

    def call() -> tuple[Any, Any]:
        made, copied = chain.batch(
            image[None], keys=[next(count)], seed=0, epoch=0, labels=labels[None]
        )
        return made[0], copied[0] if copied is not None else None

    return call


def monai(image: np.ndarray, labels: np.ndarray, *, patch: bool, lazy: bool) -> Call:
    """MONAI; lazy with the overrides that keep labels whole."""
    import monai.transforms as mt
    from monai.data import MetaTensor

    keys, radians = ["image", "label"], np.deg2rad(DEGREES)
    modes = ("bilinear", "nearest")
    spatial = [
        mt.RandAffined(
            keys, prob=1.0, rotate_range=(radians,) * 3, scale_range=(SCALE,) * 3,
            spatial_size=(PATCH,) * 3 if patch else None, mode=modes, padding_mode="zeros",
        ),
        *(mt.RandFlipd(keys, prob=0.5, spatial_axis=axis) for axis in range(3)),
        *([] if patch else [mt.RandSpatialCropd(keys, (PATCH,) * 3, random_size=False)]),
    ]  # fmt: skip
    tones = [
        mt.RandAdjustContrastd(["image"], prob=1.0, gamma=(0.7, 1.5)),
        mt.RandScaleIntensityd(["image"], factors=0.25, prob=1.0),
        mt.RandGaussianNoised(["image"], prob=1.0, std=0.1),
    ]
    whole = {
        key: {"mode": mode, "padding_mode": "zeros"} for key, mode in zip(keys, modes, strict=True)
    }
    more: dict[str, Any] = {"lazy": True, "overrides": whole} if lazy else {}
    chain = mt.Compose([*spatial, *tones], **more)
    first = MetaTensor(torch.from_numpy(image.copy()), affine=torch.eye(4))
    second = MetaTensor(torch.from_numpy(labels[None].astype(np.float32)), affine=torch.eye(4))

    def call() -> tuple[Any, Any]:
        made = chain({"image": first, "label": second})
        return made["image"], made["label"]

    return call


def torchio(image: np.ndarray, labels: np.ndarray, *, crop_first: bool) -> Call:
    """TorchIO with SimpleITK on one thread."""
    import SimpleITK as sitk  # noqa: N813  # its own name for itself
    import torchio as tio

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    low, high = 1 - SCALE, 1 + SCALE
    turn = tio.RandomAffine(
        scales=(low, high), degrees=DEGREES, image_interpolation="linear", default_pad_value=0
    )
    flip, crop = tio.RandomFlip(axes=(0, 1, 2), flip_probability=0.5), tio.CropOrPad(PATCH)
    spatial = [crop, turn, flip] if crop_first else [turn, flip, crop]
    tones = [tio.RandomGamma(log_gamma=(-0.36, 0.4)), tio.RandomNoise(std=(0, 0.1))]
    chain = tio.Compose([*spatial, *tones])
    subject = tio.Subject(
        image=tio.ScalarImage(tensor=torch.from_numpy(image)),
        label=tio.LabelMap(tensor=torch.from_numpy(labels[None])),
    )

    def call() -> tuple[Any, Any]:
        made = chain(subject)
        return made.image.data, made.label.data

    return call


def batchgenerators(image: np.ndarray, labels: np.ndarray) -> Call:
    """batchgeneratorsv2 as nnU-Net configures it, with labels by nearest neighbour."""
    from batchgeneratorsv2.transforms.intensity.brightness import MultiplicativeBrightnessTransform
    from batchgeneratorsv2.transforms.intensity.contrast import BGContrast
    from batchgeneratorsv2.transforms.intensity.gamma import GammaTransform
    from batchgeneratorsv2.transforms.intensity.gaussian_noise import GaussianNoiseTransform
    from batchgeneratorsv2.transforms.spatial.mirroring import MirrorTransform
    from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform
    from batchgeneratorsv2.transforms.utils.compose import ComposeTransforms

    radians = float(np.deg2rad(DEGREES))
    chain = ComposeTransforms([
        SpatialTransform(
            (PATCH,) * 3, patch_center_dist_from_border=PATCH // 2, random_crop=True,
            p_rotation=1, rotation=(-radians, radians), p_scaling=1, scaling=(1 - SCALE, 1 + SCALE),
            p_synchronize_scaling_across_axes=1, mode_seg="nearest",
        ),
        GaussianNoiseTransform((0, 0.01), p_per_channel=1, synchronize_channels=True),
        MultiplicativeBrightnessTransform(
            BGContrast((0.75, 1.25)), synchronize_channels=False, p_per_channel=1
        ),
        GammaTransform(
            BGContrast((0.7, 1.5)), p_invert_image=0, synchronize_channels=False, p_per_channel=1,
            p_retain_stats=1,
        ),
        MirrorTransform((0, 1, 2)),
    ])  # fmt: skip
    values, mask = torch.from_numpy(image), torch.from_numpy(labels[None].astype(np.int16))

    def call() -> tuple[Any, Any]:
        made = chain(image=values.clone(), segmentation=mask.clone())
        return made["image"], made["segmentation"]

    return call


def check(name: str, call: Call) -> None:
    """A few outputs: size, finite, no label that was not there."""
    for _ in range(3):
        image, labels = (np.asarray(part) for part in call())
        if image.shape[-3:] != (PATCH,) * 3 or labels.shape[-3:] != (PATCH,) * 3:
            sys.exit(f"{name}: expected {PATCH}^3, found {image.shape} and {labels.shape}")
        if not np.isfinite(image).all() or not set(np.unique(labels)) <= {0, 1}:
            sys.exit(f"{name}: values that are not finite, or labels that were not there")


def check_against_grid_sample(image: np.ndarray, labels: np.ndarray) -> float:
    """Largest difference of a chain without tones from torch.grid_sample, inside the source."""
    from bedside.modalities.images.augment import OPS, Sample
    from bedside.modalities.images.augment.frame import start
    from bedside.modalities.images.augment.plan import framed

    ops = (Affine(rotation=(-DEGREES, DEGREES)), Flip(axes=("slice", "row", "column")), Crop())
    chain, goal = Chain(ops=ops, shape=(PATCH,) * 3), (PATCH,) * 3
    params = chain.draw(seed=5, epoch=0, sample=0)
    made = chain.apply(Sample(image=image, labels=labels), params).image
    begin = start((SIZE,) * 3, goal, spacing=(), axes=("slice", "row", "column"))
    matrix = framed(OPS, params, begin).matrix
    index = np.stack(np.meshgrid(*(np.arange(PATCH),) * 3, indexing="ij"), -1).reshape(-1, 3)
    place = index @ matrix[:3, :3].T + matrix[:3, 3]
    unit = torch.from_numpy((2 * (place[:, ::-1] + 0.5) / SIZE - 1).reshape(1, *goal, 3).copy())
    expected = torch.nn.functional.grid_sample(
        torch.from_numpy(image[None].astype(np.float64)), unit, align_corners=False
    )[0].numpy()
    inside = ((place >= 0) & (place <= SIZE - 1)).all(axis=1).reshape(goal)
    return float(np.abs(made - expected)[:, inside].max())


def main() -> int:
    """Print each median and the ratio; 1 below the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    image, labels = volume()
    mine = "bedside"
    calls: dict[str, Call] = {
        mine: ours(image, labels),
        "MONAI eager, affine then crop": monai(image, labels, patch=False, lazy=False),
        "MONAI eager, affine to the patch": monai(image, labels, patch=True, lazy=False),
        "MONAI lazy with overrides": monai(image, labels, patch=False, lazy=True),
        "TorchIO, affine then crop": torchio(image, labels, crop_first=False),
        "TorchIO, crop then affine (empty corners)": torchio(image, labels, crop_first=True),
        "batchgeneratorsv2, labels nearest": batchgenerators(image, labels),
    }
    for name, call in calls.items():
        check(name, call)
    far = check_against_grid_sample(image, labels)
    print(
        f"{platform.processor() or platform.machine()}, one thread, load {os.getloadavg()[0]:.1f}"
    )
    print(f"largest difference from grid_sample: {far:.1e}")
    spent: dict[str, list[float]] = {name: [] for name in calls}
    until = time.monotonic() + arguments.seconds
    while time.monotonic() < until or len(spent[mine]) < 5:
        for name, call in calls.items():
            before = time.process_time()
            call()
            spent[name].append(time.process_time() - before)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    for name, median in medians.items():
        ratio = f"{median / medians[mine]:6.2f} x"
        least = 1e3 * min(spent[name])
        rounds = len(spent[name])
        print(f"{name:44s} {1e3 * median:8.2f} ms (least {least:7.2f}) {ratio} n={rounds}")
    peers = {name: m for name, m in medians.items() if name != mine and "empty" not in name}
    fastest = min(peers, key=lambda name: peers[name])
    ratio = peers[fastest] / medians[mine]
    print(f"bedside is {ratio:.2f} times as fast as the fastest correct peer ({fastest})")
    return int(ratio < BAR or far > 1e-4)


if __name__ == "__main__":
    sys.exit(main())
