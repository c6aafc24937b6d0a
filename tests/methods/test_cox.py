from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.utils import concordance_index

from bedside.core.errors import DataError
from bedside.methods.cox import coefficients, fit_cox


@pytest.mark.parametrize("penalty", [1e-6, 0.1])
@pytest.mark.parametrize("decimals", [6, 0])
def test_coefficients_equal_lifelines(penalty: float, decimals: int) -> None:
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(300, 4))
    matrix /= matrix.std(axis=0, ddof=1)
    time = rng.exponential(10 * np.exp(-matrix @ [0.8, -0.5, 0.0, 0.2]))
    censored = rng.uniform(1, 30, 300)
    duration = np.round(np.minimum(time, censored), decimals)  # no decimals: many ties (Efron)
    event = time <= censored
    frame = pd.DataFrame(matrix).assign(T=duration, E=event)
    oracle = CoxPHFitter(penalizer=penalty).fit(frame, "T", "E")
    found = coefficients(matrix, duration, event, penalty=penalty)
    np.testing.assert_allclose(found, oracle.params_.to_numpy(), atol=1e-5)


def test_survival_is_ordered_calibrated_and_discriminates(made_up: Callable) -> None:
    found = made_up("survival", 900)
    train, test = found.part(slice(0, 600)), found.part(slice(600, None))
    value = fit_cox(*train, penalty=1e-3).predict(test[0])
    assert (np.diff(value, axis=1) <= 0).all()
    outcome = test[1]
    assert concordance_index(outcome.durations, value[:, -1], outcome.events) > 0.75
    from lifelines import KaplanMeierFitter

    observed = KaplanMeierFitter().fit(outcome.durations, outcome.events)
    expected = observed.survival_function_at_times(outcome.edges).to_numpy()
    np.testing.assert_allclose(value.mean(axis=0), expected, atol=0.06)


def test_baseline_equals_lifelines(made_up: Callable) -> None:
    inputs, outcome = made_up("survival", 300).part(slice(None))
    model = fit_cox(inputs, outcome, penalty=10.0)  # coefficients near zero: Nelson-Aalen remains
    from lifelines import NelsonAalenFitter

    oracle = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(outcome.durations, outcome.events)
    expected = oracle.cumulative_hazard_at_times(outcome.edges).to_numpy()
    np.testing.assert_allclose(model.hazard, expected, rtol=0.05)


def test_a_binary_target_is_refused(made_up: Callable) -> None:
    inputs, outcome = made_up("binary", 50).part(slice(None))
    with pytest.raises(DataError, match="survival"):
        fit_cox(inputs, outcome, penalty=0.1)


def test_perfect_separation_stays_finite(made_up: Callable) -> None:
    inputs, outcome = made_up("survival", 12).part(slice(None))
    value = fit_cox(inputs, outcome, penalty=1e-4).predict(inputs)
    assert np.isfinite(value).all()
