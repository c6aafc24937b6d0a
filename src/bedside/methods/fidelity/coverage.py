"""Coverage: of how many real patients is a made-up one a near neighbour, and the other way round.

Naeem et al., Reliable fidelity and diversity metrics, ICML 2020 (coverage), and Kynkäänniemi et
al., NeurIPS 2019 (precision): a generator that drops a kind of patient has a low coverage.
"""

from __future__ import annotations

import numpy as np

from bedside.methods.privacy.space import Space, nearest, space_of
from bedside.methods.synthesis.mixed import Mixed

NEIGHBOURS = 5


def coverage(real: Mixed, made: Mixed, space: Space | None = None) -> dict[str, float]:
    """`coverage` and `precision`, from 0 to 1."""
    space = space or space_of(real)
    size = min(len(real), len(made))
    here, there = (space.points(mixed)[:size] for mixed in (real, made))
    # The nearest of all is the patient, so one neighbour more.
    radius = nearest(here, here, min(NEIGHBOURS + 1, size))[0]
    found = nearest(here, there)[0] <= radius
    inside = [bool((np.linalg.norm(here - row, axis=1) <= radius).any()) for row in there]
    return {"coverage": float(found.mean()), "precision": float(np.mean(inside))}
