"""Who is attacked: members, others like them, and independent people whom an attacker knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bedside.methods.privacy.space import Space, nearest, space_of
from bedside.methods.synthesis.mixed import Mixed, Values

RARE = 0.1
NEIGHBOURS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Real patients in their roles; no one has two."""

    members: Mixed
    """Whom the generator learnt from, or some of them."""
    others: Mixed
    """Like them, and unknown to it: what an attack finds about them is chance."""
    reference: Mixed
    """Independent people whom an attacker may know the distribution from."""

    def space(self) -> Space:
        """In which likeness is measured; of the independent people alone."""
        return space_of(self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an attack found of each patient, or each attempt: a score, or a share of successes."""

    name: str
    kind: Literal["scores", "successes"]
    members: Values
    """[M]; higher is more sure that it is a member, or the share of successes."""
    others: Values
    """[C]; the same of people who are none."""
    by_patient: bool = True
    """Whether they are in the order of the people, so that some of them can be looked at alone."""


def rarest(people: People, share: float = RARE) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Members and others who are least like independent people: as far off as that share is."""
    space = people.space()
    reference = space.points(people.reference)
    members, others = (
        nearest(space.points(mixed), reference, NEIGHBOURS)[0]
        for mixed in (people.members, people.others)
    )
    limit = np.quantile(others, 1 - share)
    return members >= limit, others >= limit
