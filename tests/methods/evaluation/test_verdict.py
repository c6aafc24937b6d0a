"""The verdict: three answers, in either direction of a measure, and how many patients it takes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.methods.evaluation.verdict import Contest, judge
from bedside.methods.intervals import Interval


def contest(gap: Interval, **changed: object) -> Contest:
    parts: dict[str, object] = {
        "task": "binary", "deep": "tabm", "simple": "trees", "subjects": 1575, "gap": gap,
        "of_deep": (0.832, 0.812, 0.851), "of_simple": (0.833, 0.813, 0.852),
    }  # fmt: skip
    return Contest(**(parts | changed))


@pytest.mark.parametrize(
    ("gap", "answer"),
    [
        ((0.02, 0.004, 0.036), "warranted"),
        ((-0.001, -0.006, 0.004), "not warranted"),
        ((-0.02, -0.03, -0.01), "not warranted"),
        ((0.004, 0.001, 0.007), "not warranted"),  # real, but not worth having
        ((0.008, -0.004, 0.02), "not decidable"),
        ((0.009, 0.002, 0.016), "not decidable"),
        ((0.0, float("nan"), float("nan")), "not decidable"),
    ],
)
def test_the_three_answers(gap: Interval, answer: str) -> None:
    verdict = judge(contest(gap))
    assert verdict.answer == answer
    assert verdict.released == ("tabm" if answer == "warranted" else "trees")


def test_the_sentence_is_in_the_tone_of_the_report() -> None:
    assert judge(contest((-0.001, -0.006, 0.004))).sentence() == (
        "Deep learning is not warranted here. TabM reaches an AUROC of 0.832 (0.812 to 0.851) on "
        "1,575 held-out patients, boosted trees 0.833; the difference is −0.001 (−0.006 to 0.004). "
        "The released model is the boosted trees."
    )


def test_a_smaller_error_is_a_benefit() -> None:
    error = {"task": "regression", "of_deep": (9.0, 8.5, 9.5), "of_simple": (10.0, 9.5, 10.5)}
    assert judge(contest((-1.0, -1.4, -0.6), **error)).answer == "warranted"
    assert judge(contest((1.0, 0.6, 1.4), **error)).answer == "not warranted"
    assert judge(contest((1.0, 0.6, 1.4), **error)).worthwhile == pytest.approx(0.2)


def test_too_few_patients_decide_nothing() -> None:
    verdict = judge(contest((0.2, 0.1, 0.3), subjects=18, enough=False))
    assert (verdict.answer, verdict.patients_needed) == ("not decidable", None)
    assert "18 patients with so few outcomes cannot tell" in verdict.sentence()


@given(
    true=st.floats(-0.03, 0.05),
    width=st.floats(0.012, 0.2),
    subjects=st.integers(100, 100_000),
)
def test_so_many_patients_do_settle_it(true: float, width: float, subjects: int) -> None:
    """With the interval scaled to the patients asked for, the same estimate is decided."""
    gap = (true, true - width / 2, true + width / 2)
    verdict = judge(contest(gap, subjects=subjects))
    if verdict.patients_needed is None:
        return
    assert verdict.patients_needed > subjects
    half = width / 2 * np.sqrt(subjects / (verdict.patients_needed * 1.001))
    again = judge(contest((true, true - half, true + half), subjects=verdict.patients_needed))
    assert again.answer != "not decidable" or true - half > 0  # real, and too near worthwhile


def test_a_study_may_say_what_is_worthwhile() -> None:
    gap = (0.004, 0.001, 0.007)
    assert judge(contest(gap), worthwhile=0.002).answer == "warranted"
    assert judge(contest(gap), worthwhile=0.02).answer == "not warranted"
