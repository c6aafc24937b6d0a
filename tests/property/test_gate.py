"""Gates: less certainty, or fewer patients, never opens one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bedside.core.evidence import Evidence
from bedside.core.gate import Gate

number = st.floats(-10, 10)
more = st.floats(0, 10)


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    value, below, above = draw(number), draw(more), draw(more)
    return Evidence(
        measure="auroc",
        value=value,
        low=draw(st.none() | st.just(value - below)),
        high=draw(st.none() | st.just(value + above)),
        subjects=draw(st.integers(0, 300)),
        stage="evaluate",
        data="held_out@1f3a5c07",
    )


gates = st.builds(
    Gate,
    measure=st.just("auroc"),
    at_least=st.none() | number,
    at_most=st.none() | number,
    subjects=st.integers(0, 200),
).filter(lambda gate: gate.at_least is not None or gate.at_most is not None)


@given(gates, evidence(), more, more)
def test_a_wider_interval_never_opens_a_gate(
    gate: Gate, found: Evidence, down: float, up: float
) -> None:
    wider = replace(
        found,
        low=None if found.low is None else found.low - down,
        high=None if found.high is None else found.high + up,
    )
    if gate.check([wider]).verdict == "pass":
        assert gate.check([found]).verdict == "pass"


@given(gates, evidence(), st.integers(0, 300))
def test_fewer_patients_never_open_a_gate(gate: Gate, found: Evidence, fewer: int) -> None:
    smaller = replace(found, subjects=max(found.subjects - fewer, 0))
    if gate.check([smaller]).verdict == "pass":
        assert gate.check([found]).verdict == "pass"


@given(gates, evidence())
def test_to_pass_is_to_hold_at_the_end_that_hurts(gate: Gate, found: Evidence) -> None:
    """The verdict, said again in other words."""
    holds = [
        bound is None or (edge is not None and sign * edge >= sign * bound)
        for bound, edge, sign in ((gate.at_least, found.low, 1), (gate.at_most, found.high, -1))
    ]
    enough = found.subjects >= gate.subjects
    assert (gate.check([found]).verdict == "pass") == (enough and all(holds))


@given(gates, evidence())
def test_no_evidence_and_no_interval_are_unknown(gate: Gate, found: Evidence) -> None:
    assert gate.check([]).verdict == "unknown"
    assert gate.check([replace(found, low=None, high=None)]).verdict == "unknown"
    assert gate.check([replace(found, data="train@1f3a5c07")]).verdict == "unknown"
    assert gate.check([replace(found, slice="sex=F")]).verdict == "unknown"
