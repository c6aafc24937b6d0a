"""The pretraining itself: epochs over unlabelled samples, resumed where it was killed.

What is random follows from (seed, epoch) alone: the order of batches, the views, masks, dropout.
So a pretraining that was killed and goes on from its checkpoint ends in the same weights as one
that was not. Only where time runs out does it depend on the machine, which is told (`cut`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.core.errors import DataError
from bedside.methods.batches import Arrays, Feed, Rows, Source
from bedside.methods.fit import Schedule
from bedside.methods.pretraining import checkpoint
from bedside.methods.pretraining.checkpoint import Standing

RATE, DECAY = 2e-3, 1e-2
SMALLEST = 16
"""Samples below which there is nothing to pretrain on."""


class Draw(Protocol):
    """What an objective is shown of some samples in an epoch."""

    def __call__(self, arrays: Arrays, rows: Rows, *, epoch: int) -> Arrays:
        """Arrays [B, ...] for the objective; a function of its arguments alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long, how fast, and where it is kept."""

    epochs: int
    batch: int
    seconds: float
    """Of processor time, those before a resume counted."""
    folder: Path | None = None
    """Where the checkpoint lies; None: none is written."""
    bfloat16: bool = False
    """Whether steps compute in bfloat16 where that is safe."""
    told: Callable[[int, int, float], None] = field(default=lambda *_: None, compare=False)
    """Called with each finished epoch, of how many, and its mean loss."""


def pretrain(
    build: Callable[[], nn.Module], arrays: Arrays, draw: Draw, pace: Pace, *, seed: int
) -> tuple[nn.Module, Standing]:
    """Train an objective `build()` on unlabelled `arrays`; gives it, and how it went.

    Its forward takes what `draw` makes of a batch, and gives the loss. The state of torch's global
    generator is left as it was. Raises DataError for fewer than 16 samples, and where a loss is not
    a number.
    """
    if len(arrays[0]) < SMALLEST:
        raise DataError(
            "pretraining", expected=f"{SMALLEST} unlabelled samples or more",
            found=f"{len(arrays[0])}", hint="leave [pretrain] out",
        )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return _Going(build(), _source(arrays, draw), pace, seed).to_the_end()


def _source(arrays: Arrays, draw: Draw) -> Source:
    """Rows without labels, as batches take them: the label of a row is its number, unused."""

    def drawn(
        arrays: Arrays, labels: NDArray[np.generic], rows: Rows, *, epoch: int
    ) -> tuple[Arrays, NDArray[np.generic]]:
        return draw(arrays, rows, epoch=epoch), labels

    count = len(arrays[0])
    return Source(
        labels=np.arange(count), weights=np.ones((count, 1), np.float32), inputs=arrays,
        counted=np.arange(count), augment=drawn,
    )  # fmt: skip


class _Going:
    def __init__(self, objective: nn.Module, source: Source, pace: Pace, seed: int) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.objective, self.pace, self.seed = objective.to(self.device), pace, seed
        self.optimiser = torch.optim.AdamW(self.objective.parameters(), lr=RATE, weight_decay=DECAY)
        self.schedule = Schedule(epochs=pace.epochs, rate=RATE, course="one-cycle", rise=0.1)
        self.feed = Feed(source, pace.batch, self.device, seed=seed)

    def to_the_end(self) -> tuple[nn.Module, Standing]:
        at, path = Standing(), None
        if self.pace.folder is not None:
            path = self.pace.folder / checkpoint.NAME
            if path.is_file():
                at = checkpoint.load(path, self.objective, self.optimiser)
        while at.epoch < self.pace.epochs and not at.cut:
            started = time.process_time()
            loss, whole = self._epoch(at.epoch + 1, started + self.pace.seconds - at.used)
            at = Standing(
                epoch=at.epoch + 1, losses=(*at.losses, loss), cut=not whole,
                used=at.used + time.process_time() - started,
            )  # fmt: skip
            if path is not None:
                checkpoint.save(path, self.objective, self.optimiser, at)
            self.pace.told(at.epoch, self.pace.epochs, loss)
        return self.objective.to("cpu").eval(), at

    def _epoch(self, epoch: int, until: float) -> tuple[float, bool]:
        """The mean loss, and whether all of the epoch was seen before the time was up."""
        torch.manual_seed(epoch_seed(self.seed, epoch))
        self.objective.train()
        total, steps, late = 0.0, 0, False
        with closing(self.feed.epoch(epoch)) as batches:
            for _, _, *arrays in batches:
                total += self._step(arrays, (epoch - 1) * len(self.feed) + steps)
                steps += 1
                late = time.process_time() > until
                if late:
                    break
        mean = total / steps
        if not np.isfinite(mean):
            raise DataError(
                "pretraining", expected="a loss that is a number",
                found=f"none in epoch {epoch}", hint="are there values beyond float32 in the data?",
            )  # fmt: skip
        return mean, not late

    def _step(self, arrays: list[Tensor], step: int) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.rate_at(step, self.pace.epochs * len(self.feed))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.pace.bfloat16):
            loss: Tensor = self.objective(*arrays)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
        self.optimiser.step()
        return loss.item()


def epoch_seed(seed: int, epoch: int) -> int:
    """Of torch's generator in an epoch, below 2^63: a resumed epoch draws as it would have."""
    return int.from_bytes(blake2b(f"{seed}/{epoch}".encode(), digest_size=8).digest()) >> 1
