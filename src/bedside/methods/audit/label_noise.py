"""Labels that look wrong: confident learning over boosted trees that did not see the patient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bedside.core.finding import Finding, State
from bedside.methods.audit.probes import held_out_chances
from bedside.methods.audit.separation import Estimate, Reals, macro_auroc, patients_in, share
from bedside.methods.audit.training import Column, Ints, Training, evenly
from bedside.methods.noise import confident_learning
from bedside.methods.words import interval, number, patients

FEWEST = 100
CLEAR = 0.85
"""AUROC of the trees from which on a confident contradiction speaks against the label."""
WHY = (
    "Wrong labels teach the model errors and make its measured performance wrong. What looks like "
    "a wrong label may also be an outcome that the fields do not determine: this is an upper bound."
)


def noise_finding(
    columns: Sequence[Column], training: Training, *, most_share: float, most_rows: int
) -> Finding:
    """The share of labels that look wrong; found where its lower end exceeds `most_share`."""
    if training.task == "regression":
        return _unknown("is only looked for where outcomes are classes.")
    rows = np.flatnonzero(training.observed)
    rows = rows[evenly(len(rows), most_rows)]
    counts = np.bincount(training.outcome[rows].astype(np.int64))
    if len(rows) < FEWEST or (counts > 0).sum() < 2 or counts[counts > 0].min() < 10 or not columns:
        return _unknown("cannot be estimated from so few patients.")
    kinds, label = np.unique(training.outcome[rows], return_inverse=True)
    chances = _held_out(columns, rows, label.astype(np.int64), training)
    noise = confident_learning(chances, label)
    subjects = patients_in(training.subject[rows])
    low, high = share(noise.rate * subjects, subjects)
    rate = Estimate(value=noise.rate, low=low, high=high, subjects=subjects)
    labels = tuple(label == kind for kind in range(len(kinds)))
    told = macro_auroc(labels, tuple(chances.T), training.subject[rows])
    blurred = not told.value >= CLEAR
    text = f"At most {interval(noise.rate, low, high, 'share')} of labels look wrong"
    if blurred:
        text += (
            f"; the fields tell the outcome too vaguely (AUROC {number(told.value)}) to part a "
            "wrong label from an unlikely outcome"
        )
    found: State = "found" if low > most_share else "clear"
    return Finding(
        kind="label_noise", state="unknown" if blurred else found, why=WHY,
        sentence=f"{text}, in {patients(subjects)}.",
        look="Look at the records of patients whose outcome surprises every model; `bedside.methods"
        ".noise.confident_learning` lists their rows.",
        short="labels may be wrong", severity=noise.rate,
        evidence=(training.measured("label_noise", rate),),
    )  # fmt: skip


def _unknown(text: str) -> Finding:
    return Finding(
        kind="label_noise", state="unknown", sentence=f"The share of wrong labels {text}", why=WHY
    )


def _held_out(
    columns: Sequence[Column], rows: Ints,
    label: Ints, training: Training,
) -> Reals:  # fmt: skip
    """[N, K] probabilities from trees fitted on the other folds; folds are by patient."""
    matrix = np.stack([column.values[rows] for column in columns], axis=1)
    return held_out_chances(matrix, label, training.fold[rows], training.seed)
