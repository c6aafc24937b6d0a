"""2D training augmentation: bedside against albumentations 2.0.8, in its fastest order.

    pip install albumentations==2.0.8
    python bench/augment2d.py [--seconds 20]

A batch of 16 pictures of 512 x 512 uint8, with one channel or three, becomes 224 x 224: affine
(10 degrees, scale 0.9 to 1.1, shift 5 %), horizontal flip, brightness, contrast, noise, each done
to every sample. bedside averages before it shrinks (no aliasing), albumentations' resize does not;
bedside writes every batch into the same array. Both take turns in one process on one thread; the
processor time for a picture is counted, and medians are compared. Resizing first is shown too, but
not counted as the same work: the picture is then interpolated twice, and what the affine could have
kept is gone. Outputs are checked: their size, that they are finite, and for ours that a pattern
finer than the output can hold comes out grey. Exits with 1 below the bar.
"""

# ruff: noqa: E402  # the number of threads is set before numpy is loaded
from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import argparse
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from bedside.modalities.images.augment import (
    Affine,
    Brightness,
    Chain,
    Contrast,
    Flip,
    GaussianNoise,
    Sample,
)

warnings.filterwarnings("ignore")
SIZE, GOAL, BATCH, BAR = 512, 224, 16, 4.0
Call = Callable[[], np.ndarray]


def pictures(channels: int, seed: int = 0) -> np.ndarray:
    """Smooth random pictures [B, C, 512, 512] over the whole range of uint8."""
    values = np.random.default_rng(seed).normal(size=(BATCH, channels, SIZE, SIZE))
    for axis in (2, 3):
        for _ in range(6):
            values = values + np.roll(values, 1, axis)
    low, high = values.min(), values.max()
    return (255 * (values - low) / (high - low)).astype(np.uint8)


def ours(images: np.ndarray) -> Call:
    """The chain of bedside; it ends with the resize by itself."""
    chain = Chain(
        ops=(
            Affine(rotation=(-10, 10), scale=(0.9, 1.1), translation=(-0.05, 0.05)),
            Flip(axes=("column",)),
            Brightness(p=1.0, factor=(1.0, 1.0), shift=(-0.2, 0.2)),
            Contrast(p=1.0, factor=(0.8, 1.2)),
            GaussianNoise(p=1.0, sd=(0.02, 0.05)),
        ),
        shape=(GOAL, GOAL),
    )
    epoch = iter(range(10**9))
    out = np.empty((BATCH, images.shape[1], GOAL, GOAL), np.float32)
    return lambda: chain.batch(images, keys=range(BATCH), seed=0, epoch=next(epoch), out=out)[0]


def albumentations(images: np.ndarray, *, order: str) -> Call:
    """albumentations, with the resize last, as one writes it, or earlier, which is faster."""
    import albumentations as A  # noqa: N812  # its usual name
    import cv2

    cv2.setNumThreads(0)
    turn = A.Affine(rotate=(-10, 10), scale=(0.9, 1.1), translate_percent=(-0.05, 0.05), p=1)
    flip, resize = A.HorizontalFlip(p=0.5), A.Resize(GOAL, GOAL)
    tones = [A.RandomBrightnessContrast(0.2, 0.2, p=1), A.GaussNoise(std_range=(0.02, 0.05), p=1)]
    orders = {
        "last": [turn, flip, *tones, resize],
        "before tones": [turn, flip, resize, *tones],
        "first": [resize, turn, flip, *tones],
    }
    chain = A.Compose(orders[order])
    last = np.ascontiguousarray(images.transpose(0, 2, 3, 1))

    def call() -> np.ndarray:
        made = np.stack([np.asarray(chain(image=image)["image"]) for image in last])
        return made.transpose(0, 3, 1, 2)

    return call


def check(name: str, call: Call, channels: int) -> None:
    """A few outputs: their size, and that they are finite and not of one colour."""
    for _ in range(3):
        made = call()
        if (
            made.shape != (BATCH, channels, GOAL, GOAL)
            or not np.isfinite(made).all()
            or made.std() < 1
        ):
            sys.exit(f"{name}: expected a picture of {GOAL} x {GOAL}, found {made.shape}")


def aliasing() -> float:
    """What is left, in grey values, of stripes one pixel wide that the output cannot hold."""
    stripes = np.zeros((1, SIZE, SIZE), np.uint8)
    stripes[:, :, ::2] = 255
    made = Chain(ops=(), shape=(GOAL, GOAL)).apply(Sample(image=stripes), [])
    return float(made.image.std())


def compare(channels: int, seconds: float) -> float:
    """Print the medians for pictures of so many channels; the ratio to the fastest order."""
    images, mine = pictures(channels), "bedside"
    calls = {mine: ours(images)}
    for order in ("last", "before tones", "first"):
        calls[f"albumentations, resize {order}"] = albumentations(images, order=order)
    for name, call in calls.items():
        check(name, call, channels)
    spent: dict[str, list[float]] = {name: [] for name in calls}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, call in calls.items():
            before = time.process_time()
            call()
            spent[name].append((time.process_time() - before) / BATCH)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    for name, median in medians.items():
        least, rounds = 1e3 * min(spent[name]), len(spent[name])
        ratio = f"{median / medians[mine]:6.2f} x"
        told = f"{channels} ch {name:38s} {1e3 * median:7.3f} ms (least {least:6.3f})"
        print(f"{told} {ratio} n={rounds}")
    same = [m for name, m in medians.items() if name != mine and not name.endswith("first")]
    return min(same) / medians[mine]


def main() -> int:
    """Print each median and the ratio; 1 below the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, one thread, load {os.getloadavg()[0]:.1f}"
    )
    left = aliasing()
    print(f"stripes that the output cannot hold leave a standard deviation of {left:.2f} of 127")
    ratios = {channels: compare(channels, arguments.seconds) for channels in (1, 3)}
    for channels, ratio in ratios.items():
        print(
            f"{channels} channels: {ratio:.2f} times as fast as the fastest order of the same work"
        )
    return int(min(ratios.values()) < BAR or left > 20)


if __name__ == "__main__":
    sys.exit(main())
