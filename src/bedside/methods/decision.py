"""From probabilities to decisions: what alerts are worth, which threshold, and what it means.

Everywhere, whoever has a probability of at least the threshold is alerted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bedside.core.errors import DataError
from bedside.methods.measures import additive
from bedside.methods.measures.additive import Additive
from bedside.methods.measures.logistic import LogisticRegression, orthonormal
from bedside.methods.measures.sample import (
    FloatArray,
    logit,
    numbers,
    outcomes,
    probabilities,
    weights_of,
)


def net_benefit_measure(
    y: ArrayLike, p: ArrayLike, thresholds: ArrayLike, case_weights: ArrayLike | None = None
) -> Additive:
    """Prepare `net_benefit` for many replicates."""
    y_N = outcomes(y)
    p_N = probabilities(p, len(y_N))
    t_T = numbers(thresholds, "thresholds")
    if not ((t_T > 0) & (t_T < 1)).all():
        raise DataError("thresholds", expected="probabilities between 0 and 1", found="others")
    worth_NT = y_N[:, None] - (1.0 - y_N)[:, None] * (t_T / (1.0 - t_T))
    alerted_NT = np.where(p_N[:, None] >= t_T, worth_NT, 0.0)
    harm_T = t_T / (1.0 - t_T)

    def formula(sums: FloatArray) -> dict[str, FloatArray]:
        share = sums[:, 1:] / sums[:, :1]
        prevalence = share[:, :1]
        every = prevalence - (1.0 - prevalence) * harm_T
        return {"model": share[:, 1:], "all": every, "none": np.zeros_like(every)}

    return additive([np.ones_like(y_N), y_N, alerted_NT], formula, case_weights)


def net_benefit(
    y: ArrayLike, p: ArrayLike, thresholds: ArrayLike, weights: ArrayLike | None = None,
    case_weights: ArrayLike | None = None,
) -> dict[str, FloatArray]:  # fmt: skip
    """Net benefit of alerting by the model, alerting all and alerting none, each [B, T].

    True alerts minus false alerts times t / (1 - t), per patient, at each of `thresholds` [T] in
    (0, 1): in units of events found without a false alert. Source: Vickers and Elkin, Med Decis
    Making 2006;26:565. For many replicates prepare once with `net_benefit_measure`.
    """
    prepared = net_benefit_measure(y, p, thresholds, case_weights)
    return prepared(weights_of(weights, len(prepared.columns)))


def per_thousand(
    y: ArrayLike, p: ArrayLike, threshold: float, weights: ArrayLike | None = None,
    case_weights: ArrayLike | None = None,
) -> dict[str, FloatArray]:  # fmt: skip
    """Of 1,000 patients, how many: each [B].

    alerts         alerted
    right_alerts   alerted, and have the event
    false_alerts   alerted, and do not
    missed         not alerted, and have it
    rightly_silent not alerted, and do not
    """
    prepared = per_thousand_measure(y, p, threshold, case_weights)
    return prepared(weights_of(weights, len(prepared.columns)))


def per_thousand_measure(
    y: ArrayLike, p: ArrayLike, threshold: float, case_weights: ArrayLike | None = None
) -> Additive:
    """Prepare `per_thousand` for many replicates."""
    y_N = outcomes(y)
    alert_N = (probabilities(p, len(y_N)) >= float(threshold)).astype(np.float64)

    def formula(sums: FloatArray) -> dict[str, FloatArray]:
        alerts, events, right = 1000.0 * sums[:, 1:].T / sums[:, 0]
        return {
            "alerts": alerts,
            "right_alerts": right,
            "false_alerts": alerts - right,
            "missed": events - right,
            "rightly_silent": 1000.0 - alerts - (events - right),
        }

    return additive([np.ones_like(y_N), alert_N, y_N, alert_N * y_N], formula, case_weights)


def choose_threshold(
    y: ArrayLike,
    p: ArrayLike,
    *,
    sensitivity: float | None = None,
    net_benefit_threshold: float | None = None,
    alerts_per_100: float | None = None,
) -> float:
    """The threshold on `p` that fulfils one aim on these (tune) patients; give exactly one aim.

    sensitivity            the highest threshold that finds at least this share of the events
    alerts_per_100         the lowest threshold that alerts at most so many of 100 patients
    net_benefit_threshold  the value of `p` at which the logistically recalibrated risk reaches this
                           risk, above which the patient or clinician would act: the threshold of
                           greatest expected net benefit, `p` itself for a calibrated model (Pauker
                           and Kassirer, NEJM 1980;302:1109)

    The first two lie halfway between two predictions, so that rounding in an exported model flips
    nobody. DataError when the aim cannot be met or a class is missing.
    """
    aims = {
        "sensitivity": (sensitivity, 1.0),
        "net_benefit_threshold": (net_benefit_threshold, 1.0),
        "alerts_per_100": (alerts_per_100, 100.0),
    }
    given = {name: aim for name, (aim, _) in aims.items() if aim is not None}
    if len(given) != 1:
        raise DataError(
            "threshold", expected=f"one of {', '.join(aims)}",
            found=", ".join(given) if given else "none of them",
        )  # fmt: skip
    ((name, aim),) = given.items()
    most = aims[name][1]
    # Finding all events is a fair aim; a risk of 1 and alerting everybody or nobody are none.
    if not (0 < aim < most or (name == "sensitivity" and aim == most)):
        raise DataError(
            f"threshold by {name}", expected=f"an aim in (0, {most:g})", found=f"{aim:g}"
        )
    y_N = outcomes(y)
    p_N = probabilities(p, len(y_N))
    if name == "alerts_per_100":
        return _by_alerts(p_N, aim / 100.0)
    if y_N.min() == y_N.max():
        raise DataError(f"threshold by {name}", expected="patients with and without the event",
                        found="one class only")  # fmt: skip
    return (
        _by_sensitivity(p_N[y_N == 1], p_N, aim)
        if name == "sensitivity"
        else _by_risk(y_N, p_N, aim)
    )


def _by_sensitivity(of_events: FloatArray, p: FloatArray, aim: float) -> float:
    falling = np.sort(of_events)[::-1]
    # Rounding must not ask for one event more: 0.8 x 10 is 8.000000000000002 in some orders.
    needed = max(1, int(np.ceil(aim * len(falling) - 1e-9)))
    return _just_below(falling[needed - 1], p)


def _by_alerts(p: FloatArray, aim: float) -> float:
    allowed = int(np.floor(aim * len(p) + 1e-9))
    values, counts = np.unique(p, return_counts=True)
    alerted = np.cumsum(counts[::-1])[::-1]
    within = values[alerted <= allowed]
    if not len(within):
        raise DataError(
            "threshold by alerts_per_100", expected="few enough patients at the highest prediction",
            found="a tie of more patients than the aim allows", hint="allow more alerts",
        )  # fmt: skip
    return _just_below(within[0], p)


def _by_risk(y: FloatArray, p: FloatArray, risk: float) -> float:
    logit_N = logit(p)
    design_ND, mapping = orthonormal(np.column_stack([np.ones_like(p), logit_N]))
    fit = LogisticRegression.of(y, design_ND, np.ones_like(p))
    intercept, slope = mapping @ fit.start if mapping.shape[1] == 2 else (0.0, 0.0)
    if not slope > 0:
        raise DataError(
            "threshold by net_benefit_threshold", expected="risk that rises with the prediction",
            found="predictions that are constant, reversed or separate the classes",
            hint="choose by sensitivity or by alerts_per_100",
        )  # fmt: skip
    at = (np.log(risk) - np.log1p(-risk) - intercept) / slope
    return float(1.0 / (1.0 + np.exp(-at)))


def _just_below(value: float, p: FloatArray) -> float:
    """Halfway between `value` and the next lower prediction, or 0."""
    lower = p[p < value]
    return float((value + (lower.max() if len(lower) else 0.0)) / 2.0)
