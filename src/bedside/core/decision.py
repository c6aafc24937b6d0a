"""`[decision]`: what a prediction is used for, and when the model should rather stay silent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How a calibrated prediction becomes an alert, a set, or an abstention."""

    threshold: float | None = None
    """Act at or above this risk. None: chosen on tune patients by `sensitivity`, or else the
    outcome's prevalence among them."""
    sensitivity: float | None = None
    """Choose the threshold that reaches this sensitivity on tune patients."""
    coverage: float = 0.9
    """Nominal coverage of conformal sets and intervals."""
    novelty_quantile: float = 0.99
    """Abstain from patients who are more novel than this share of tune patients."""
    most_missing: float = 0.5
    """Abstain when a larger share of the inputs is missing."""
    abstain_when_ambiguous: bool = False
    """Abstain when the conformal set holds more than one class, or none."""
    thresholds: tuple[float, ...] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
    """Risk thresholds over which net benefit is drawn."""
