"""Utility: what trees learn from made-up patients, tested on real ones they never saw.

Trained on synthetic and tested on real (Esteban et al. 2017), beside trees trained on the real
patients that the generator learnt from; and on both together. Differences are paired by patient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bedside.core.dataset import Target
from bedside.methods.cases import Cases, joined
from bedside.methods.evaluation.comparison import Measured, measured
from bedside.methods.evaluation.truth import Truth, primary_measure
from bedside.methods.intervals import Interval
from bedside.methods.measures import FloatArray, primary
from bedside.methods.tabular_inputs import Inputs
from bedside.methods.trees import TreeSettings, fit_trees

SETTINGS = TreeSettings(rate=0.06, leaves=15, leaf_samples=20, trees=150)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """Real patients whom nobody learnt from, and how cases become a model's inputs."""

    cases: Cases
    truth: Truth
    target: Target
    edges: FloatArray | None
    """Of survival: the time grid."""
    inputs: Callable[[Cases], Inputs]
    replicates: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Utility:
    """The primary measure of trees on the exam, by what they learnt from."""

    measure: str
    real: Interval
    synthetic: Interval
    synthetic_minus_real: Interval
    both_minus_real: Interval
    subjects: int


def utility(real: Cases, made: Cases, exam: Exam, *, seed: int) -> Utility:
    """Trees on real cases, on made-up ones, and on both, all at one exam.

    Raises DataError where one of the two holds nothing to tell apart.
    """
    resamples = exam.truth.resamples(exam.replicates, seed)

    def passed(cases: Cases) -> Measured:
        outcome = cases.outcome(exam.target, exam.edges)
        inputs = exam.inputs(cases)
        model = fit_trees((inputs, outcome), (inputs, outcome), SETTINGS, seed=seed)
        value = model.predict(exam.inputs(exam.cases))
        return measured(primary_measure(exam.truth, value, exam.edges), resamples)

    name = primary(exam.target.type).measure
    on_real, on_made = passed(real), passed(made)
    return Utility(
        measure=name, real=on_real.intervals()[name], synthetic=on_made.intervals()[name],
        synthetic_minus_real=on_made.minus(on_real)[name],
        both_minus_real=passed(joined(real, made)).minus(on_real)[name],
        subjects=exam.truth.patients(),
    )  # fmt: skip
