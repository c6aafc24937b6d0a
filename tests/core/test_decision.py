"""A decision that makes no sense is refused when the study is read."""

import pytest

from bedside.core.decision import Decision
from bedside.core.errors import StudyError
from bedside.core.spec import Source, build


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"threshold": 0.2, "sensitivity": 0.9}, "both"),
        ({"threshold": float("nan")}, r"\[decision\] threshold"),
        ({"sensitivity": 0.0}, "sensitivity"),
        ({"coverage": 1}, "coverage"),
        ({"novelty_quantile": 0.0}, "novelty_quantile"),
        ({"most_missing": 1.5}, "most_missing"),
        ({"treshold": 0.2}, "did you mean 'threshold'"),
    ],
)
def test_refused(table, words):
    with pytest.raises(StudyError, match=words):
        build(Decision, table, Source("study.toml"), ("decision",))


def test_read_as_written():
    table = {"threshold": 0.1, "abstain_when_ambiguous": True, "most_missing": 1.0}
    found = build(Decision, table, Source("study.toml"), ("decision",))
    assert found == Decision(threshold=0.1, abstain_when_ambiguous=True, most_missing=1.0)
