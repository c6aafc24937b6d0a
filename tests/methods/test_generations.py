"""Which generation is enough: by every pair, never by chance, never by too few patients."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.evaluation.comparison import Measured
from bedside.methods.generations import Contender, Ladder, sufficient


def contender(name: str, year: int, value: float, noise: np.ndarray, measure: str) -> Contender:
    replicates = {measure: value + noise}
    return Contender(
        name=name, title=name.title(), year=year,
        measured=Measured(points={measure: value}, replicates=replicates),
    )  # fmt: skip


def ladder(
    values: dict[str, float], spread: dict[str, float] | None = None, **changes: object
) -> Ladder:
    """Contenders at these values; `spread`: standard error of what is their own."""
    rng = np.random.default_rng(1)
    shared = rng.normal(0, 0.02, 2000)
    task = str(changes.get("task", "binary"))
    measure = {"binary": "auroc", "regression": "rmse", "segmentation": "dice"}[task]
    found = [
        contender(
            name, 1950 + 10 * at, value,
            shared + rng.normal(0, (spread or {}).get(name, 0.0005), 2000), measure,
        )
        for at, (name, value) in enumerate(values.items())
    ]  # fmt: skip
    guess = {"auroc": 0.5, "rmse": 9.0, "dice": 0.0}[measure]
    settings: dict[str, object] = {
        "task": "binary", "contenders": found, "subjects": 300,
        "guess": Measured(points={measure: guess}, replicates={measure: np.full(2000, guess)}),
    }  # fmt: skip
    return Ladder(**(settings | changes))  # type: ignore[arg-type]


def test_the_earliest_within_the_margin_is_enough() -> None:
    said = sufficient(ladder({"perceptron": 0.80, "lenet": 0.903, "resnet": 0.905, "vit": 0.89}))
    assert said.enough is not None
    assert said.enough.name == "lenet"
    assert said.best.name == "resnet"
    assert said.standings == {
        "perceptron": "falls short", "lenet": "enough", "resnet": "enough", "vit": "falls short",
    }  # fmt: skip
    assert "Lenet (1960) is enough" in said.sentence()
    assert "Perceptron (1950) falls short" in said.sentence()
    assert "Vit" not in said.sentence().split("enough")[1].split("The difference")[0]
    assert said.headline().startswith("Lenet (1960) is enough: AUROC 0.903")


def test_what_cannot_be_told_is_said() -> None:
    wide = {"perceptron": 0.02}
    said = sufficient(ladder({"perceptron": 0.90, "lenet": 0.903, "resnet": 0.905}, wide))
    assert said.standings["perceptron"] == "cannot be told"
    # The perceptron may be better than the others by more than the margin, so none is enough.
    assert said.enough is None
    assert "cannot be told with 300 patients" in said.sentence()
    clear = sufficient(ladder({"perceptron": 0.85, "lenet": 0.903, "resnet": 0.905}, wide))
    assert clear.enough is not None
    assert clear.enough.name == "lenet"


def test_enough_asks_every_other_not_only_the_best() -> None:
    """One that is near the best by its value can still lose by the margin to an uncertain third."""
    said = sufficient(ladder({"a": 0.90, "b": 0.905, "c": 0.9}, {"c": 0.02}))
    assert said.best.name == "b"
    assert said.gaps["a"][1] > -0.01
    assert said.standings["a"] == "cannot be told"


def test_of_an_error_less_is_better() -> None:
    said = sufficient(ladder({"perceptron": 5.0, "mlp": 4.02, "tabm": 4.0}, task="regression"))
    assert said.best.name == "tabm"
    assert said.margin == pytest.approx(0.08)
    assert said.enough is not None
    assert said.enough.name == "mlp"
    assert said.gaps["perceptron"][0] == pytest.approx(1.0)


def test_the_margin_can_be_given() -> None:
    values = {"perceptron": 0.88, "lenet": 0.905}
    enough = sufficient(ladder(values)).enough
    generous = sufficient(ladder(values, worthwhile=0.05)).enough
    assert enough is not None
    assert generous is not None
    assert (enough.name, generous.name) == ("lenet", "perceptron")


def test_nothing_is_enough_where_nothing_was_learnt() -> None:
    said = sufficient(ladder({"perceptron": 0.51, "lenet": 0.512}))
    assert not said.learnt
    assert said.enough is None
    assert "better than guessing" in said.sentence()
    assert "better than guessing" in said.headline()


def test_few_patients_decide_nothing() -> None:
    said = sufficient(ladder({"a": 0.7, "b": 0.9}, subjects=12, enough_patients=False))
    assert set(said.standings.values()) == {"cannot be told"}
    assert said.enough is None
    assert "so few patients" in said.sentence()
    assert "12 patients" in said.headline()


def test_an_undefined_measure_is_not_a_best() -> None:
    values = {"a": 0.9, "b": float("nan")}
    said = sufficient(ladder(values))
    assert said.best.name == "a"
    assert said.enough is None
