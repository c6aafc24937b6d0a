"""Training of a network: one loop for every modality, on whatever device there is.

The order of the batches is a function of (seed, epoch), so a run is the same whoever else is at
work and whenever it was started. The best weights by the score on `select` are kept, or the last
where nobody is looked at.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.methods.batches import Arrays, Augment, Cost, Feed, Source, batches, tensor
from bedside.methods.moving_average import MovingAverage
from bedside.methods.networks.layout import Layout
from bedside.methods.tabular_inputs import Values

__all__ = ["Fitted", "Goal", "Part", "Schedule", "batches", "bfloat16_pays", "fit", "predict"]

CHUNK, NUMBERS = 8192, 1 << 19
"""Rows predicted at once, and about how many numbers of images or volumes."""


class Head(Protocol):
    """The head of a network, as far as training needs it."""

    def loss(self, raw: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """A scalar."""


class Network(Protocol):
    """A module from arrays to `value`, with raw scores and a head."""

    head: Head

    def raw(self, *arrays: Tensor) -> Tensor:
        """Scores before the head."""


class Goal(Protocol):
    """What there is to learn, row for row: an `Outcome`, or masks."""

    @property
    def labels(self) -> NDArray[np.generic]:
        """[N, ...]"""

    @property
    def weights(self) -> NDArray[np.float32]:
        """[N, ...]: what each label counts; rows of 0 are left out."""

    def score(self, value: Values) -> float:
        """How far `value` [N, ...] is from the labels; lower is better."""

    def require_learnable(self) -> None:
        """DataError when there is nothing to tell apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows to train on or to select by: input arrays, row for row with the outcome.

    Arrays may be memory-mapped; the rows of a batch are read when their turn comes.
    """

    arrays: Arrays
    outcome: Goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long and how fast."""

    epochs: int = 60
    """At most."""
    patience: int = 8
    """Epochs without a better score before training stops.

    0, or nobody to select by, trains all epochs and keeps the last weights.
    """
    every: int = 1
    """Epochs from one look at `select` to the next; the last epoch is always looked at."""
    batch: int = 256
    rate: float = 2e-3
    """Learning rate of AdamW; of one-cycle its height."""
    decay: float = 1e-3
    """Weight decay."""
    course: Literal["constant", "one-cycle"] = "constant"
    """Of the learning rate. One-cycle (Smith and Topin 2019) rises in a line over the first `rise`
    of all steps and falls as a cosine to 0 with the last one."""
    rise: float = 0.25
    average: float = 0.0
    """What is looked at and kept is an exponential moving average of the weights, and of batch
    norm's statistics, of about 1 / (1 - `average`) steps. 0: the weights themselves."""
    encoder: float = 1.0
    """Of the rate, for the encoder of a network that started from pretrained weights; 1: all learn
    at one rate. What is frozen learns nothing in any case."""
    bfloat16: bool = False
    """Whether steps (never predictions) compute in bfloat16 where that is safe. On a processor
    without such instructions it is slower: see `bfloat16_pays`."""
    seconds: float = math.inf
    """Training ends with the batch in which so much processor time is up."""
    told: Callable[[int, float], None] = field(default=lambda _epoch, _score: None, compare=False)
    """Called with each epoch that is looked at and its score."""

    def rate_at(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0.

        >>> fast = Schedule(rate=1.0, course="one-cycle", rise=0.5)
        >>> [round(fast.rate_at(step, 8), 2) for step in range(8)]
        [0.25, 0.5, 0.75, 1.0, 0.85, 0.5, 0.15, 0.0]
        """
        if self.course == "constant":
            return self.rate
        done, up = (step + 1) / steps, max(self.rise, 1 / steps)
        if done <= up:
            return self.rate * done / up
        return self.rate * (1 + math.cos(math.pi * (done - up) / (1 - up))) / 2


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
    cost: Cost = field(default_factory=Cost)
    """Where the time went."""

    @property
    def parameters(self) -> int:
        """Trained numbers."""
        return sum(item.numel() for item in self.network.parameters())

    def predict(self, *arrays: NDArray[np.generic]) -> Values:
        """`value` [N, K]."""
        return predict(self.network, arrays)


def fit(
    build: Callable[[], nn.Module], train: Part, select: Part, schedule: Schedule, *, seed: int,
    augment: Augment | None = None,
) -> Fitted:  # fmt: skip
    """Build a network and train it; all that is random follows from `seed`.

    `augment` changes each training batch before the model sees it. The state of torch's global
    generator is left as it was.
    """
    train.outcome.require_learnable()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return _Training(build(), _source(train, augment), schedule, seed).until_best(select)


def bfloat16_pays() -> bool:
    """Whether this processor, or its graphics card, has instructions for bfloat16."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # no public name


def _source(part: Part, augment: Augment | None) -> Source:
    weights = part.outcome.weights
    return Source(
        labels=part.outcome.labels, weights=weights, inputs=part.arrays,
        counted=np.flatnonzero(weights.max(axis=1) > 0), augment=augment,
    )  # fmt: skip


class _Objective(nn.Module):
    """A network's loss as a module, which is what Fabric prepares."""

    def __init__(self, network: nn.Module, *, bfloat16: bool) -> None:
        super().__init__()
        self.network, self.mixed = network, bfloat16

    def forward(self, labels: Tensor, weights: Tensor, *arrays: Tensor) -> Tensor:
        network: Network = self.network  # type: ignore[assignment]  # nn.Module hides its methods' types
        if self.mixed:
            with torch.autocast(labels.device.type, torch.bfloat16):
                raw = network.raw(*arrays)
            return network.head.loss(raw.float(), labels, weights)
        return network.head.loss(network.raw(*arrays), labels, weights)


class _Training:
    def __init__(self, network: nn.Module, source: Source, schedule: Schedule, seed: int) -> None:
        self.network, self.schedule = network, schedule
        # Not "auto": Apple's devices have no float64, in which predictions are made.
        found = "cuda" if torch.cuda.is_available() else "cpu"
        self.fabric = Fabric(accelerator=found, devices=1)
        optimiser = torch.optim.AdamW(
            _groups(network, schedule), lr=schedule.rate, weight_decay=schedule.decay, fused=True
        )
        objective = _Objective(network, bfloat16=schedule.bfloat16)
        self.objective, self.optimiser = self.fabric.setup(objective, optimiser)
        self.average = MovingAverage(network, schedule.average) if schedule.average else None
        self.judged = self.average.network if self.average else network
        self.feed = Feed(source, schedule.batch, self.fabric.device, seed=seed)
        self.step, self.elapsed, self.used = 0, 0.0, 0.0

    def until_best(self, select: Part) -> Fitted:
        schedule, until = self.schedule, time.process_time() + self.schedule.seconds
        best, kept, at, cut = math.inf, self._weights(), 0, False
        watched = schedule.patience and select.outcome.weights.any()
        for epoch in range(1, schedule.epochs + 1):
            cut = not self._epoch(epoch, until)
            if epoch % schedule.every and epoch < schedule.epochs and not cut:
                continue
            score = select.outcome.score(predict(self.judged, select.arrays))
            schedule.told(epoch, score)
            if score < best or not watched:
                best, kept, at = score, self._weights(), epoch
            if cut or (watched and self._settled(epoch - at)):
                break
        self.judged.load_state_dict(kept)
        network = self.judged.to("cpu").eval()
        return Fitted(network=network, score=best, epochs=at, cut=cut, cost=self._cost())

    def _settled(self, since: int) -> bool:
        """Whether to stop, `since` epochs after the best one; one-cycle goes to its end."""
        return since >= self.schedule.patience and self.schedule.course == "constant"

    def _epoch(self, epoch: int, until: float) -> bool:
        """Whether every batch was seen before the time was up."""
        started, used, late = time.perf_counter(), time.process_time(), False
        _train_mode(self.network)
        with closing(self.feed.epoch(epoch)) as batches_of_epoch:
            for batch in batches_of_epoch:
                self._learn(batch)
                late = time.process_time() > until
                if late:
                    break
        self.network.eval()
        self.elapsed += time.perf_counter() - started
        self.used += time.process_time() - used
        return not late

    def _learn(self, batch: tuple[Tensor, ...]) -> None:
        steps = self.schedule.epochs * len(self.feed)
        for group in self.optimiser.param_groups:
            group["lr"] = group["share"] * self.schedule.rate_at(self.step, steps)
        loss = self.objective(*batch)
        self.optimiser.zero_grad()
        self.fabric.backward(loss)
        self.optimiser.step()
        self.step += 1
        if self.average:
            self.average.follow()

    def _cost(self) -> Cost:
        feed = self.feed
        return Cost(
            elapsed=self.elapsed, waiting=feed.waiting, used=self.used, loading=feed.loading
        )

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.judged.state_dict().items()}


