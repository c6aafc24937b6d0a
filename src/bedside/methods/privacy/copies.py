"""Near copies: released rows that are as close to a member as hardly anybody else is.

How close that is, is taken from others: one in twenty of them is as close to some member by chance,
or one in two hundred, by which a few copies are seen among much that is unlike any member. With one
in twenty, rows that lie farther off than others do would make up for them.
"""

from __future__ import annotations

import numpy as np

from bedside.core.randomness import stream
from bedside.methods.intervals import Interval, estimate, resample
from bedside.methods.measures.sample import FloatArray
from bedside.methods.privacy.people import Found, People
from bedside.methods.privacy.space import nearest
from bedside.methods.synthesis.mixed import Mixed

CHANCE, CHANCE_FEW = 0.05, 0.005


def near_copies(people: People, released: Mixed, chance: float = CHANCE) -> Found:
    """Successes: released rows, and others, who are that close to a member.

    A released row goes with the member to whom it is nearest, as several can be copies of one; real
    people in the place of the table go with themselves.
    """
    space = people.space()
    members = space.points(people.members)
    rows, likest = nearest(space.points(released), members)
    others, _ = nearest(space.points(people.others), members)
    whose = people.members.patients[likest[:, 0]]
    if released.subjects is not None:
        whose = released.subjects
    return Found(
        name="near_copies", kind="successes", by_patient=False, members=-rows, others=-others,
        patients=(whose, people.others.patients), chance=chance,
    )  # fmt: skip


def closest_share(
    people: People, released: Mixed, *, seed: int, replicates: int = 1000
) -> Interval:
    """Share of released rows that are closer to a member than to as many others; 0.5 is chance.

    A row goes with the person to whom it is nearest. Not a measure of privacy by itself (Yao et
    al., The DCR Delusion, ESORICS 2025): show it beside attacks.
    """
    space = people.space()
    size = min(len(people.members), len(people.others))
    some = people.members.rows(stream(seed, 5).permutation(len(people.members))[:size])
    sides = some, people.others.rows(np.arange(size))
    rows = space.points(released)
    far, likest = zip(*(nearest(rows, space.points(side)) for side in sides), strict=True)
    closer = (far[0] < far[1]) + 0.5 * (far[0] == far[1])
    whose = [
        np.unique(side.patients, return_inverse=True)[1][place[:, 0]] * 2 + at
        for at, (side, place) in enumerate(zip(sides, likest, strict=True))
    ]
    patients = np.where(far[0] < far[1], *whose)

    def share(weights: FloatArray) -> dict[str, FloatArray]:
        return {"closer": weights @ closer / weights.sum(axis=1)}

    return estimate(share, resample(patients, replicates, seed))["closer"]
