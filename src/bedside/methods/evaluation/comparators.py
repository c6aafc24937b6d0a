"""Other people's predictions of the same outcome, on the same patients."""

from __future__ import annotations

import numpy as np

from bedside.methods.evaluation.comparison import measured
from bedside.methods.evaluation.judged import Trial
from bedside.methods.evaluation.truth import risk_measure
from bedside.methods.measures import FloatArray


def judge_comparator(trial: Trial, name: str, risk: FloatArray) -> None:
    """Evidence on a comparator's `risk` [N] (NaN where it gave none), on ours, on the difference.

    All three on the patients to whom the comparator gave a risk. For time to event it is the risk
    of the event by the horizon.
    """
    if trial.truth.task not in ("binary", "survival"):
        return
    present = np.flatnonzero(np.isfinite(risk))
    present = np.intersect1d(present, trial.truth.known)
    if not len(present):
        return
    within = trial.within(present)
    patients = within.truth.patients(within.truth.known)
    theirs = measured(risk_measure(within.truth, risk[present]), within.resamples, trial.level)
    ours = measured(risk_measure(within.truth, within.said.risk), within.resamples, trial.level)
    add = trial.record.add_all
    add(theirs.intervals(), subjects=patients, model=f"comparator:{name}")
    add(ours.intervals(), subjects=patients, model=trial.said.name, slice_=f"with {name}")
    gaps = {f"model_minus_{name}.{key}": gap for key, gap in ours.minus(theirs).items()}
    add(gaps, subjects=patients, model=trial.said.name)
