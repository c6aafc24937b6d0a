"""Which generation of networks is enough: the earliest that no other surpasses by what is worth it.

A generation is enough when its paired interval against every other one stays within the worthwhile
margin. To ask it of all pairs is the intersection-union test of being as good as the best: it needs
no correction for their number, and nobody has to pick the best beforehand (Berger, Technometrics
1982;24:295; margins: Piaggio et al., JAMA 2012;308:2594).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bedside.methods.evaluation.comparison import Measured
from bedside.methods.evaluation.verdict import WORTHWHILE, WORTHWHILE_SHARE
from bedside.methods.intervals import Interval
from bedside.methods.measure_words import words
from bedside.methods.measures import primary
from bedside.methods.words import interval, joined, patients

Standing = Literal["enough", "falls short", "cannot be told"]
_MEASURES = {
    "auroc": "an AUROC", "macro_auroc": "a mean AUROC over labels",
    "c_index": "a concordance index", "rmse": "an RMSE", "dice": "a mean Dice",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One generation before the held-out patients."""

    name: str
    title: str
    year: int
    measured: Measured

    @property
    def called(self) -> str:
        """Name and year."""
        return f"{self.title} ({self.year})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """All generations, oldest first, and whom they were measured on."""

    task: str
    contenders: Sequence[Contender]
    guess: Measured
    """Of giving everybody the same answer."""
    subjects: int
    enough_patients: bool = True
    """Whether there are enough patients and outcomes to trust an interval at all."""
    worthwhile: float | None = None
    """None: 0.01, or for an error 2 % of the best's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sufficiency:
    """The answer."""

    ladder: Ladder
    best: Contender
    """The best value on these patients; it only says what the others are set beside."""
    margin: float
    learnt: bool
    """Whether the best is shown to be better than a guess."""
    standings: Mapping[str, Standing]
    gaps: Mapping[str, Interval]
    """Each generation minus the best, in the measure's own direction."""

    @property
    def worth(self) -> str:
        """The margin, as short as it can be said."""
        return f"{self.margin:.2g}"

    @property
    def enough(self) -> Contender | None:
        """The earliest generation that is enough; None: these patients cannot tell."""
        if not self.learnt:
            return None
        able = [one for one in self.ladder.contenders if self.standings[one.name] == "enough"]
        return able[0] if able else None

    def headline(self) -> str:
        """One line."""
        found = self.enough
        if found is not None:
            return f"{found.called} is enough: {self._value(found)}{self._behind(found)}"
        if not self.learnt and self.ladder.enough_patients:
            return f"no generation is shown to be better than guessing: {self._value(self.best)}"
        return (
            f"which generation is enough cannot be told with {patients(self.ladder.subjects)}; "
            f"best: {self.best.called}, {self._value(self.best)}"
        )

    def sentence(self) -> str:
        """For people: which generation is enough, the numbers behind it, what is open."""
        found = self.enough
        if not self.learnt and self.ladder.enough_patients:
            return (
                f"No generation is shown to be better than guessing: the best, {self.best.called}, "
                f"has {self._a_measure} of {self._shown(self.best)} on "
                f"{patients(self.ladder.subjects)}. So none is enough."
            )
        if found is None:
            return " ".join([self._undecided(), *self._short_ones()])
        beside = self._beside(found)
        return " ".join([f"{found.called} is enough for this task. {beside}", *self._earlier()])

    def _undecided(self) -> str:
        said = (
            "Which generation is enough cannot be told with "
            f"{patients(self.ladder.subjects)}. The best, {self.best.called}, has "
            f"{self._a_measure} of {self._shown(self.best)}"
        )
        if not self.ladder.enough_patients:
            return f"{said}; so few patients or outcomes decide nothing."
        return f"{said}; no generation is sure to be within {self.worth} of all others."

    def _beside(self, found: Contender) -> str:
        said = (
            f"It has {self._a_measure} of {self._shown(found)} on {patients(self.ladder.subjects)}"
        )
        if found.name == self.best.name:
            return (
                f"{said}, the best of all, and no other can be better by as much as {self.worth}."
            )
        return (
            f"{said}; the best, {self.best.called}, has {self._shown(self.best)}. The difference "
            f"is {interval(*self.gaps[found.name])}; no other generation can be better by as much "
            f"as {self.worth}."
        )

    def _earlier(self) -> list[str]:
        """What is known of the generations before the one that is enough."""
        found = self.enough
        before = [one for one in self.ladder.contenders if found and one.year < found.year]
        short = [one.called for one in before if self.standings[one.name] == "falls short"]
        open_ = [one.called for one in before if self.standings[one.name] == "cannot be told"]
        said = []
        if short:
            said.append(f"{joined(short)} {'falls' if len(short) == 1 else 'fall'} short.")
        if open_:
            said.append(f"Whether {joined(open_)} would do too, these patients cannot tell.")
        return said

    def _short_ones(self) -> list[str]:
        short = [
            one.called
            for one in self.ladder.contenders
            if self.standings[one.name] == "falls short"
        ]
        if not short:
            return []
        verb = "falls" if len(short) == 1 else "fall"
        return [f"{joined(short)} {verb} short of it."]

    def _behind(self, found: Contender) -> str:
        if found.name == self.best.name:
            return ", the best of all"
        return f", {interval(*self.gaps[found.name])} from the best, {self.best.called}"

    def _value(self, one: Contender) -> str:
        return f"{self._short} {self._shown(one)}"

    def _shown(self, one: Contender) -> str:
        return interval(*one.measured.intervals()[primary(self.ladder.task).measure])

    @property
    def _short(self) -> str:
        return words(primary(self.ladder.task).measure).short

    @property
    def _a_measure(self) -> str:
        return _MEASURES[primary(self.ladder.task).measure]


def sufficient(ladder: Ladder) -> Sufficiency:
    """Judge every generation against every other."""
    name, higher = primary(ladder.task)
    ranked = sorted(ladder.contenders, key=lambda one: _rank(one.measured.points[name], higher))
    best = ranked[-1]
    margin = ladder.worthwhile
    if margin is None:
        value = best.measured.points[name]
        margin = WORTHWHILE if higher else WORTHWHILE_SHARE * value
    standings = {one.name: _standing(one, ladder, best, margin) for one in ladder.contenders}
    return Sufficiency(
        ladder=ladder, best=best, margin=margin, standings=standings,
        learnt=_benefit(best.measured, ladder.guess, name, higher)[1] > 0,
        gaps={one.name: one.measured.minus(best.measured)[name] for one in ladder.contenders},
    )  # fmt: skip


def _standing(one: Contender, ladder: Ladder, best: Contender, margin: float) -> Standing:
    if not ladder.enough_patients:
        return "cannot be told"
    name, higher = primary(ladder.task)
    others = [other for other in ladder.contenders if other.name != one.name]
    lows = [_benefit(one.measured, other.measured, name, higher)[1] for other in others]
    if all(low > -margin for low in lows):
        return "enough"
    high = _benefit(one.measured, best.measured, name, higher)[2]
    return "falls short" if high < -margin else "cannot be told"


def _benefit(one: Measured, other: Measured, name: str, higher: bool) -> Interval:
    """One less the other; above 0 the one is better."""
    value, low, high = one.minus(other)[name]
    return (value, low, high) if higher else (-value, -high, -low)


def _rank(value: float, higher: bool) -> float:
    if not math.isfinite(value):
        return -math.inf
    return value if higher else -value
