from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from bedside.core.errors import StudyError
from bedside.core.spec import Source, build, canonical, digest, override, parse_toml, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    rate: float = 0.1
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    trials: int
    mode: Literal["fast", "full"] = "fast"
    inner: Inner = Inner()
    limit: float | None = None
    code: str | float = ""
    table: dict[str, Inner] | None = None


TEXT = """
[train]
trials = 3
trails = 4

[train.inner]
rate = "x"
"""


def _build(text: str) -> Outer:
    return build(Outer, parse_toml(text, "s.toml"), Source("s.toml", text))


def test_values_arrive_with_their_types() -> None:
    made = _build('trials = 3\nlimit = 2\ncode = "a"\n[inner]\nrate = 1\nnames = ["a"]\n')
    assert made == Outer(trials=3, limit=2.0, code="a", inner=Inner(rate=1.0, names=("a",)))
    assert isinstance(made.inner.rate, float)


def test_an_unknown_key_names_file_line_and_nearest() -> None:
    table = parse_toml(TEXT, "s.toml")["train"]
    with pytest.raises(StudyError) as caught:
        build(Outer, table, Source("s.toml", TEXT), ("train",))
    assert "s.toml:4 [train] trails" in str(caught.value)
    assert "did you mean 'trials'?" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the key 'trials'"),
        ("trials = true", "a whole number, found true"),
        ("trials = 1.5", "a whole number, found 1.5"),
        ('trials = "3"', "a whole number, found '3'"),
        ('trials = 3\nmode = "fats"', "did you mean 'fast'?"),
        ("trials = 3\n[inner]\nnames = 1", "[inner] names: expected a list"),
        ("trials = 3\ninner = 1", "expected a section"),
        ("trials = 3\nlimit = true", "a number"),
        ("trials = 3\n[table.a]\nrat = 1", "[table.a] rat"),
    ],
)
def test_wrong_values_are_sentences(text: str, words: str) -> None:
    with pytest.raises(StudyError, match="expected") as caught:
        _build(text)
    assert words in str(caught.value)


def test_a_typo_in_the_toml_itself_names_its_line() -> None:
    with pytest.raises(StudyError, match="line 2"):
        parse_toml("a = 1\nb = = 2", "s.toml")


def test_override_reads_toml_values_and_plain_text() -> None:
    table: dict[str, object] = {"train": {"rate": 1}}
    for assignment in ("train.rate=3e-4", "train.mode=full", "new.deep.key=[1, 2]"):
        override(table, assignment)
    assert table == {"train": {"rate": 3e-4, "mode": "full"}, "new": {"deep": {"key": [1, 2]}}}


@pytest.mark.parametrize("assignment", ["train.rate", "=3", "train.rate.x=1"])
def test_a_bad_override_is_an_error(assignment: str) -> None:
    with pytest.raises(StudyError, match="--set"):
        override({"train": {"rate": 1}}, assignment)


def test_one_value_one_text_one_digest() -> None:
    assert canonical({"b": 1, "a": (1, 2)}) == '{"a":[1,2],"b":1}'
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert plain(Outer(trials=1))["inner"] == {"rate": 0.1, "names": []}  # type: ignore[index,call-overload]
