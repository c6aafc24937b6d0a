"""How many patients a prediction model needs, from what is known before it is developed.

Binary: Riley et al., BMJ 2020;368:m441, four criteria (the mean absolute error from van Smeden et
al., Stat Methods Med Res 2019;28:2455). Time to event: Riley et al., Stat Med 2019;38:1276.
Continuous: Riley et al., Stat Med 2019;38:1262. Multiclass: Pate et al., Stat Methods Med Res
2023;32:555. The criteria are for regression with `parameters` coefficients: a flexible model has no
such count and needs more, so that they are a lower bound for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from scipy.stats import chi2, t

from bedside.core.errors import DataError
from bedside.core.study import TaskType

SHRINKAGE = 0.9
"""Predictor effects may be overfitted by a tenth."""
OPTIMISM = 0.05
"""Largest drop of R2 (of Nagelkerke's where it is not linear) from development to use."""
MARGIN = 0.05
"""Half-width of the interval of the overall risk."""
ABSOLUTE_ERROR = 0.05
"""Mean error of a predicted risk."""
INTERCEPT_ERROR = 0.1
"""Relative half-width of the interval of the mean outcome."""
NAGELKERKE = 0.15
"""Share of the largest possible R2 that is anticipated when nothing is known."""
Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Anticipated:
    """What is known of the outcome beforehand; each task reads its own part."""

    prevalence: float | None = None
    """Binary: share with the event."""
    shares: tuple[float, ...] = ()
    """Multiclass: share of each class, adding up to 1."""
    rate: float | None = None
    """Survival: events per patient and unit of time, as are the next two in that unit."""
    mean_follow_up: float | None = None
    horizon: float | None = None
    mean: float | None = None
    """Regression: mean and standard deviation of the outcome; without them, or with a mean of 0,
    the criterion on the mean is left out."""
    spread: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One requirement and the patients it takes."""

    name: str
    subjects: int
    events: int | None
    """Patients with the event (of the rarest class) expected among them; None for a regression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """All criteria; the largest of them counts."""

    criteria: tuple[Criterion, ...]
    subjects: int
    events: int | None
    r2: float
    """Cox-Snell R2 (adjusted R2 for a regression) that was anticipated."""


def required(
    task_type: TaskType, parameters: int, anticipated: Anticipated, r2: float | None = None
) -> Required:
    """Patients needed for `parameters` coefficients; `r2` defaults to 15 % of the largest possible.

    >>> found = required("binary", 24, Anticipated(prevalence=0.174), r2=0.288)
    >>> [(one.name, one.subjects) for one in found.criteria]
    [('overall risk', 221), ('absolute error', 801), ('shrinkage', 623), ('optimism', 662)]
    >>> found.subjects, found.events
    (801, 140)
    """
    if parameters < 1:
        raise DataError("sample size", expected="1 parameter or more", found=f"{parameters}")
    tasks: dict[TaskType, Callable[[int, Anticipated, float | None], _Needs]] = {
        "binary": _binary, "survival": _survival, "regression": _regression, "multiclass": _classes,
    }  # fmt: skip
    needs = tasks[task_type](parameters, anticipated, r2)
    share = needs.events_per_subject
    criteria = tuple(
        Criterion(name=name, subjects=n, events=None if share is None else math.ceil(n * share))
        for name, n in ((name, math.ceil(need - 1e-9)) for name, need in needs.subjects.items())
    )
    most = max(criteria, key=lambda one: one.subjects)
    return Required(criteria=criteria, subjects=most.subjects, events=most.events, r2=needs.r2)


def largest_r2(log_likelihood: float) -> float:
    """Largest Cox-Snell R2, from the log-likelihood per patient of a model without predictors."""
    return 1.0 - math.exp(2.0 * log_likelihood)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Needs:
    subjects: dict[str, float]
    events_per_subject: float | None
    r2: float


def _binary(parameters: int, anticipated: Anticipated, r2: float | None) -> _Needs:
    share = _between(anticipated.prevalence, "prevalence", 1.0)
    most = largest_r2(_entropy(share, 1 - share))
    r2 = _anticipated_r2(r2, most)
    needs = {"overall risk": Z**2 / MARGIN**2 * share * (1 - share)}
    if parameters <= 30:  # as far as the simulations behind it go
        rarer = min(share, 1 - share)
        terms = -0.508 + 0.259 * math.log(rarer) + 0.504 * math.log(parameters)
        needs["absolute error"] = math.exp((terms - math.log(ABSOLUTE_ERROR)) / 0.544)
    needs |= _overfitting(parameters, r2, most)
    return _Needs(subjects=needs, events_per_subject=share, r2=r2)


def _survival(parameters: int, anticipated: Anticipated, r2: float | None) -> _Needs:
    rate = _between(anticipated.rate, "rate", math.inf)
    follow_up = _between(anticipated.mean_follow_up, "mean_follow_up", math.inf)
    horizon = _between(anticipated.horizon, "horizon", math.inf)
    events = rate * follow_up
    most = largest_r2(events * math.log(events) - events)
    r2 = _anticipated_r2(r2, most)
    free = math.exp(-rate * horizon)
    off = [
        abs(math.log(edge) / horizon + rate)
        for edge in (free - MARGIN, free + MARGIN)
        if 0 < edge < 1
    ]
    needs = {"overall risk": Z**2 * rate / follow_up / min(off) ** 2 if off else 1.0}
    needs |= _overfitting(parameters, r2, most)
    return _Needs(subjects=needs, events_per_subject=min(events, 1.0), r2=r2)


def _regression(parameters: int, anticipated: Anticipated, r2: float | None) -> _Needs:
    r2 = _anticipated_r2(r2, 1.0)
    needs = {
        "shrinkage": _smallest(parameters + 2, lambda n: _linear_shrinkage(n, parameters, r2)),
        "optimism": 1 + parameters * (1 - r2) / OPTIMISM,
        "residual spread": 234.0 + parameters,
    }
    mean, spread = anticipated.mean, anticipated.spread
    if mean and spread is not None:
        noise = spread * math.sqrt(1 - r2)
        reach = INTERCEPT_ERROR * abs(mean)
        needs["mean outcome"] = _smallest(
            parameters + 2,
            lambda n: t.ppf(0.975, n - parameters - 1) * noise / math.sqrt(n) <= reach,
        )
    return _Needs(subjects=needs, events_per_subject=None, r2=r2)


def _classes(parameters: int, anticipated: Anticipated, r2: float | None) -> _Needs:
    shares = anticipated.shares
    if len(shares) < 2 or min(shares) <= 0 or not math.isclose(sum(shares), 1.0, abs_tol=1e-6):
        raise DataError(
            "sample size", expected="shares of two classes or more, each above 0, adding up to 1",
            found=f"{len(shares)} shares that add up to {sum(shares):g}",
        )  # fmt: skip
    most = largest_r2(_entropy(*shares))
    r2 = _anticipated_r2(r2, most)
    pairs = []
    for one, other in combinations(shares, 2):
        both = one + other
        pair_r2 = r2 / most * largest_r2(_entropy(one / both, other / both))
        pairs.append(_shrinkage(parameters, pair_r2, SHRINKAGE) / both)
    overall = _overfitting((len(shares) - 1) * parameters, r2, most)["optimism"]
    level = chi2.ppf(1 - 0.05 / len(shares), 1)
    needs = {
        "overall risk": max(level * share * (1 - share) for share in shares) / MARGIN**2,
        "shrinkage": max(pairs),
        "optimism": overall,
    }
    return _Needs(subjects=needs, events_per_subject=min(shares), r2=r2)


def _overfitting(parameters: int, r2: float, most: float) -> dict[str, float]:
    kept = r2 / (r2 + OPTIMISM * most)
    return {
        "shrinkage": _shrinkage(parameters, r2, SHRINKAGE),
        "optimism": _shrinkage(parameters, r2, kept),
    }


def _shrinkage(parameters: int, r2: float, wanted: float) -> float:
    """Patients at whom effects are shrunk to `wanted` of themselves on new patients."""
    if r2 >= wanted:
        return 1.0
    return parameters / ((wanted - 1) * math.log(1 - r2 / wanted))


def _linear_shrinkage(n: int, parameters: int, r2: float) -> bool:
    apparent = (r2 * (n - parameters - 1) + parameters) / (n - 1)
    return 1 + (parameters - 2) / (n * math.log(1 - apparent)) >= SHRINKAGE


def _smallest(start: int, enough: Callable[[int], bool]) -> float:
    """Smallest number from `start` on that is enough, where all above it are, too."""
    high = start
    while not enough(high):
        high *= 2
    low = max(start, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return float(high)


def _entropy(*shares: float) -> float:
    return sum(share * math.log(share) for share in shares)


def _anticipated_r2(r2: float | None, most: float) -> float:
    return NAGELKERKE * most if r2 is None else _between(r2, "r2", most)


def _between(value: float | None, name: str, most: float) -> float:
    if value is None or not 0 < value < most:
        raise DataError(
            "sample size", expected=f"a {name} above 0" + (f" and below {most:.3g}" * (most < 9)),
            found="none" if value is None else f"{value:g}",
            hint="with one class, or no event, there is nothing to predict",
        )  # fmt: skip
    return value
