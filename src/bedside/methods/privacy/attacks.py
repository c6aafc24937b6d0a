"""All attacks by name, each with what it says in words and how it is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bedside.methods.intervals import Interval
from bedside.methods.privacy.copies import CHANCE_FEW, near_copies
from bedside.methods.privacy.inference import attribute_inference
from bedside.methods.privacy.linkability import linkability
from bedside.methods.privacy.measured import caught, excess
from bedside.methods.privacy.membership import by_density, by_distance
from bedside.methods.privacy.people import Found, People, rarest
from bedside.methods.privacy.singling_out import singling_out
from bedside.methods.synthesis.mixed import Mixed

ALARMS, ALARMS_RARE = 0.01, 0.05
"""Share of others whom a membership attack may take for members: of all, of the rarest tenth."""
RAREST = "rarest tenth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One way to learn of a patient from what was released."""

    name: str
    title: str
    asks: str
    """What the attacker does, in a sentence."""
    run: Callable[[People, Mixed, int], Found]


_ALL = (
    Attack(name="membership_distance", title="Membership, by distance",
           asks="takes for members those patients to whom a released record is near",
           run=lambda people, released, seed: by_distance(people, released)),  # noqa: ARG005  # one form for all
    Attack(name="membership_density", title="Membership, by density",
           asks="takes for members those to whom a released record is nearer than to be expected",
           run=lambda people, released, seed: by_density(people, released)),  # noqa: ARG005
    Attack(name="near_copies", title="Near copies",
           asks="looks for released records as close to a member as one other in twenty is",
           run=lambda people, released, seed: near_copies(people, released)),  # noqa: ARG005
    Attack(name="few_copies", title="A few copies",
           asks="looks for rows as close to a member as one other in two hundred is",
           run=lambda people, released, seed: near_copies(people, released, CHANCE_FEW)),  # noqa: ARG005
    Attack(name="singling_out", title="Singling out",
           asks="describes a patient by a few values of a released record, and finds exactly one",
           run=lambda people, released, seed: singling_out(people, released, seed=seed)),
    Attack(name="linkability", title="Linking records",
           asks="joins two halves of a record that both lead to one released record",
           run=lambda people, released, seed: linkability(people, released, seed=seed)),
    Attack(name="attribute_inference", title="Attribute inference",
           asks="knows all values of a patient but one, and reads it off the nearest record",
           run=lambda people, released, seed: attribute_inference(people, released)),  # noqa: ARG005
)  # fmt: skip
ATTACKS: Mapping[str, Attack] = {attack.name: attack for attack in _ALL}
"""By name."""


def gained(found: Found, *, rare: bool, seed: int, replicates: int) -> Interval:
    """Members caught at few false alarms, or successes beyond those with others."""
    if found.kind == "scores":
        rate = ALARMS_RARE if rare else ALARMS
        return caught(found, rate, seed=seed, replicates=replicates)
    return excess(found, seed=seed, replicates=replicates)


def among_rarest(found: Found, people: People) -> Found:
    """What was found of the rarest members and others."""
    return found.some(*rarest(people))
