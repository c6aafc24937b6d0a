"""The simplest model of all: everyone gets what the training subjects had on average."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.methods.outcome import Outcome
from bedside.methods.survival import kaplan_meier
from bedside.methods.tabular_inputs import Inputs, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevalence:
    """The same `value` [K] for every sample."""

    value: Values

    @property
    def parameters(self) -> int:
        """K."""
        return len(self.value)

    def predict(self, inputs: Inputs) -> Values:
        """[N, K]"""
        return np.repeat(self.value[None], len(inputs), axis=0)


def fit_prevalence(outcome: Outcome) -> Prevalence:
    """Weighted mean of the labels; for survival the Kaplan-Meier curve at the edges."""
    outcome.require_learnable()
    if outcome.durations is not None and outcome.events is not None and outcome.edges is not None:
        value = kaplan_meier(outcome.durations, outcome.events).at(outcome.edges)
    else:
        weights = outcome.weights.astype(np.float64)
        value = (outcome.labels * weights).sum(axis=0) / weights.sum(axis=0)
    return Prevalence(value=value)
