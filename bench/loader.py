"""Training on malaria: the share of its time that goes into batches instead of the model.

    python bench/loader.py [--data ../shared/data] [--epochs 2]

The bar: the model waits for batches less than 10 % of the time on the clock. Batches are read from
a memory-mapped array by row, augmented by the images' own chain where it is there (by turns,
flips and shifts in numpy where it is not) in a thread of their own, with one thread for torch. The
images per second are those of the default network, and of it without bfloat16.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROWS = 4096


def augmented(
    arrays: tuple[NDArray[np.generic], ...],
    labels: NDArray[np.generic],
    rows: NDArray[np.int64],
    *,
    epoch: int,
) -> tuple[tuple[NDArray[np.generic], ...], NDArray[np.generic]]:
    """Quarter turns, flips, shifts and brightness, each image by its own row and the epoch."""
    changed = np.empty(arrays[0].shape, np.float32)
    for place, (image, row) in enumerate(zip(arrays[0], rows, strict=True)):
        draw = np.random.Generator(np.random.Philox(key=[int(row), epoch]))
        turned = np.rot90(image, draw.integers(4), axes=(1, 2))
        if draw.random() < 0.5:
            turned = turned[:, :, ::-1]
        moved = np.roll(turned, draw.integers(-3, 4, 2), axis=(1, 2))
        changed[place] = moved * np.exp(draw.normal(0, 0.15)) + draw.normal(0, 6)
    return (changed,), labels


def measured(images: NDArray[np.uint8], labels: NDArray[np.bool_], epochs: int) -> None:
    """Print the shares and the speed, with and without augmentation and bfloat16."""
    from bedside.methods import outcome as outcomes
    from bedside.methods.fit import Part, Schedule, bfloat16_pays, fit
    from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
    from bedside.methods.networks.images.inward import image_facts
    from bedside.methods.one_thread import one_thread

    part = Part(arrays=(images,), outcome=outcomes.binary(labels))
    nobody = Part(arrays=(images[:1],), outcome=outcomes.binary(labels[:1], np.zeros(1)))
    facts = image_facts(images, mirror=(0, 1))
    print("bfloat16  augmented  images/s  waiting  loading (of processor time)")
    for short in {False, bfloat16_pays()}:
        for augment in (None, augmented):
            schedule = Schedule(
                epochs=epochs, batch=128, course="one-cycle", average=0.99, bfloat16=short
            )
            with one_thread():
                fitted = fit(
                    lambda: convnet(facts, part.outcome, ConvNetSettings()), part, nobody,
                    schedule, seed=0, augment=augment,
                )  # fmt: skip
            cost = fitted.cost
            speed = epochs * len(images) / max(cost.used, 1e-9)
            print(
                f"{short!s:8}  {augment is not None!s:9}  {speed:8.0f}"
                f"  {cost.waiting_share:7.1%}  {cost.loading_share:7.1%}"
            )


def main() -> None:
    """Ask for the data, map it, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("BEDSIDE_DATA", "../shared/data"))
    parser.add_argument("--epochs", type=int, default=2)
    asked = parser.parse_args()
    with np.load(Path(asked.data) / "malaria_dev.npz") as file, tempfile.TemporaryDirectory() as at:
        step = -(-len(file["label"]) // ROWS)
        np.save(Path(at) / "images.npy", file["images"][::step, None])
        labels = file["label"][::step] > 0
        measured(np.load(Path(at) / "images.npy", mmap_mode="r"), labels, asked.epochs)


if __name__ == "__main__":
    main()
