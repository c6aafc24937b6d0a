"""The sentence that a clinician reads first."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.pretraining.asked import Asked
from bedside.methods.worth.controls import spelt
from bedside.methods.worth.interval import Factor
from bedside.methods.worth.verdict import Verdict
from bedside.stages.worth.beginning import Beginning
from bedside.stages.worth.said import _levers, meaning
from bedside.stages.worth.told import _beside


class FoundOf:
    """What the sentence needs of all that was found."""

    def __init__(self, modality: str) -> None:
        self.design = type("Design", (), {"modality": modality})()
        self.spec = type("Spec", (), {"level": 0.95})()


def number(value: float, low: float, high: float) -> Verdict:
    factor = Factor(value=value, low=low, high=high)
    return Verdict(kind="number", factor=factor, gain=(0, 0, 0), ceiling=8.0)


def test_each_lever_is_said_plainly() -> None:
    said = {
        "augmentation": number(1.4, 0.9, 2.1), "synthesis": number(0.72, 0.53, 0.89),
        "pretraining": number(2.3, 1.8, 3.1),
    }  # fmt: skip
    assert _levers(said, FoundOf("tables")) == (
        "augmentation 1.40 (95 % interval 0.90 to 2.10) times the labels: cannot be told from no "
        "lever; synthetic patients 0.72 (0.53 to 0.89) times the labels: not worth it, does harm; "
        "pretraining is worth 2.30 (1.80 to 3.10) times the labels"
    )


def test_bounds_and_reasons_are_said_too() -> None:
    bound = Verdict(kind="at least", gain=(0, 0, 0), ceiling=4.0,
                    factor=Factor(value=4.0, low=4.0, high=np.inf))  # fmt: skip
    dull = Verdict(kind="unknown", factor=None, gain=(0, 0, 0), ceiling=4.0, reason="too few")
    found = FoundOf("images")
    assert _levers({"synthesis": bound, "pretraining": dull}, found) == (
        "synthetic images are worth at least 4 times the labels; pretraining: too few"
    )
    assert _levers({"synthesis": dull, "pretraining": dull}, found) == "too few"


@pytest.mark.parametrize(
    ("gain", "said"),
    [((0.02, 0.01, 0.03), "better than without"), ((-0.02, -0.03, -0.01), "worse than without"),
     ((-0.02, -0.05, 0.01), "not told apart")],
)  # fmt: skip
def test_a_difference_is_explained(gain: tuple[float, float, float], said: str) -> None:
    assert meaning(gain) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"pool": ("numeric",)}, "sees an unlabelled pool too"),
     ({"weights": True}, "starts from a file of weights"), ({}, "")],
)  # fmt: skip
def test_what_pretraining_draws_on_besides_is_said(asked: dict[str, object], said: str) -> None:
    own = Asked(model="mlp", objective="auto", epochs=1, seconds=1.0, tune="full", **asked)
    found = FoundOf("tables")
    found.design.beginning = Beginning(asked=own)
    assert said in _beside(found)
    assert bool(_beside(found)) is bool(said)


def test_an_open_control_is_spelt() -> None:
    assert spelt(Factor(value=2.0, low=1.2, high=np.inf)) == "2.00 (1.20 or more)"
    assert spelt(Factor(value=2.0, low=0.0, high=3.1)) == "2.00 (3.10 or less)"
    assert "any other number" in spelt(Factor(value=2.0, low=0.0, high=np.inf))
