"""Whether an estimate can be trusted at all: what k comes out where it is known.

placebo     as many other labels, disjoint from the first: worth 1
oracle      as many real labels again: worth 2
duplicates  the real labels copied: no information, worth about 1; where it is not, the learner's
            regularisation reads copies as certainty, and made-up cases must be held against it
            (Pink and Sykes, PMLR 2026;318:954)

Placebo and oracle are a gate: where one fails, no k is printed. At 99 %, because at 95 % one sound
set-up in ten would be refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bedside.methods.worth.interval import Factor

LEVEL = 0.99
TRUTHS = {"placebo": 1.0, "oracle": 2.0}
"""Controls whose worth is known."""
_TOLD = {"placebo": "as many other labels", "oracle": "twice the real labels"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control as it came out."""

    name: str
    found: Factor
    """At LEVEL."""

    @property
    def passed(self) -> bool:
        """Whether what is known lies in the interval."""
        return self.found.holds(TRUTHS[self.name])

    @property
    def silent(self) -> bool:
        """Whether no k at all is contradicted: such a control passes without saying anything."""
        return self.found.low == 0 and math.isinf(self.found.high)

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
    names = [f"'{one.name}'" for one in controls if one.silent]
    if not names:
        return ""
    told = " and ".join(names)
    many = "s" * (len(names) > 1)
    return f"the curves scatter too much for the control{many} {told} to tell anything"
