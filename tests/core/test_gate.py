from __future__ import annotations

import pytest

from bedside.core.evidence import Evidence
from bedside.core.gate import Gate


def _found(**changes: object) -> Evidence:
    values = {"measure": "auroc", "value": 0.83, "low": 0.79, "high": 0.87, "subjects": 1500,
              "stage": "evaluate", "data": "held_out@1f"}  # fmt: skip
    return Evidence(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gate", "evidence", "verdict"),
    [
        (Gate(measure="auroc", at_least=0.78), _found(), "pass"),
        (Gate(measure="auroc", at_least=0.80), _found(), "fail"),
        (Gate(measure="auroc", at_most=0.88), _found(), "pass"),
        (Gate(measure="auroc", at_most=0.85), _found(), "fail"),
        (Gate(measure="auroc", at_least=0.1, at_most=0.85), _found(), "fail"),
        (Gate(measure="auroc", at_least=0.1), _found(subjects=20), "unknown"),
        (Gate(measure="auroc", at_least=0.1), _found(low=None), "unknown"),
        (Gate(measure="auroc", at_least=0.1, slice="sex=F"), _found(), "unknown"),
        (Gate(measure="auroc", at_least=0.1, data="external"), _found(), "unknown"),
        (Gate(measure="brier", at_most=1.0), _found(), "unknown"),
    ],
)
def test_the_bound_that_hurts_decides(gate: Gate, evidence: Evidence, verdict: str) -> None:
    result = gate.check([evidence])
    assert result.verdict == verdict
    assert result.reason


def test_only_the_named_model_counts() -> None:
    gate = Gate(measure="auroc", at_least=0.78)
    found = [_found(model="trees"), _found(model="tabm", low=0.1)]
    assert gate.check(found, model="trees").verdict == "pass"
    assert gate.check(found, model="tabm").verdict == "fail"
