"""Tables and records: whatever goes out as plain values comes back the same."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.core import cells
from bedside.core.errors import StudyError
from bedside.core.gate import Gate
from bedside.core.spec import Source, build, canonical, digest, plain
from bedside.core.study import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    rate: float = 0.5
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    count: int
    flag: bool = False
    kind: Literal["a", "b"] = "a"
    limit: float | None = None
    code: str | float = ""
    inner: Inner = Inner()
    several: tuple[Inner, ...] = ()
    pair: tuple[float, float] | None = None


finite = st.floats(allow_nan=False, allow_infinity=False)
inners = st.builds(Inner, rate=finite, words=st.lists(st.text(), max_size=3).map(tuple))
outers = st.builds(
    Outer,
    count=st.integers(),
    flag=st.booleans(),
    kind=st.sampled_from(["a", "b"]),
    limit=st.none() | finite,
    code=st.text() | finite,
    inner=inners,
    several=st.lists(inners, max_size=3).map(tuple),
    pair=st.none() | st.tuples(finite, finite),
)
columns = st.builds(
    Column,
    unit=st.text(),
    range=st.none() | st.tuples(finite, finite),
    missing=st.lists(st.text() | finite, max_size=3).map(tuple),
    cuts=st.lists(finite, max_size=3).map(tuple),
)
gates = st.builds(Gate, measure=st.text(), at_least=st.none() | finite, at_most=st.none() | finite)


@given(outers | columns | gates)
def test_a_record_comes_back(record: Outer | Column | Gate) -> None:
    through_json = json.loads(json.dumps(plain(record)))
    again = build(type(record), through_json, Source("made-up"))
    assert again == record
    assert digest(again) == digest(record)


@given(outers, st.integers())
def test_another_value_is_another_digest(record: Outer, count: int) -> None:
    other = replace(record, count=count)
    assert (canonical(other) == canonical(record)) == (count == record.count)
    assert (digest(other) == digest(record)) == (count == record.count)


@given(outers, st.text(min_size=1).filter(lambda name: name not in Outer.__slots__))
def test_a_key_too_many_is_refused(record: Outer, key: str) -> None:
    table = {**dict(json.loads(json.dumps(plain(record)))), key: 1}
    with pytest.raises(StudyError, match="known key"):
        build(Outer, table, Source("made-up"))


@pytest.mark.parametrize(
    "stage", [name for name in cells.stages() if hasattr(cells.stage(name), "Spec")]
)
def test_the_settings_of_each_stage_come_back(stage: str) -> None:
    kind = cells.stage(stage).Spec
    assert build(kind, json.loads(canonical(kind())), Source("made-up")) == kind()
