"""Whether made-up patients may leave: every attack under its limit, by instruments that see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bedside.methods.evaluation.record import clean
from bedside.methods.intervals import Interval
from bedside.methods.privacy.attacks import RAREST
from bedside.methods.words import joined

Standing = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """What one attack gained from the table, between floor and ceiling."""

    attack: str
    title: str
    asks: str
    slice: str
    """`all`, or the rarest tenth."""
    unit: Literal["caught", "excess"]
    synthetic: Interval
    copy: Interval
    """The ceiling: a verbatim copy of the members in the place of the table."""
    real: Interval
    """The floor: independent people in its place."""
    limit: float | None
    """None: shown, and not judged."""
    members: int
    """Patients."""
    others: int
    """Patients to compare with."""
    fewest: int

    @property
    def standing(self) -> Standing:
        """Fail where the upper end is above the limit; unknown where the attack is blind."""
        high, ceiling = clean(self.synthetic[2]), clean(self.copy[0])
        if self.limit is None:
            return "pass"
        if self.others < self.fewest or high is None or ceiling is None:
            return "unknown"
        if not ceiling > self.limit:
            return "unknown"
        return "pass" if high <= self.limit else "fail"

    @property
    def why(self) -> str:
        """In words, for what is not a pass."""
        if self.standing == "fail":
            return f"{self._called} may gain more than the limit"
        if self.others < self.fewest:
            return f"{self._called}: {self.others} people to compare with are too few"
        return f"{self._called} does not see a copy, so that it proves nothing"

    @property
    def _called(self) -> str:
        where = f" of the {RAREST}" if self.slice != "all" else ""
        return f"{self.title[0].lower()}{self.title[1:]}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """May the table leave?"""

    leaks: Sequence[Leak]
    epsilon: float | None = None
    """What was promised."""
    proved: float | None = None
    """What a canary proved at least."""
    provable: float | None = None
    """What it would have proved at most, were there no noise."""

    @property
    def reasons(self) -> list[str]:
        """Why it may not; none: it may."""
        found = [leak.why for leak in self.leaks if leak.standing != "pass"]
        if self.epsilon is not None and (self.proved is None or self.proved > self.epsilon):
            found.append("planted canaries refute the promised epsilon")
        return found

    @property
    def leaves(self) -> bool:
        """Whether it may."""
        return not self.reasons

    def sentence(self) -> str:
        """For a headline."""
        if self.leaves:
            return "this synthetic table may leave: no attack gained more than its limit"
        first, *more = self.reasons
        beside = f" (and {len(more)} more reasons)" if len(more) > 1 else ""
        told = first if beside else joined(self.reasons)
        return f"this synthetic table may not leave: {told}{beside}"
