"""Who is attacked: members, others like them, and independent people whom an attacker knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bedside.methods.privacy.space import Space, nearest, space_of
from bedside.methods.synthesis.mixed import Mixed, Values

Rows = NDArray[np.int64]
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

    @property
    def patients(self) -> tuple[Rows, Rows]:
        """Whose the rows of members and of others are."""
        return self.members.patients, self.others.patients

    def space(self) -> Space:
        """In which likeness is measured; of the independent people alone."""
        return space_of(self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an attack found of each row of members and others: a score, or a share of successes."""

    name: str
    kind: Literal["scores", "successes"]
    members: Values
    """[M]; higher is more sure that it is a member, or the share of successes."""
    others: Values
    """[C]; the same of people who are none."""
    patients: tuple[Rows, Rows]
    """[M] and [C] whose each of them is, as integer codes: what is drawn together."""
    chance: float | None = None
    """Of successes: the values are scores, and it succeeds where a score is as high as those of
    this share of the others."""
    by_patient: bool = True
    """Whether they are in the order of the people, so that some of them can be looked at alone."""

    def some(self, members: NDArray[np.bool_], others: NDArray[np.bool_]) -> Found:
        """What was found of these alone."""
        patients = self.patients[0][members], self.patients[1][others]
        return replace(
            self, members=self.members[members], others=self.others[others], patients=patients
        )


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
