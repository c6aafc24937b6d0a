"""The simple models of every race: trained once with given settings, and taken apart for a graph.

They learn from numbers and categories, be these the fields of a table or features of an image, and
are trained as carefully as deep ones: same patients, same search, same budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from bedside.core.spec import Source, build
from bedside.core.study import TaskType
from bedside.methods import cox, design
from bedside.methods.cox import CoxModel, fit_cox
from bedside.methods.design import Score
from bedside.methods.entrant import Entrant
from bedside.methods.linear import LinearModel, fit_linear
from bedside.methods.outcome import Outcome
from bedside.methods.prevalence import Prevalence, fit_prevalence
from bedside.methods.searches import Search
from bedside.methods.tabular_inputs import Inputs, Predictor
from bedside.methods.trees import (
    LabelTrees,
    TreeModel,
    TreeSettings,
    fit_trees,
)
from bedside.methods.tune import Between, Setting

Split = tuple[Inputs, Outcome]
Settings = Mapping[str, Setting]
_PENALTY = Search(
    space={"penalty": Between(low=1e-5, high=3.0, log=True)}, defaults={"penalty": 1e-3}
)
_TREES = Search(
    space={
        "rate": Between(low=0.02, high=0.2, log=True),
        "leaves": Between(low=3, high=32, log=True, whole=True),
        "leaf_samples": Between(low=5, high=100, log=True, whole=True),
        "shrinkage": Between(low=1e-3, high=10.0, log=True),
    },
    defaults={"rate": 0.08, "leaves": 12, "leaf_samples": 20, "shrinkage": 1.0},
)
SIMPLE: Mapping[str, Search] = {
    "prevalence": Search(space={}, defaults={}),
    **dict.fromkeys(("logistic", "multinomial", "ridge", "cox"), _PENALTY),
    "trees": _TREES,
}
"""What is tuned, by the model's name."""
LINEAR_OF_TASK: Mapping[TaskType, str] = {
    "binary": "logistic", "multiclass": "multinomial", "multilabel": "logistic",
    "regression": "ridge", "survival": "cox",
}  # fmt: skip
_LINEAR = (
    ("logistic", 1958, "logistic regression (Cox 1958)"),
    ("multinomial", 1966, "multinomial regression (Cox 1966)"),
    ("ridge", 1970, "linear regression (Hoerl and Kennard 1970)"),
    ("cox", 1972, "proportional hazards (Cox 1972)"),
)


def simple_entrants(*, linear: str, trees: str) -> tuple[Entrant, ...]:
    """All of `SIMPLE` as a modality enters them; `{}` in its words stands for the method.

    >>> simple_entrants(linear="Regularised {}", trees="{}")[1].source
    'Regularised logistic regression (Cox 1958)'
    """
    every = "What training patients had on average; for survival Kaplan and Meier 1958"
    boosted = "Gradient-boosted trees (Friedman 2001; Ke et al. 2017; scikit-learn)"
    return (
        Entrant(name="prevalence", family="simple", year=1958, source=every),
        *(Entrant(name=name, family="simple", year=year, source=linear.format(method))
          for name, year, method in _LINEAR),
        Entrant(name="trees", family="simple", year=2017, source=trees.format(boosted)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What every attempt of a model is given."""

    train: Split
    select: Split
    epochs: int
    patience: int
    seed: int
    length: int = 0
    """Epochs or trees, where they are given; 0: as many as `select` bears."""

    def score(self, model: Predictor) -> float:
        """On `select`; lower is better."""
        return self.select[1].score(model.predict(self.select[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A model after one attempt."""

    model: Predictor
    score: float
    length: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A fitted model as plain arrays, by the names that the adapter for graphs has for them."""

    kind: Literal["constant", "linear", "forest"]
    link: str
    arrays: Mapping[str, Any]  # of many types: the adapter's dataclasses say which


def fit_simple(name: str, material: Material, settings: Settings) -> Fit:
    """Train a model of `SIMPLE` by its name."""
    inputs, outcome = material.train
    model: Predictor
    if name == "trees":
        chosen = build(TreeSettings, {**settings, "trees": material.length}, Source("settings"))
        trees = fit_trees(material.train, material.select, chosen, seed=material.seed)
        return Fit(model=trees, score=material.score(trees), length=trees.trees)
    if name == "prevalence":
        model = fit_prevalence(outcome)
    elif name == "cox":
        model = fit_cox(inputs, outcome, penalty=float(settings["penalty"]))
    else:
        model = fit_linear(inputs, outcome, penalty=float(settings["penalty"]))
    return Fit(model=model, score=material.score(model))


def parts_of(model: Predictor) -> Parts:
    """What a simple model is made of; TypeError for any other."""
    if isinstance(model, Prevalence):
        return Parts(kind="constant", link="identity", arrays={"value": model.value})
    if isinstance(model, LinearModel):
        return Parts(kind="linear", link=model.link, arrays=_linear(model.score))
    if isinstance(model, CoxModel):
        hazard = {"hazard": model.hazard, "score_reach": cox.REACH}
        return Parts(kind="linear", link="cox", arrays=_linear(model.score) | hazard)
    if isinstance(model, TreeModel | LabelTrees):
        return Parts(kind="forest", link=model.link, arrays=_forest(model))
    raise TypeError(f"no graph for {type(model).__name__}")


def _linear(score: Score) -> dict[str, Any]:
    scaling = score.design.scaling
    return {
        "fill": scaling.fill, "mean": scaling.mean, "scale": scaling.scale, "reach": design.REACH,
        "cardinalities": score.design.cardinalities, "offsets": score.design.offsets,
        "numeric": score.numeric, "missing": score.missing, "level": score.level,
        "bias": score.bias,
    }  # fmt: skip


def _forest(model: TreeModel | LabelTrees) -> dict[str, Any]:
    forest, columns = model.forest(), model.columns
    return {
        **{field.name: getattr(forest, field.name) for field in fields(forest)},
        "numeric": columns.numeric, "field": columns.field, "code": columns.code,
        "intervals": model.intervals,
    }  # fmt: skip
