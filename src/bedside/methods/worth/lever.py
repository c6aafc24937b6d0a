"""The arms of the experiment: what each changes in what a model learns from.

An arm is the same training, with the same patients, seed, search and steps, but for one change: a
lever, several, or a control whose worth is known. To add a lever, write a function from a Draft to
another and give it a line in STEPS; it sees the patients of the prefix and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bedside.core.randomness import stream
from bedside.core.spec import Plain
from bedside.methods.cases import Cases, joined
from bedside.methods.entrant import Arrays, Lesson
from bedside.methods.pretraining.start import Start
from bedside.methods.synthesis.generator import Generator

Whom = Literal["prefix", "others", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A lesson in the making: the prefix's patients, and what is done with them."""

    train: Cases
    select: Cases
    chain: Plain = None
    start: Start | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What levers draw on; all are fitted anew inside each prefix."""

    seed: int
    share: float = 1.0
    """Rows that synthesis, and its control of copies, adds for each real one."""
    chain: Plain = None
    """The study's augmentation."""
    generator: Callable[[Cases, int], Generator] | None = None
    """Fits a generator to cases, with a seed."""
    pretrain: Callable[[Arrays, int], Start] | None = None
    """Learns from inputs without labels, with a seed."""

    @property
    def rows(self) -> Callable[[int], int]:
        """How many rows are added to so many real ones."""
        return lambda real: max(1, round(self.share * real))


Step = Callable[[Draft, Means], Draft]


def pretrained(draft: Draft, means: Means) -> Draft:
    """The prefix's inputs, learnt without their labels first."""
    if means.pretrain is None:
        raise LookupError("pretraining")
    both = {
        name: np.concatenate([values, draft.select.arrays[name]])
        for name, values in draft.train.arrays.items()
    }
    return replace(draft, start=means.pretrain(both, means.seed))


def synthesised(draft: Draft, means: Means) -> Draft:
    """Made-up cases beside the real ones, of a generator that saw these alone."""
    if means.generator is None:
        raise LookupError("synthesis")
    made = means.generator(draft.train, means.seed).sample(
        means.rows(len(draft.train)), seed=means.seed
    )
    return replace(draft, train=joined(draft.train, made))


def copied(draft: Draft, means: Means) -> Draft:
    """As many copies of real cases as synthesis would make up."""
    rows = len(draft.train)
    drawn = stream(means.seed, 77).integers(0, rows, means.rows(rows))
    return replace(draft, train=joined(draft.train, draft.train.rows(drawn)))


def augmented(draft: Draft, means: Means) -> Draft:
    """Samples changed in training as the study says."""
    return replace(draft, chain=means.chain)


STEPS: Mapping[str, Step] = {
    "pretraining": pretrained,
    "synthesis": synthesised,
    "duplicates": copied,
    "augmentation": augmented,
}
"""In the order in which they are taken."""
LEVERS = ("augmentation", "synthesis", "pretraining")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way to learn: from whom, and with which steps."""

    name: str
    steps: tuple[str, ...] = ()
    whom: Whom = "prefix"
    """The prefix; as many others; both together."""

    def draft(self, draft: Draft, means: Means) -> Draft:
        """The draft after this arm's steps."""
        for name, step in STEPS.items():
            if name in self.steps:
                draft = step(draft, means)
        return draft


BASE = Arm(name="base")
CONTROLS = (
    Arm(name="placebo", whom="others"),
    Arm(name="oracle", whom="both"),
    Arm(name="duplicates", steps=("duplicates",)),
)


def arm_of(levers: tuple[str, ...]) -> Arm:
    """The arm of a lever, or of several together.

    >>> arm_of(("synthesis", "augmentation")).name
    'augmentation + synthesis'
    """
    known = tuple(name for name in LEVERS if name in levers)
    return Arm(name=" + ".join(known), steps=known)


def started(lesson: Lesson, draft: Draft) -> Lesson:
    """The lesson with the draft's augmentation and beginning."""
    return replace(lesson, chain=draft.chain, start=draft.start)
