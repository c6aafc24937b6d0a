"""Training of a network: one loop for every modality, on whatever device there is.

The order of the batches is a function of (seed, epoch), so a run is the same whoever else is at
work and whenever it was started. The best weights by the score on `select` are kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.methods.outcome import Outcome
from bedside.methods.tabular_inputs import Values

CHUNK = 8192
"""Rows predicted at once."""
Arrays = tuple[NDArray[np.generic], ...]


class Head(Protocol):
    """The head of a network, as far as training needs it."""

    def loss(self, raw: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """A scalar."""


class Network(Protocol):
    """A module from arrays to `value`, with raw scores and a head."""

    head: Head

    def raw(self, *arrays: Tensor) -> Tensor:
        """Scores before the head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows to train on or to select by: input arrays, row for row with the outcome."""

    arrays: Arrays
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long and how fast."""

    epochs: int = 60
    """At most."""
    patience: int = 8
    """Epochs without a better score before training stops.

    0, or nobody to select by, trains all epochs and keeps the last weights.
    """
    batch: int = 256
    rate: float = 2e-3
    """Learning rate of AdamW."""
    decay: float = 1e-3
    """Weight decay."""
    seconds: float = math.inf
    """Training ends with the batch in which so much processor time is up."""
    told: Callable[[int, float], None] = field(default=lambda _epoch, _score: None, compare=False)
    """Called with each epoch and its score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained network in evaluation mode, on the CPU."""

    network: nn.Module
    score: float
    """Best score on `select`; lower is better."""
    epochs: int
    """Epochs behind the kept weights."""
    cut: bool
    """Whether the time limit ended the training."""

    @property
    def parameters(self) -> int:
        """Trained numbers."""
        return sum(item.numel() for item in self.network.parameters())

    def predict(self, *arrays: NDArray[np.generic]) -> Values:
        """`value` [N, K]."""
        return predict(self.network, arrays)


def fit(
    build: Callable[[], nn.Module], train: Part, select: Part, schedule: Schedule, *, seed: int
) -> Fitted:
    """Build a network and train it; all that is random follows from `seed`.

    The state of torch's global generator is left as it was.
    """
    train.outcome.require_learnable()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return _Training(build(), train, schedule, seed).until_best(select)


class _Objective(nn.Module):
    """A network's loss as a module, which is what Fabric prepares."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, labels: Tensor, weights: Tensor, *arrays: Tensor) -> Tensor:
        network: Network = self.network  # type: ignore[assignment]  # nn.Module hides its methods' types
        return network.head.loss(network.raw(*arrays), labels, weights)


class _Training:
    def __init__(self, network: nn.Module, train: Part, schedule: Schedule, seed: int) -> None:
        self.network, self.schedule, self.seed = network, schedule, seed
        # Not "auto": Apple's devices have no float64, in which predictions are made.
        found = "cuda" if torch.cuda.is_available() else "cpu"
        self.fabric = Fabric(accelerator=found, devices=1)
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=schedule.rate, weight_decay=schedule.decay, fused=True
        )
        self.objective, self.optimiser = self.fabric.setup(_Objective(network), optimiser)
        counted = np.flatnonzero(train.outcome.weights.max(axis=1) > 0)
        arrays = (train.outcome.labels, train.outcome.weights, *train.arrays)
        self.tensors = [self._tensor(array[counted]) for array in arrays]

    def _tensor(self, array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.fabric.device)

    def until_best(self, select: Part) -> Fitted:
        schedule, until = self.schedule, time.process_time() + self.schedule.seconds
        best, kept, at, cut = math.inf, self._weights(), 0, False
        watched = schedule.patience and select.outcome.weights.any()
        for epoch in range(1, schedule.epochs + 1):
            cut = not self._epoch(epoch, until)
            score = select.outcome.score(predict(self.network, select.arrays))
            schedule.told(epoch, score)
            if score < best or not watched:
                best, kept, at = score, self._weights(), epoch
            if cut or (watched and epoch - at >= schedule.patience):
                break
        self.network.load_state_dict(kept)
        network = self.network.to("cpu").eval()
        return Fitted(network=network, score=best, epochs=at, cut=cut)

    def _epoch(self, epoch: int, until: float) -> bool:
        """Whether every batch was seen before the time was up."""
        self.network.train()
        for rows in batches(len(self.tensors[0]), self.schedule.batch, seed=self.seed, epoch=epoch):
            index = self._tensor(rows)
            loss = self.objective(*(tensor[index] for tensor in self.tensors))
            self.optimiser.zero_grad()
            self.fabric.backward(loss)
            self.optimiser.step()
            late = time.process_time() > until
            if late:
                break
        self.network.eval()
        return not late

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.network.state_dict().items()}


def batches(rows: int, size: int, *, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Row numbers of the batches of an epoch; a last batch of a row or two joins the one before."""
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    order = generator.permutation(rows)
    starts = list(range(0, rows, size))
    if len(starts) > 1 and rows - starts[-1] < size // 4:
        starts.pop()
    ends = [*starts[1:], rows]
    return [order[start:end] for start, end in zip(starts, ends, strict=True)]


def predict(network: nn.Module, arrays: Arrays) -> Values:
    """`value` [N, K] of a network in evaluation mode, a chunk of rows at a time."""
    device = next(network.parameters()).device
    rows = len(arrays[0])
    with torch.inference_mode():
        chunks = [
            network(*(_on(array[start : start + CHUNK], device) for array in arrays)).cpu().numpy()
            for start in range(0, max(rows, 1), CHUNK)
        ]
    return np.concatenate(chunks)


def _on(array: NDArray[np.generic], device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)
