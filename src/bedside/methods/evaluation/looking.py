"""What a modality is given to look closer at the released model: on whom, with what, how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Schema
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.truth import Truth
from bedside.methods.intervals import Resamples
from bedside.methods.label_policy import AnyPolicy
from bedside.methods.measures import FloatArray, IntArray

Arrays = Mapping[str, NDArray[np.generic]]
Compute = Callable[[Arrays], tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as its graph answers."""

    name: str
    compute: Compute
    """Arrays of N samples to `value` [N, K] and `novelty` [N]."""
    edges: FloatArray | None
    """Ends of the intervals of a survival curve."""
    folder: Path
    """Where train left it."""

    def predict(self, arrays: Arrays) -> NDArray[np.float32]:
        """`value` [N, K]."""
        return self.compute(arrays)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """The released model before N rows of patients that it has not seen."""

    dataset: Dataset
    schema: Schema
    rows: IntArray
    """[N] of the data set."""
    arrays: Arrays
    truth: Truth
    resamples: Resamples
    record: Record
    model: Model
    policy: AnyPolicy
    control: Model | None
    """The same model, learnt on shuffled outcomes, where there is one."""
    seed: int
    repeats: int
    replicates: int
    """Bootstrap resamples of what is computed again and again."""
    most_rows: int
    folder: Path
    """Where pictures go; `pictures.json` tells of them."""

    def some(self) -> Looking:
        """At most `most_rows` of the rows, drawn by the seed, with resamples of their own."""
        truth, arrays, rows = self.truth, self.arrays, self.rows
        if len(truth) > self.most_rows:
            order = np.random.Generator(np.random.Philox(key=self.seed)).permutation(len(truth))
            chosen = np.sort(order[: self.most_rows])
            arrays = {name: values[chosen] for name, values in arrays.items()}
            truth, rows = truth.rows(chosen), rows[chosen]
        resamples = truth.resamples(self.replicates, self.seed)
        return replace(self, truth=truth, arrays=arrays, rows=rows, resamples=resamples)
