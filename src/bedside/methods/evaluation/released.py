"""The model that would be released, looked at from all sides on one split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bedside.core.spec import Plain
from bedside.methods.evaluation import acting, silence
from bedside.methods.evaluation.comparators import judge_comparator
from bedside.methods.evaluation.judged import Trial
from bedside.methods.evaluation.subgroups import Least, judge_subgroups, subgroups
from bedside.methods.measures import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What stands beside the outcomes of N rows, and what is asked about them."""

    groups: Mapping[str, Sequence[str | None]]
    comparators: Mapping[str, FloatArray]
    labels: tuple[str, ...]
    """What a set may hold; empty for a regression."""
    thresholds: tuple[float, ...]
    least: Least


def judge_released(trial: Trial, beside: Beside) -> dict[str, Plain]:
    """Evidence on calibration, decisions, silence, subgroups and comparators; the curves come back.

    Parts that the task, or a split with a single outcome, has no answer to are left out.
    """
    curves: dict[str, Plain] = {}
    if trial.risks:
        curves["calibration"] = acting.calibration(trial)
        curves["decision"] = acting.net_benefit(trial, beside.thresholds)
        curves["table_per_1000"] = acting.operating_point(trial)
        curves["roc"] = acting.roc(trial)
    silence.conformal(trial, beside.labels)
    silence.abstention(trial)
    curves["risk_coverage"] = silence.risk_coverage(trial)
    curves["novelty"] = silence.novelty(trial)
    found = subgroups(beside.groups, trial.truth)
    curves["subgroups"] = judge_subgroups(trial, found, beside.least)
    for name, risk in beside.comparators.items():
        judge_comparator(trial, name, risk)
    return curves
