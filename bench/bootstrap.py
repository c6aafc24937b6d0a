"""Subject-bootstrap intervals of every measure: bedside against a loop over scikit-learn.

    python bench/bootstrap.py [--patients 10000] [--replicates 1000] [--thresholds 20]

Both see the same resamples of the same patients in the same process, one thread each. scikit-learn
is timed on the first --peer-replicates of them and scaled. Net benefit is most of its time: with
--thresholds 0 both leave it out. bedside's time holds the drawing of the
resamples, the sort, the intervals, and two measures that the peer does not compute (calibration
intercept and integrated calibration index). Values with a closed form must agree to 1e-12, the
calibration slope to 1e-6, and the ratio must reach the bar, or the script exits with 1.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    roc_auc_score,
)
from threadpoolctl import threadpool_limits

from bedside.methods.decision import net_benefit_measure
from bedside.methods.intervals import evaluate, resample, summarise
from bedside.methods.measures import Measure, binary_measure, operating_measure, together

Floats = NDArray[np.float64]
OPERATING_POINT = 0.3
CLOSED_FORM = 1e-12
BY_NEWTON = 1e-6
BAR = 20.0


def patients(count: int, rows: int, seed: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Subject, outcome and a miscalibrated prediction with ties, `rows` rows for each subject."""
    random = np.random.default_rng(seed)
    subject = np.repeat(np.arange(count), rows)
    risk = random.normal(-1.5, 1.2, count)[subject]
    y = (random.random(count * rows) < expit(risk)).astype(np.float64)
    p = expit(0.8 * risk + random.normal(0, 0.5, count * rows))
    return subject, y, np.round(p, 4)


def ours(
    subject: NDArray[np.int64], y: Floats, p: Floats, thresholds: Floats, replicates: int
) -> dict[str, Floats]:
    """Every replicate of every measure, and the interval of each."""
    resamples = resample(subject, replicates, seed=11)
    measures: list[Measure] = [binary_measure(y, p), operating_measure(y, p, OPERATING_POINT)]
    if len(thresholds):
        measures.append(net_benefit_measure(y, p, thresholds))
    values = evaluate(together(*measures), resamples)
    for replicated in values.values():
        for column in replicated.reshape(len(replicated), -1).T:
            summarise(float(column[0]), column)
    return values


def theirs(y: Floats, p: Floats, thresholds: Floats, weights: Floats) -> dict[str, float | Floats]:
    """The same measures of one resample, by scikit-learn's functions."""
    drawn = np.repeat(np.arange(len(y)), weights.astype(np.int64))
    y, p = y[drawn], p[drawn]
    tn, fp, fn, tp = confusion_matrix(y, p >= OPERATING_POINT).ravel()
    slope = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    values = {
        "auroc": roc_auc_score(y, p),
        "auprc": average_precision_score(y, p),
        "brier": brier_score_loss(y, p),
        "log_loss": log_loss(y, p),
        "calibration_slope": slope.fit(logit(p)[:, None], y).coef_[0, 0],
        "prevalence": y.mean(),
        "oe_ratio": y.sum() / p.sum(),
        "sensitivity": tp / (tp + fn),
        "specificity": tn / (tn + fp),
        "ppv": tp / (tp + fp),
        "npv": tn / (tn + fn),
        "alerts_per_100": 100 * (tp + fp) / len(y),
    }
    if len(thresholds):
        values["model"] = np.array([_net_benefit(y, p, threshold) for threshold in thresholds])
    return values


def _net_benefit(y: Floats, p: Floats, threshold: float) -> float:
    (_, fp), (_, tp) = confusion_matrix(y, p >= threshold)
    return float(tp - fp * threshold / (1 - threshold)) / len(y)


def agree(mine: dict[str, Floats], peer: list[dict[str, float | Floats]]) -> bool:
    """Print the largest relative difference of each measure; whether all are small enough."""
    good = True
    print(f"\n{'measure':24s}{'largest difference':>20s}{'allowed':>10s}")
    for name in peer[0]:
        expected = np.array([values[name] for values in peer])
        apart = np.abs(mine[name][: len(peer)] - expected) / np.maximum(np.abs(expected), 1.0)
        allowed = BY_NEWTON if name == "calibration_slope" else CLOSED_FORM
        good &= bool(apart.max() <= allowed)
        print(f"{name:24s}{apart.max():20.1e}{allowed:10.0e}")
    return good


def main() -> int:
    """Time both, compare, print; 0 when they agree and the ratio reaches the bar."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--patients", type=int, default=10_000)
    options.add_argument("--rows", type=int, default=1, help="rows for each patient")
    options.add_argument("--replicates", type=int, default=1_000)
    options.add_argument("--peer-replicates", type=int, default=50)
    options.add_argument("--thresholds", type=int, default=20, help="of the decision curve")
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    with threadpool_limits(1):
        return compare(given)


def compare(given: argparse.Namespace) -> int:
    """Run both sides on the same resamples."""
    subject, y, p = patients(given.patients, given.rows, given.seed)
    thresholds = 0.02 * np.arange(1, given.thresholds + 1)
    resamples = resample(subject, min(given.peer_replicates, given.replicates), seed=11)
    weights = np.concatenate(list(resamples.chunks()))
    ours(subject, y, p, thresholds, 10)  # warm
    theirs(y, p, thresholds, weights[0])

    start = time.perf_counter()
    mine = ours(subject, y, p, thresholds, given.replicates)
    our_seconds = time.perf_counter() - start
    start = time.perf_counter()
    peer = [theirs(y, p, thresholds, row) for row in weights]
    their_seconds = (time.perf_counter() - start) * given.replicates / len(weights)

    ratio = their_seconds / our_seconds
    print(
        f"{given.replicates} replicates of {given.patients} patients x {given.rows} rows, "
        f"{given.thresholds} thresholds; {platform.machine()}, one thread"
    )
    peer_name = f"scikit-learn {sklearn.__version__} loop"
    print(f"{'bedside':32s}{our_seconds:10.2f} s")
    print(f"{peer_name:32s}{their_seconds:10.2f} s   (measured on {len(weights)}, scaled)")
    print(f"{'ratio':32s}{ratio:10.1f} x   (bar {BAR:g})")
    return 0 if agree(mine, peer) and ratio >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
