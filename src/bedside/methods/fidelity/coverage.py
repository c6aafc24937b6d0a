"""Coverage: of how many real patients is a made-up one a near neighbour, and the other way round.

Naeem et al., Reliable fidelity and diversity metrics, ICML 2020 (coverage), and Kynkäänniemi et
al., NeurIPS 2019 (precision): a generator that drops a kind of patient has a low coverage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bedside.methods.intervals import Interval, estimate, resample
from bedside.methods.measures.sample import FloatArray
from bedside.methods.privacy.space import Space, nearest, space_of
from bedside.methods.proportion import wilson
from bedside.methods.synthesis.mixed import Mixed, Values

NEIGHBOURS = 5


class Covered(NamedTuple):
    """Of each real row whether a made-up one is near, and the other way round."""

    real: Values
    made: Values
    patients: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Whose the rows are; a made-up row goes with the patient whom it is nearest to."""

    def intervals(self, *, seed: int, replicates: int = 1000) -> dict[str, Interval]:
        """`coverage` and `precision`, by resampling patients, the table as it is."""
        return {
            name: _share(values, patients, seed=seed, replicates=replicates)
            for name, values, patients in zip(
                ("coverage", "precision"), self[:2], self.patients, strict=True
            )
        }


def coverage(real: Mixed, made: Mixed, space: Space | None = None) -> Mapping[str, float]:
    """`coverage` and `precision`, from 0 to 1."""
    found = covered(real, made, space)
    return {"coverage": float(found.real.mean()), "precision": float(found.made.mean())}


def covered(real: Mixed, made: Mixed, space: Space | None = None) -> Covered:
    """Row by row, as many of each kind."""
    space = space or space_of(real)
    size = min(len(real), len(made))
    here, there = (space.points(mixed)[:size] for mixed in (real, made))
    # The nearest of all is the patient, so one neighbour more.
    radius = nearest(here, here, min(NEIGHBOURS + 1, size))[0]
    found = nearest(here, there)[0] <= radius
    inside = [bool((np.linalg.norm(here - row, axis=1) <= radius).any()) for row in there]
    likest = nearest(there, here)[1][:, 0]
    own = made.subjects[:size] if made.subjects is not None else real.patients[likest]
    return Covered(
        real=found.astype(np.float64), made=np.array(inside, np.float64),
        patients=(real.patients[:size], own),
    )  # fmt: skip


def _share(values: Values, patients: NDArray[np.int64], *, seed: int, replicates: int) -> Interval:
    def mean(weights: FloatArray) -> dict[str, FloatArray]:
        return {"share": weights @ values / weights.sum(axis=1)}

    found = estimate(mean, resample(patients, replicates, seed))["share"]
    if found[0] not in (0.0, 1.0):
        return found
    total = len(np.unique(patients))  # of none or all, every resample says the same
    return wilson(round(found[0] * total), total)
