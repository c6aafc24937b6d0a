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
    def shown(self) -> str:
        """The standing, or that there is none."""
        return "not judged" if self.limit is None else self.standing

    @property
    def why(self) -> str:
        """In words, for what is not a pass."""
        if self.standing == "fail":
            return f"{self.called} may gain more than the limit"
        if self.others < self.fewest:
            return f"{self.called}: {self.others} people to compare with are too few"
        return f"{self.called} does not see a copy, so that it proves nothing"

    @property
    def called(self) -> str:
        """In running text."""
        where = f" among the {RAREST}" if self.slice != "all" else ""
        return f"{self.short}{where}"

    @property
    def short(self) -> str:
        """The title in running text, without a comma, as it may stand in a list."""
        return f"{self.title[0].lower()}{self.title[1:]}".replace(",", "")


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
    fits_to_test: int | None = None
    """Fits with which it could have proved more than was promised; None: more than anybody fits."""
    accepted: bool = False
    """Whether the study lets an untested promise pass."""

    @property
    def tested(self) -> bool:
        """Whether canaries could have refuted the promise."""
        if self.epsilon is None or self.provable is None:
            return False
        return self.provable > self.epsilon

    @property
    def promise(self) -> Standing:
        """Fail where canaries refute it; unknown where they could not have; else pass, as where
        there is none."""
        if self.epsilon is None:
            return "pass"
        if self.proved is None or not self.proved <= self.epsilon:
            return "fail"
        return "pass" if self.tested or self.accepted else "unknown"

    @property
    def reasons(self) -> list[str]:
        """Why it may not; none: it may."""
        found = [leak.why for leak in self.leaks if leak.standing != "pass"]
        if self.promise == "fail":
            found.append("planted canaries refute the promised epsilon")
        if self.promise == "unknown":
            found.append(self._untested)
        return found

    @property
    def _untested(self) -> str:
        more = f"audit_fits of at least {self.fits_to_test:,}, or " if self.fits_to_test else ""
        return (
            f"the promised epsilon of {self.epsilon:.3g} was not put to the test, as so few canary "
            f"fits can prove {self.provable:.3g} at most (set {more}accept_untested to let it rest "
            "on the accounting alone)"
        )

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
