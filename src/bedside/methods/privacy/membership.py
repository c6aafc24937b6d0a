"""Membership inference: was this patient among those that the generator learnt from?

By the nearest released row (Chen et al., GAN-Leaks, CCS 2020), and by density: how much nearer a
released row is than an independent person is (DOMIAS, van Breugel et al., AISTATS 2023).
"""

from __future__ import annotations

import numpy as np

from bedside.methods.privacy.people import Found, People
from bedside.methods.privacy.space import nearest
from bedside.methods.synthesis.mixed import Mixed

SMOOTH = 0.02
"""Added to distances before their ratio: two ranks apart is no nearer than one."""


def by_distance(people: People, released: Mixed) -> Found:
    """Scores: minus the distance to the nearest released row."""
    space = people.space()
    rows = space.points(released)
    members, others = (
        -nearest(space.points(mixed), rows)[0] for mixed in (people.members, people.others)
    )
    return Found(
        name="membership_distance", kind="scores", members=members, others=others,
        patients=people.patients,
    )  # fmt: skip


def by_density(people: People, released: Mixed) -> Found:
    """Scores: log ratio of the distances to the nearest independent person and released row."""
    space = people.space()
    rows, known = space.points(released), space.points(people.reference)
    members, others = (
        np.log(nearest(points, known)[0] + SMOOTH) - np.log(nearest(points, rows)[0] + SMOOTH)
        for points in (space.points(people.members), space.points(people.others))
    )
    return Found(
        name="membership_density", kind="scores", members=members, others=others,
        patients=people.patients,
    )  # fmt: skip
