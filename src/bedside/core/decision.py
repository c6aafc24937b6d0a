"""The `[decision]` section of a study: when to act on a prediction, and when to give none."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bedside.core.errors import StudyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a prediction is used for. `methods.policy` fits it to the tune patients.

    >>> Decision(sensitivity=0.9).coverage
    0.9
    """

    threshold: float | None = None
    """Act at this value or above: a probability (a risk at the horizon), or a regression's unit."""
    sensitivity: float | None = None
    """Instead of a threshold: the highest one that reaches this share of tune patients' events.

    With neither, the threshold is the share of tune patients with the event.
    """
    coverage: float = 0.9
    """How often the set or interval given with a prediction holds the truth."""
    novelty_quantile: float = 0.99
    """Abstain for a patient less like the training patients than this share of tune patients."""
    most_missing: float = 0.5
    """Abstain when more than this share of a patient's inputs is missing."""
    abstain_when_ambiguous: bool = False
    """Abstain when the set does not come down to one label."""

    def __post_init__(self) -> None:
        if self.threshold is not None and self.sensitivity is not None:
            raise StudyError(
                "[decision]", expected="a threshold or a sensitivity", found="both",
                hint="leave one out; the threshold follows from the sensitivity",
            )  # fmt: skip
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise _outside("threshold", "a finite number", self.threshold)
        if self.sensitivity is not None and not 0 < self.sensitivity <= 1:
            raise _outside("sensitivity", "a share above 0, at most 1", self.sensitivity)
        for name in ("coverage", "novelty_quantile"):
            if not 0 < getattr(self, name) < 1:
                raise _outside(name, "a share between 0 and 1", getattr(self, name))
        if not 0 <= self.most_missing <= 1:
            raise _outside("most_missing", "a share from 0 to 1", self.most_missing)


def _outside(name: str, expected: str, found: float) -> StudyError:
    return StudyError(f"[decision] {name}", expected=expected, found=f"{found:g}")
