from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from bedside.methods.tune import Between, Budget, OneOf, search

SPACE = {
    "x": Between(low=-3, high=3),
    "rate": Between(low=1e-4, high=1.0, log=True),
    "size": Between(low=2, high=9, whole=True),
    "kind": OneOf(values=("a", "b")),
}
DEFAULTS = {"x": 2.5, "rate": 0.1, "size": 4, "kind": "b"}


def bowl(settings: Mapping[str, object], left: float) -> tuple[float, str]:
    score = settings["x"] ** 2 + (settings["kind"] == "b")
    return score, f"fitted at {score}"


def test_starts_with_the_defaults_and_gets_better() -> None:
    found = search(SPACE, DEFAULTS, bowl, Budget(trials=25), seed=0)
    assert dict(found.trials[0].settings) == DEFAULTS
    assert found.best.score == min(trial.score for trial in found.trials) < 0.3
    assert found.fitted == f"fitted at {found.best.score}"
    assert not found.cut
    assert all(1e-4 <= trial.settings["rate"] <= 1 for trial in found.trials)
    assert {type(trial.settings["size"]) for trial in found.trials} == {int}


def test_the_same_seed_asks_the_same() -> None:
    first, second, other = (
        [trial.settings for trial in search(SPACE, DEFAULTS, bowl, Budget(trials=9), seed=s).trials]
        for s in (1, 1, 2)
    )
    assert first == second != other


def test_time_ends_the_search_and_is_told() -> None:
    def slow(settings: Mapping[str, object], left: float) -> tuple[float, None]:
        assert left >= 0
        until = time.process_time() + 0.02
        while time.process_time() < until:  # at work: sleeping costs nothing
            pass
        return 1.0, None

    found = search(SPACE, DEFAULTS, slow, Budget(trials=50, seconds=0.1), seed=0)
    assert found.cut
    assert 1 <= len(found.trials) < 10
    only = search(SPACE, DEFAULTS, slow, Budget(trials=5, seconds=0.0), seed=0)
    assert len(only.trials) == 1


@pytest.mark.parametrize("trials", [1, 8])
def test_nothing_to_tune_is_one_trial(trials: int) -> None:
    found = search({}, {}, lambda settings, left: (0.5, "it"), Budget(trials=trials), seed=0)
    assert (len(found.trials), found.fitted, found.cut) == (1, "it", False)
