"""Verbs: what stops, what is dropped, what is only warned of, and in which order it is told."""

from __future__ import annotations

import pytest

from bedside.core.errors import StudyError
from bedside.core.evidence import Evidence
from bedside.core.finding import Finding
from bedside.methods.audit.conclusion import conclude

VERBS = {"leak": "stop", "duplicates": "stop", "units": "warn", "constant": "drop"}


def _found(kind: str, field: str = "", state: str = "found", severity: float = 0.0) -> Finding:
    evidence = Evidence(measure=f"audit.{kind}", value=severity, subjects=9, slice=field, stage="")
    return Finding(
        kind=kind, state=state, field=field, sentence=f"{kind} {field}", why="", look="Do this.",
        short="AUROC 0.97", severity=severity, evidence=(evidence,),
    )  # fmt: skip


FINDINGS = [
    _found("units", "x"), _found("constant", "c"), _found("leak", "a", severity=0.8),
    _found("leak", "b", severity=0.9), _found("duplicates", state="clear"),
]  # fmt: skip
FIELDS = ["x", "c", "a", "b"]


def test_the_worst_comes_first_and_stops() -> None:
    found = conclude(FINDINGS, VERBS, (), FIELDS)
    assert [(r["field"], r["verdict"], r["action"]) for r in found.records] == [
        ("b", "fail", "stop"), ("a", "fail", "stop"), ("c", "fail", "drop"),
        ("x", "warn", "warn"), ("", "pass", "none"),
    ]  # fmt: skip
    assert found.dropped == ["c"]
    assert found.headline.startswith("2 leaks found: b (AUROC 0.97), a (AUROC 0.97)")
    assert '[audit] leak = "drop"' in found.stop
    assert len(found.evidence) == 5


def test_dropping_goes_on() -> None:
    found = conclude(FINDINGS, VERBS | {"leak": "drop"}, (), FIELDS)
    assert found.stop == ""
    assert found.dropped == ["c", "a", "b"]
    assert found.headline.startswith("2 leaks dropped: b")


def test_what_the_user_vouches_for_is_only_warned_of() -> None:
    found = conclude(FINDINGS, VERBS, ("a", "b"), FIELDS)
    assert found.stop == ""
    assert "a" not in found.dropped
    with pytest.raises(StudyError, match="did you mean 'x'"):
        conclude(FINDINGS, VERBS, ("xx",), FIELDS)


def test_when_no_field_is_left_the_run_stops() -> None:
    found = conclude(FINDINGS, VERBS | {"leak": "drop", "units": "drop"}, (), FIELDS)
    assert found.dropped == FIELDS
    assert "none is left" in found.stop


def test_a_finding_on_the_whole_says_what_to_do() -> None:
    found = conclude([_found("duplicates")], VERBS, (), FIELDS)
    assert "Do this." in found.stop
    assert "drop" not in found.stop


def test_nothing_found() -> None:
    found = conclude([_found("leak", state="clear")], VERBS, (), FIELDS)
    assert (found.headline, found.stop) == ("nothing found in 1 checks", "")
