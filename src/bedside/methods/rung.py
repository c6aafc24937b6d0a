"""One rung of a ladder of networks, and what each may spend; light, so that a list is quick."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A generation of networks: what it is called, when it came, what it brought."""

    name: str
    title: str
    year: int
    added: str
    """What it added to what was there before, in one sentence."""
    source: str
    rate: float = 3e-3
    """The learning rate that is tried first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a kind of data is usually trained on; a study may say otherwise."""

    steps: int
    batch: int
    looks: int
    """Looks at `select` in a training, evenly spaced; the best one is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What every rung may spend, the same for all."""

    trials: int
    """Settings that are tried."""
    pace: Pace
    """Steps of the optimiser in each try are brought to a whole number of epochs."""
    seconds: float
    """Processor time of all tries; none starts after it, and a training ends with it."""
