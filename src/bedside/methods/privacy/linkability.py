"""Linkability: do two halves of a record, seen apart, lead to the same released row?

Giomi et al., A unified framework for quantifying privacy risk in synthetic data, PoPETs 2023.
"""

from __future__ import annotations

import numpy as np

from bedside.core.randomness import stream
from bedside.methods.privacy.people import Found, People
from bedside.methods.privacy.space import nearest
from bedside.methods.synthesis.mixed import Mixed

HALVINGS = 4
"""Ways to part the columns in two."""


def linkability(people: People, released: Mixed, *, seed: int) -> Found:
    """Successes: share of the halvings in which both halves' nearest released row is the same."""
    space = people.space()
    width = len(released.columns)
    found = [np.zeros(len(people.members)), np.zeros(len(people.others))]
    for halving in range(HALVINGS):
        order = stream(seed, 6, halving).permutation(width).tolist()
        halves = order[: width // 2], order[width // 2 :]
        rows = [space.points(released, half) for half in halves]
        for at, mixed in enumerate((people.members, people.others)):
            first, second = (
                nearest(space.points(mixed, half), those)[1][:, 0]
                for half, those in zip(halves, rows, strict=True)
            )
            found[at] += (first == second) / HALVINGS
    return Found(
        name="linkability", kind="successes", members=found[0], others=found[1],
        patients=people.patients,
    )  # fmt: skip
