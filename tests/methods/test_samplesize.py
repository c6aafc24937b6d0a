"""Against the worked examples of the papers and the checks of the R package pmsampsize."""

import math

import numpy as np
import pytest

from bedside.core.errors import DataError
from bedside.methods.samplesize import Anticipated, required


def subjects(found):
    return {one.name: one.subjects for one in found.criteria}


@pytest.mark.parametrize(
    ("r2", "parameters", "prevalence", "shrinkage", "optimism", "overall"),
    [
        (0.288, 24, 0.174, 623, 662, 221),
        (0.55, 24, 0.174, 255, 532, 221),
        (0.288, 36, 0.174, 934, 992, 221),
        (0.288, 24, 0.25, 623, 590, 289),
    ],
)
def test_binary(r2, parameters, prevalence, shrinkage, optimism, overall):
    found = required("binary", parameters, Anticipated(prevalence=prevalence), r2)
    needs = subjects(found)
    assert (needs["shrinkage"], needs["optimism"]) == (shrinkage, optimism)
    assert needs["overall risk"] == overall
    assert found.subjects == max(needs.values())  # the package leaves out the absolute error
    assert found.events == math.ceil(found.subjects * prevalence)


def test_the_pre_eclampsia_example_of_the_bmj():
    found = required("binary", 30, Anticipated(prevalence=0.05), 0.05)
    needs = subjects(found)
    assert needs["overall risk"] == 73
    assert needs["absolute error"] == 544
    assert needs["shrinkage"] == 5249
    default = required("binary", 30, Anticipated(prevalence=0.05))
    assert default.r2 == pytest.approx(0.15 * 0.33, abs=0.001)
    assert default.subjects == pytest.approx(5300, rel=0.02)


@pytest.mark.parametrize(
    ("r2", "parameters", "rate", "horizon", "follow_up", "shrinkage", "optimism"),
    [
        (0.051, 25, 0.065, 2, 2.07, 4286, 866),
        (0.065, 25, 0.065, 2, 2.07, 3335, 859),
        (0.051, 50, 0.065, 2, 2.07, 8572, 1731),
        (0.051, 25, 0.1, 2, 2.07, 4286, 731),
        (0.051, 25, 0.065, 4, 2.07, 4286, 866),
        (0.051, 25, 0.065, 2, 4, 4286, 679),
        (0.06, 40, 0.08, 3, 5, 5798, 969),
        (0.03, 10, 0.09, 3, 3, 2950, 272),
        (0.3, 80, 0.03, 1, 5, 1974, 2272),
        (0.051, 30, 0.065, 2, 2.07, 5143, 1039),
    ],
)
def test_time_to_event(r2, parameters, rate, horizon, follow_up, shrinkage, optimism):
    known = Anticipated(rate=rate, mean_follow_up=follow_up, horizon=horizon)
    found = required("survival", parameters, known, r2)
    needs = subjects(found)
    assert needs["shrinkage"] == shrinkage
    assert needs["optimism"] == pytest.approx(optimism, abs=1)  # there, events are rounded up
    assert found.subjects == max(needs.values())
    assert found.events == math.ceil(found.subjects * rate * follow_up)


@pytest.mark.parametrize(("rate", "horizon"), [(0.065, 2.0), (0.01, 1.0), (1.5, 3.0), (0.3, 5.0)])
def test_the_overall_risk_at_the_horizon_is_as_precise_as_asked(rate, horizon):
    known = Anticipated(rate=rate, mean_follow_up=2.0, horizon=horizon)
    n = subjects(required("survival", 5, known))["overall risk"]

    def reach(n):
        half = 1.96 * math.sqrt(rate / (n * 2.0))
        risk = 1 - math.exp(-rate * horizon)
        low, high = (1 - math.exp(-max(rate + s * half, 0) * horizon) for s in (-1, 1))
        return max(risk - low, high - risk)

    assert reach(n) <= 0.05 + 1e-9
    assert n == 1 or reach(n - 1) > 0.05


@pytest.mark.parametrize(
    ("r2", "parameters", "mean", "spread", "shrinkage", "optimism"),
    [
        (0.2, 25, 1.9, 0.6, 918, 401),
        (0.3, 25, 1.9, 0.6, 574, 351),
        (0.2, 50, 1.9, 0.6, 1924, 801),
        (0.5, 100, 1.9, 2.0, 1264, 1001),
    ],
)
def test_continuous(r2, parameters, mean, spread, shrinkage, optimism):
    found = required("regression", parameters, Anticipated(mean=mean, spread=spread), r2)
    needs = subjects(found)
    assert needs["shrinkage"] == shrinkage
    assert needs["optimism"] == optimism
    assert needs["residual spread"] == 234 + parameters
    assert found.subjects == shrinkage
    assert found.events is None
    assert "mean outcome" not in subjects(required("regression", parameters, Anticipated(), r2))


def test_the_mean_outcome_is_as_precise_as_asked():
    needs = subjects(required("regression", 3, Anticipated(mean=1.0, spread=3.0), 0.19))
    assert needs["mean outcome"] == pytest.approx((1.96 * 3 * 0.9 / 0.1) ** 2, rel=0.01)


def test_multiclass_is_that_of_pate_and_with_two_classes_that_of_riley():
    events = np.array([620, 580, 111])
    found = required("multiclass", 5, Anticipated(shares=tuple(events / events.sum())))
    p = events / events.sum()

    def pair(one, other):
        phi = other / (one + other)
        r2 = 0.15 * (1 - (phi**phi * (1 - phi) ** (1 - phi)) ** 2)
        return 5 / (-0.1 * math.log(1 - r2 / 0.9)) / (one + other)

    shrinkage = max(pair(p[0], p[1]), pair(p[0], p[2]), pair(p[1], p[2]))
    assert subjects(found)["shrinkage"] == math.ceil(shrinkage)
    two = subjects(required("multiclass", 24, Anticipated(shares=(0.826, 0.174)), 0.288))
    one = subjects(required("binary", 24, Anticipated(prevalence=0.174), 0.288))
    assert two["shrinkage"] == one["shrinkage"]
    assert two["optimism"] == one["optimism"]


def test_more_parameters_need_more_patients_and_a_model_that_knows_more_needs_fewer():
    known = Anticipated(prevalence=0.1)
    sizes = [required("binary", p, known).subjects for p in (5, 10, 50, 200)]
    assert sizes == sorted(sizes)
    assert (
        required("binary", 20, known, 0.3).subjects < required("binary", 20, known, 0.05).subjects
    )
    assert "absolute error" not in subjects(required("binary", 31, known))


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DataError, match="prevalence"):
        required("binary", 10, Anticipated(prevalence=1.0))
    with pytest.raises(DataError, match="r2 above 0 and below"):
        required("binary", 10, Anticipated(prevalence=0.05), 0.5)
    with pytest.raises(DataError, match="rate"):
        required("survival", 10, Anticipated(mean_follow_up=1.0, horizon=1.0))
    with pytest.raises(DataError, match="adding up"):
        required("multiclass", 10, Anticipated(shares=(0.5, 0.4)))
    with pytest.raises(DataError, match="parameter"):
        required("binary", 0, Anticipated(prevalence=0.5))
