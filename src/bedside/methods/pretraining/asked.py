"""What a study asks of pretraining, as that stage leaves it for whoever pretrains again.

`bedside worth` fits the lever anew inside each budget of labels: it has to be the study's own, with
the same objective and length, the same unlabelled pool, or the same file of weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bedside.core.errors import RunError
from bedside.core.run import write_text
from bedside.core.spec import Source, build, plain
from bedside.methods.entrant import Arrays
from bedside.methods.pretraining.plan import Objective
from bedside.methods.pretraining.pool import Added, joined
from bedside.methods.pretraining.start import Tune

NAME = "asked.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`[pretrain]`, with what was left open decided."""

    model: str
    """The network whose encoder it is."""
    objective: Objective
    epochs: int
    seconds: float
    tune: Tune
    weights: bool = False
    """Whether the encoder came from a file: then nothing is learnt again."""
    pool: tuple[str, ...] = ()
    """Arrays of the unlabelled pool, each a file beside this one; empty: there is no pool."""


def write_asked(folder: Path, asked: Asked, added: Added | None) -> None:
    """Leave it in a run's folder, the pool's samples too."""
    if added is not None:
        for name in asked.pool:
            np.save(_pool_file(folder, name), added.arrays[name], allow_pickle=False)
    write_text(folder / NAME, json.dumps(plain(asked)))


def read_asked(folder: Path) -> Asked:
    """What `write_asked` wrote; RunError where it is damaged."""
    try:
        told = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(
            f"{folder.name}/{NAME}", expected="what the study asks of pretraining",
            found="none or a damaged file", hint=f"remove {folder.name} and run again",
        ) from error  # fmt: skip
    return build(Asked, told, Source(NAME))


def with_pool(inputs: Arrays, asked: Asked, folder: Path) -> Arrays:
    """Inputs, and behind them those of the unlabelled pool that lies in `folder`."""
    if not asked.pool:
        return inputs
    return joined(inputs, {
        name: np.load(_pool_file(folder, name), mmap_mode="r", allow_pickle=False)
        for name in inputs
    })  # fmt: skip


def _pool_file(folder: Path, name: str) -> Path:
    return folder / f"pool-{name}.npy"
