"""Training on malaria: the share of its time that goes into batches instead of the model.

    python bench/loader.py [--data ../shared/data] [--rows 4096] [--epochs 2]

The bar: fetching and augmenting take less than 10 % of the time of a step. Batches of 128 are read
by row from a memory-mapped array and go through rotation, scale, shift, both flips, brightness and
contrast (`bedside augment`'s chain) in a thread of their own; torch has one thread. Waiting is
wall-clock time in which the model had no batch; loading is the loader thread's processor time as a
share of all. On a machine with one free core the two compete and loading is the honest number.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.methods import outcome as outcomes
from bedside.methods.batches import Arrays, Augment, Cost, Rows
from bedside.methods.fit import Part, Schedule, bfloat16_pays, fit
from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
from bedside.methods.networks.images.inward import image_facts
from bedside.methods.one_thread import one_thread
from bedside.modalities.images.augment import Affine, Brightness, Chain, Contrast, Flip

WARM = 256
"""Rows of a first, unmeasured training: kernels are compiled and caches are filled."""


def augmented(shape: tuple[int, ...]) -> Augment:
    """The chain, as the training loop takes it."""
    chain = Chain(
        ops=(
            Affine(rotation=(-180, 180), translation=(-0.06, 0.06)),
            Flip(axes=("row", "column")), Brightness(), Contrast(),
        ),
        shape=shape,
    )  # fmt: skip

    def augment(
        arrays: Arrays, labels: NDArray[np.generic], rows: Rows, *, epoch: int
    ) -> tuple[Arrays, NDArray[np.generic]]:
        made, _ = chain.batch(arrays[0], keys=rows.tolist(), seed=0, epoch=epoch)
        return (made,), labels

    return augment


def cost_of(
    images: NDArray[np.uint8], positive: NDArray[np.bool_], schedule: Schedule,
    augment: Augment | None,
) -> Cost:  # fmt: skip
    """What so much training of the default network costs."""
    outcome = outcomes.binary(positive)
    # One row is predicted at the end of an epoch, outside of what is counted.
    nobody = Part(arrays=(images[:1],), outcome=outcomes.binary(positive[:1], np.zeros(1, "f4")))
    facts = image_facts(images, mirror=(0, 1))
    with one_thread():
        return fit(
            lambda: convnet(facts, outcome, ConvNetSettings()),
            Part(arrays=(images,), outcome=outcome), nobody, schedule, seed=0, augment=augment,
        ).cost  # fmt: skip


def measured(images: NDArray[np.uint8], positive: NDArray[np.bool_], epochs: int) -> None:
    """Print speed and shares, in float32 and, where there are instructions for it, bfloat16."""
    few = slice(None, None, max(1, len(images) // WARM))
    print("number    augmented  images/s  waiting  loading")
    for short in (False, True) if bfloat16_pays() else (False,):
        for augment in (None, augmented(images.shape[2:])):
            schedule = Schedule(
                epochs=epochs, patience=0, batch=128, course="one-cycle", average=0.99,
                bfloat16=short,
            )  # fmt: skip
            cost_of(images[few], positive[few], schedule, augment)
            cost = cost_of(images, positive, schedule, augment)
            print(
                f"{'bfloat16' if short else 'float32':8}  {'yes' if augment else 'no':9}"
                f"  {epochs * len(images) / cost.used:8.0f}"
                f"  {cost.waiting_share:7.1%}  {cost.loading_share:7.1%}"
            )


def main() -> None:
    """Ask for the data, map it, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("BEDSIDE_DATA", "../shared/data"))
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--epochs", type=int, default=2)
    asked = parser.parse_args()
    with np.load(Path(asked.data) / "malaria_dev.npz") as file, tempfile.TemporaryDirectory() as at:
        step = -(-len(file["label"]) // asked.rows)
        np.save(Path(at) / "images.npy", file["images"][::step, None])
        positive = file["label"][::step] > 0
        measured(np.load(Path(at) / "images.npy", mmap_mode="r"), positive, asked.epochs)


if __name__ == "__main__":
    main()
