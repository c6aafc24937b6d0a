"""Each simple model by its name, and taken apart by the names that graphs have for its arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.forest import ForestParts
from bedside.adapters.onnx.linear import LinearParts
from bedside.adapters.onnx.simple import simple_graph
from bedside.core.errors import StudyError
from bedside.methods.simple_models import SIMPLE, Material, fit_simple, parts_of

LINEAR = {
    "binary": "logistic", "multiclass": "multinomial", "multilabel": "logistic",
    "regression": "ridge", "survival": "cox",
}  # fmt: skip


def material(made_up: Callable, task: str, length: int = 0) -> Material:
    whole = made_up(task)
    return Material(
        train=whole.part(slice(0, 400)), select=whole.part(slice(400, 600)), epochs=1, patience=1,
        seed=0, length=length,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["prevalence", "linear", "trees"])
def test_a_model_beats_the_prevalence_and_its_graph_agrees(
    kind: str, task: str, made_up: Callable
) -> None:
    name = LINEAR[task] if kind == "linear" else kind
    given = material(made_up, task)
    fitted = fit_simple(name, given, SIMPLE[name].defaults)
    assert fitted.score == given.score(fitted.model)
    if kind != "prevalence":
        assert fitted.score < fit_simple("prevalence", given, {}).score
    parts = parts_of(fitted.model)
    inputs = given.select[0]
    graph = simple_graph(
        parts.kind, parts.link, parts.arrays, numbers=5, cardinalities=inputs.cardinalities
    )
    found = Graph(graph).run({"numeric": inputs.numeric, "codes": inputs.codes})["value"]
    np.testing.assert_allclose(found, fitted.model.predict(inputs), rtol=1e-4, atol=1e-6)


def test_parts_are_those_of_the_adapter(made_up: Callable) -> None:
    given = material(made_up, "survival")
    for name, kind in (("cox", LinearParts), ("trees", ForestParts)):
        parts = parts_of(fit_simple(name, given, SIMPLE[name].defaults).model)
        assert set(parts.arrays) == {field.name for field in fields(kind)}


def test_a_length_is_kept(made_up: Callable) -> None:
    fitted = fit_simple("trees", material(made_up, "binary", 3), SIMPLE["trees"].defaults)
    assert fitted.length == 3


def test_what_does_not_exist_is_an_error(made_up: Callable) -> None:
    with pytest.raises(StudyError, match="leavs"):
        fit_simple("trees", material(made_up, "binary"), {"leavs": 3})
    with pytest.raises(TypeError, match="no graph"):
        parts_of(object())
