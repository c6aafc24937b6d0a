"""A finding: its verdict and action follow from its state and the verb of its kind."""

from __future__ import annotations

import pytest

from bedside.core.evidence import Evidence
from bedside.core.finding import Finding


@pytest.mark.parametrize(
    ("state", "verb", "verdict", "action"),
    [
        ("found", "stop", "fail", "stop"),
        ("found", "drop", "fail", "drop"),
        ("found", "warn", "warn", "warn"),
        ("clear", "stop", "pass", "none"),
        ("unknown", "stop", "unknown", "none"),
    ],
)
def test_verdict_and_action(state, verb, verdict, action) -> None:
    evidence = Evidence(measure="audit.leak", value=1.0, subjects=3, slice="x", stage="audit")
    found = Finding(
        kind="leak", state=state, field="x", sentence="X.", why="Y.", evidence=(evidence,)
    )
    record = found.record(verb)
    assert (record["verdict"], record["action"]) == (verdict, action)
    assert record["evidence"] == [{"measure": "audit.leak", "slice": "x", "data": ""}]
    assert record["id"] == found.record("warn")["id"]
