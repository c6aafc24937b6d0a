"""Whether an estimate can be trusted at all: what k comes out where it is known.

placebo     as many other labels, disjoint from the first: worth 1
oracle      as many real labels again: worth 2
duplicates  the real labels copied: no information, worth about 1; where it is not, the learner's
            regularisation reads copies as certainty, and made-up cases must be held against it
            (Pink and Sykes, PMLR 2026;318:954)

Placebo and oracle are a gate: where one fails, no k is printed. At 99 %, because at 95 % one sound
set-up in ten would be refused.

Nor is one printed where the oracle cannot be told from 1: an instrument that does not see twice the
labels sees nothing. That is asked at the level of the levers' own intervals, because it is these
that it vouches for; at 99 % a third of sound set-ups of ten repetitions would be mute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bedside.methods.worth.interval import Factor

LEVEL = 0.99
TRUTHS = {"placebo": 1.0, "oracle": 2.0}
"""Controls whose worth is known."""
NOTHING = 1.0
"""What the oracle must be told from."""
_TOLD = {"placebo": "as many other labels", "oracle": "twice the real labels"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control as it came out."""

    name: str
    found: Factor
    """At LEVEL."""
    plain: Factor
    """At the level of the levers' intervals."""

    @property
    def passed(self) -> bool:
        """Whether what is known lies in the interval."""
        return self.found.holds(TRUTHS[self.name])

    @property
    def silent(self) -> bool:
        """Whether it passes without saying anything: no k at all is contradicted, or twice the
        labels look like none more."""
        blind = self.name == "oracle" and self.plain.low <= NOTHING
        return blind or (self.found.low == 0 and math.isinf(self.found.high))

    @property
    def verdict(self) -> Literal["pass", "fail", "too weak to tell"]:
        """In a word."""
        if not self.passed:
            return "fail"
        return "too weak to tell" if self.silent else "pass"

    def reason(self) -> str:
        """Why it failed; empty where it passed."""
        if self.passed:
            return ""
        return (
            f"the control '{self.name}' failed: {_TOLD[self.name]} came out as worth "
            f"{self.found.value:.2f} times the labels ({self.found.low:.2f} to "
            f"{self.found.high:.2f}), and must be {TRUTHS[self.name]:g}"
        )


def failed(controls: Sequence[Control]) -> str:
    """Why no number may be printed; empty: all passed."""
    return "; ".join(reason for one in controls if (reason := one.reason()))


def silent(controls: Sequence[Control]) -> str:
    """Why no number can be vouched for; empty: each control says something."""
    weak = [one for one in controls if one.silent]
    if not weak:
        return ""
    told = " and ".join(_weak(one) for one in weak)
    return f"the controls are too weak to tell: {told}; more repetitions may settle it"


def spelt(factor: Factor) -> str:
    """A control's k in words; an end that these budgets cannot show is told as such.

    >>> spelt(Factor(value=2.04, low=0.0, high=math.inf))
    '2.04, but any other number fits as well'
    """
    value, low, high = f"{factor.value:.2f}", f"{factor.low:.2f}", f"{factor.high:.2f}"
    if factor.low > 0 and math.isfinite(factor.high):
        return f"{value} ({low} to {high})"
    if factor.low > 0:
        return f"{value} ({low} or more)"
    if math.isfinite(factor.high):
        return f"{value} ({high} or less)"
    return f"{value}, but any other number fits as well"


def _weak(one: Control) -> str:
    held = one.plain if one.name == "oracle" else one.found
    against = ", which does not exclude 1" if one.name == "oracle" else ""
    return f"{_TOLD[one.name]} came out as {spelt(held)}{against}"
