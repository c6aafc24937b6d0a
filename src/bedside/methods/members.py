"""Several networks of one design, each from draws of its own, whose answers are averaged.

What one of them learnt by chance the others did not, so that the mean is nearer to the truth and
says how sure it may be (Lakshminarayanan, Pritzel and Blundell, Simple and scalable predictive
uncertainty estimation using deep ensembles, NeurIPS 2017, arXiv 1612.01474).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from bedside.core.randomness import stream
from bedside.methods.batches import Arrays, Augment, Cost, Rows
from bedside.methods.fit import Fitted, Part, Schedule, fit

_DRAWS = 0x3E3B
"""Of `stream`: seeds of members."""


class Members(nn.Module):
    """The mean of what its members answer to one array, as one network."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, x: Tensor) -> Tensor:
        """`value`, as each member gives it."""
        first, *others = self.members
        total: Tensor = first(x)
        for other in others:
            total = total + other(x)
        return total / len(self.members)


def fit_members(
    build: Callable[[], nn.Module], parts: Sequence[tuple[Part, Part]], schedule: Schedule, *,
    seed: int, augment: Augment | None = None,
) -> Fitted:  # fmt: skip
    """Train a network as `fit` does for each of `parts`, side by side, and put them together.

    `parts` are what each member learns from and what it is judged by, which it has not learnt
    from. Each begins at other weights, takes the rows in another order and sees other
    augmentations. Each has a thread of its own, which changes no number; where a network drops
    out, they come one after the other, as torch has one generator for all threads.
    `schedule.seconds` are of all members together. One member is what `fit` gives.

    The score is the mean of the members' own: what each reaches with patients new to it, which
    their mean does at least as well on.
    """
    members = len(parts)
    if members == 1:
        return fit(build, *parts[0], schedule, seed=seed, augment=augment)
    seeds = [seed, *(_seed(seed, member) for member in range(1, members))]
    until = time.process_time() + schedule.seconds
    with torch.random.fork_rng():
        networks = [_built(build, one) for one in seeds]

        def trained(member: int) -> Fitted:
            left = replace(schedule, seconds=max(until - time.process_time(), 0.0))
            return fit(
                lambda: networks[member], *parts[member], left, seed=seeds[member],
                augment=_anew(augment, member * schedule.epochs),
            )  # fmt: skip

        threads = 1 if _drops(networks[0]) else members
        with ThreadPoolExecutor(threads, "members", torch.set_num_threads, (1,)) as pool:
            found = list(pool.map(trained, range(members)))
    return _together(found)


def folds(known: NDArray[np.bool_], subjects: NDArray[np.int64], members: int) -> list[Rows]:
    """Rows by which each member is judged, so that it may learn from the others'.

    This is cross-validation of a committee (Krogh and Vedelsby, NeurIPS 1994). The rows of a
    subject stay together. With fewer labelled subjects than members, or with one member, all judge
    each, and nobody may learn from them.

    known       [N] whether a row has a label
    subjects    [N] integer codes
    gives       row numbers for each member
    """
    rows = np.arange(len(known))
    labelled = np.unique(subjects[known])
    if members == 1 or len(labelled) < members:
        return [rows] * members
    # The labelled are dealt out first, so that each fold has some to judge by.
    dealt = np.concatenate([labelled, np.setdiff1d(subjects, labelled)])
    return [rows[np.isin(subjects, dealt[member::members])] for member in range(members)]


def _built(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return build()


def _drops(network: nn.Module) -> bool:
    return any(isinstance(part, _DropoutNd) and part.p > 0 for part in network.modules())


def _together(found: Sequence[Fitted]) -> Fitted:
    return Fitted(
        network=Members([one.network for one in found]).eval(),
        score=float(np.mean([one.score for one in found])),
        epochs=max(one.epochs for one in found), cut=any(one.cut for one in found),
        cost=Cost(
            elapsed=sum(one.cost.elapsed for one in found),
            waiting=sum(one.cost.waiting for one in found),
            used=sum(one.cost.used for one in found),
            loading=sum(one.cost.loading for one in found),
        ),
    )  # fmt: skip


def _seed(seed: int, member: int) -> int:
    return int(stream(seed, _DRAWS, member).integers(1 << 31))


def _anew(augment: Augment | None, past: int) -> Augment | None:
    """The augmentation as if `past` epochs had been."""
    if augment is None or not past:
        return augment

    def later(
        arrays: Arrays, labels: NDArray[np.generic], rows: Rows, *, epoch: int
    ) -> tuple[Arrays, NDArray[np.generic]]:
        return augment(arrays, labels, rows, epoch=past + epoch)

    return later