def _groups(network: nn.Module, schedule: Schedule) -> list[dict[str, Any]]:
    """What learns, and at which share of the rate."""
    learning = [(name, one) for name, one in network.named_parameters() if one.requires_grad]
    if schedule.encoder == 1.0:
        return [{"params": [one for _, one in learning], "share": 1.0}]
    layout: Layout = network.layout()  # type: ignore[operator]  # nn.Module hides its methods' types
    head = [one for name, one in learning if layout.of_head(name)]
    body = [one for name, one in learning if not layout.of_head(name)]
    groups = [{"params": head, "share": 1.0}, {"params": body, "share": schedule.encoder}]
    return [group for group in groups if group["params"]]


def _train_mode(network: nn.Module) -> None:
    """Training mode, but for frozen parts: the statistics of their norms stay what they are."""
    network.train()
    for module in network.modules():
        own = list(module.parameters())
        if own and not any(one.requires_grad for one in own):
            module.eval()


def predict(network: nn.Module, arrays: Arrays) -> Values:
    """`value` [N, K] of a network in evaluation mode, a chunk of rows at a time."""
    device = next(network.parameters()).device
    rows, chunk = len(arrays[0]), min(_chunk(array) for array in arrays)
    with torch.inference_mode():
        chunks = [
            network(*(tensor(array[start : start + chunk], device) for array in arrays))
            for start in range(0, max(rows, 1), chunk)
        ]
    return np.concatenate([answer.cpu().numpy() for answer in chunks])


def _chunk(array: NDArray[np.generic]) -> int:
    return CHUNK if array.ndim <= 2 else max(1, min(CHUNK, NUMBERS // math.prod(array.shape[1:])))
