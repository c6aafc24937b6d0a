"""A number, a bound, a plateau, unknown or refused: each where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
from tests.methods.worth.simulated import experiment

from bedside.methods.worth.interval import Factor, Scores
from bedside.methods.worth.verdict import PLATEAU, TOO_NOISY, Terms, Verdict, judged

BUDGETS = np.array([50.0, 100, 200, 400, 800])
TERMS = Terms(worthwhile=0.01)


def made(shift: float = 1.0, *, slope: float = 1.0, noise: float = 0.003, seed: int = 0) -> Scores:
    rng = np.random.default_rng(seed)
    mean = 0.85 - slope * (shift * BUDGETS) ** -0.5
    seen = mean + noise * rng.normal(size=(8, 5))
    shared = 0.002 * rng.normal(size=(50, 1, 1))
    return Scores(budgets=BUDGETS, seen=seen, resampled=seen + shared)


def test_a_lever_within_the_grid_is_a_number() -> None:
    found = judged(made(), made(1.8, seed=1), TERMS)
    assert found.kind == "number"
    assert found.factor.holds(1.8)
    value, low, high = found.triple()
    assert found.words() == f"{value:.2f} ({low:.2f} to {high:.2f})"
    assert found.gain[0] > 0


@pytest.mark.parametrize(("shift", "kind"), [(40.0, "at least"), (1 / 40, "at most")])
def test_beyond_the_grid_there_is_a_bound(shift: float, kind: str) -> None:
    found = judged(made(), made(shift, seed=1), TERMS)
    assert found.kind == kind
    assert found.ceiling == 8
    bound = found.factor.value
    assert bound <= 8 if kind == "at least" else bound >= 1 / 8
    assert found.words() == f"{kind} {bound:.3g}"
    assert found.triple()[1 if kind == "at most" else 2] is None


def test_a_flat_curve_is_a_plateau_and_a_noisy_one_unknown() -> None:
    flat = judged(made(slope=0.0), made(slope=0.0, seed=1), TERMS)
    assert (flat.kind, flat.words()) == ("plateau", PLATEAU)
    noisy = judged(made(slope=0.0, noise=0.2), made(slope=0.0, noise=0.2, seed=1), TERMS)
    assert (noisy.kind, noisy.words()) == ("unknown", TOO_NOISY)
    assert flat.triple() == noisy.triple() == (None, None, None)


def test_a_failed_control_or_too_few_events_leave_no_number() -> None:
    refused = judged(made(), made(1.8), Terms(refused="the control 'oracle' failed"))
    assert (refused.kind, refused.words()) == ("refused", "the control 'oracle' failed")
    dull = judged(made(), made(1.8), Terms(silent="the control says nothing"))
    assert (dull.kind, dull.words()) == ("unknown", "the control says nothing")
    few = judged(made(), made(1.8), Terms(unknown="too few events", refused="also"))
    assert (few.kind, few.factor) == ("unknown", None)


@pytest.mark.parametrize(
    ("kind", "ends", "finding"),
    [
        ("number", (1.2, 2.0), "saves labels"), ("number", (0.5, 0.9), "does harm"),
        ("number", (0.9, 1.4), "cannot be told from no lever"),
        ("number", (1.0, 1.4), "cannot be told from no lever"),
        ("at least", (4.0, np.inf), "saves labels"), ("at most", (0.0, 0.25), "does harm"),
    ],
)  # fmt: skip
def test_what_an_interval_says_in_words(kind: str, ends: tuple[float, float], finding: str) -> None:
    factor = Factor(value=min(max(ends), 4.0), low=ends[0], high=ends[1])
    found = Verdict(kind=kind, factor=factor, gain=(0, 0, 0), ceiling=8.0)
    assert found.finding == finding


def test_without_a_number_nothing_is_found() -> None:
    none = Verdict(kind="refused", factor=None, gain=(0, 0, 0), ceiling=8.0, reason="a control")
    assert none.finding == ""


def test_an_open_end_is_written_as_one() -> None:
    factor = judged(made(), made(1.8, seed=1), TERMS).factor
    wide = Verdict(kind="number", gain=(0, 0, 0), ceiling=1.9, factor=factor)
    assert "more than 1.9" in wide.words()
    assert wide.triple()[2] is None


@pytest.mark.parametrize("worth", [2.0])
def test_real_learners_get_a_number(worth: float) -> None:
    arms = experiment(np.random.default_rng(3), repetitions=12, worth=worth, measure="brier")
    found = judged(*arms, Terms(worthwhile=0.002))
    assert found.kind == "number"
    assert found.factor.holds(worth)
