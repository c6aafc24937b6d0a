"""Each label calibrated for itself: the law of one label holds for each, and no other moves it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from bedside.core.errors import DataError
from bedside.methods.calibration import fit_logistic
from bedside.methods.label_calibration import fit_label_calibrators, untouched


def _said(rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """The first label twice too timid, the second right and half unobserved."""
    rng = np.random.default_rng(0)
    score = rng.normal(size=(rows, 2))
    target = (rng.random((rows, 2)) < expit(score * [2.0, 1.0])).astype(np.float64)
    target[::2, 1] = np.nan
    return target, expit(score)


def test_each_label_has_the_calibrator_it_would_have_alone() -> None:
    target, value = _said()
    found = fit_label_calibrators(target, value, ("a", "b"))
    alone = fit_logistic(target[:, 0], value[:, 0])
    assert found.slope[0] == alone.params["slope"] == pytest.approx(2.0, abs=0.15)
    assert found.slope[1] == pytest.approx(1.0, abs=0.15)
    np.testing.assert_allclose(found.apply(value)[:, 0], alone.apply(value[:, 0]), rtol=1e-12)
    assert abs(found.apply(value)[1::2, 1].mean() - np.nanmean(target[:, 1])) < 0.01


def test_untouched_probabilities_stay_what_they_are() -> None:
    value = expit(np.random.default_rng(1).normal(size=(50, 3)))
    np.testing.assert_allclose(untouched(3).apply(value), value, rtol=1e-12)
    assert np.isnan(untouched(1).apply([[np.nan]])).all()


def test_a_label_of_one_kind_is_named() -> None:
    target, value = _said(40)
    target[:, 1] = 0.0
    with pytest.raises(DataError, match="'b'"):
        fit_label_calibrators(target, value, ("a", "b"))


def test_labels_do_not_move_each_other() -> None:
    target, value = _said(500)
    other = value.copy()
    other[:, 0] = expit(-logit(value[:, 0]))
    first = fit_label_calibrators(target, value, ("a", "b"))
    second = fit_label_calibrators(target, other, ("a", "b"))
    assert first.slope[1] == second.slope[1]
    assert first.slope[0] != second.slope[0]
