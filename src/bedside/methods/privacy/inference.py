"""Attribute inference: who knows all but one of a patient's values reads the last one off.

The attacker takes it from the released row that is nearest by the other values (Giomi et al.,
PoPETs 2023). What is found out equally of others is what any table of such patients tells.
"""

from __future__ import annotations

import numpy as np

from bedside.methods.privacy.people import Found, People
from bedside.methods.privacy.space import Space, nearest
from bedside.methods.synthesis.mixed import Mixed, Values

CLOSE = 0.02
"""A number is read off where it is within so much of the truth, by rank."""


def attribute_inference(people: People, released: Mixed) -> Found:
    """Successes: share of a patient's values that are read off."""
    space = people.space()
    width = len(released.columns)
    found = [np.zeros(len(people.members)), np.zeros(len(people.others))]
    for secret in range(width):
        rest = [at for at in range(width) if at != secret]
        rows = space.points(released, rest)
        for at, mixed in enumerate((people.members, people.others)):
            likest = nearest(space.points(mixed, rest), rows)[1][:, 0]
            guess = released.values[likest, secret]
            found[at] += _read(space, guess, mixed.values[:, secret], secret) / width
    return Found(
        name="attribute_inference", kind="successes", members=found[0], others=found[1],
        patients=people.patients,
    )  # fmt: skip


def _read(space: Space, guess: Values, truth: Values, at: int) -> Values:
    """[N] 1 where the guess is as good as the truth."""
    if not space.numeric[at]:
        return np.asarray(guess == truth, np.float64)
    apart = np.abs(space.ranks(guess, at) - space.ranks(truth, at))
    return np.asarray(apart <= CLOSE, np.float64)
