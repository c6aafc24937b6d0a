"""The race for tables: who enters, how each is tuned and trained, and cases at the edge.

Simple models are trained as carefully as deep ones: same patients, same search, same budget.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.onnx.finish import append_novelty
from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import StudyError
from bedside.core.study import TaskType
from bedside.methods import novelty
from bedside.methods.entrant import Arrays, Entrant, Learned, Lesson
from bedside.methods.searches import searched
from bedside.methods.simple_models import LINEAR_OF_TASK, simple_entrants
from bedside.methods.tabular_inputs import Inputs, Values
from bedside.methods.tune import Found, Setting
from bedside.modalities.tables.train_edges import edge_cases
from bedside.modalities.tables.train_graphs import NetworkModel, graph_of
from bedside.modalities.tables.train_models import Fit, Material, fit_model
from bedside.modalities.tables.train_space import LARGE, SEARCHES

__all__ = ["MODELS", "arrays", "edge_cases", "entrants", "inputs_of", "learn"]

_ALL = (
    *simple_entrants(linear="Regularised {}; gaps filled with the median and marked", trees="{}"),
    Entrant(name="mlp", family="deep", year=2022,
            source="Perceptron with embeddings of numbers (Gorishniy et al., NeurIPS 2022)"),
    Entrant(name=LARGE, family="deep", year=2022,
            source="Perceptron with embeddings of numbers, larger for pretraining "
            "(Gorishniy et al., NeurIPS 2022)"),
    Entrant(name="tabm", family="deep", year=2025,
            source="Ensemble of perceptrons with shared weights (Gorishniy et al., ICLR 2025)"),
    Entrant(name="ft_transformer", family="deep", year=2021,
            source="Transformer over fields (Gorishniy et al., NeurIPS 2021)"),
)  # fmt: skip
MODELS: Mapping[str, Entrant] = {entrant.name: entrant for entrant in _ALL}
"""All models of tables by name."""
_HEAVIEST_FIRST = ("tabm", "ft_transformer", "mlp", "trees")


def entrants(task: TaskType) -> tuple[Entrant, ...]:
    """Models that race unasked, the one that takes longest first; others race where a pretraining
    brings them in.

    Raises StudyError for a task that is none of a table.
    """
    if task not in LINEAR_OF_TASK:
        raise StudyError(
            "[task] type", expected=f"one of {', '.join(LINEAR_OF_TASK)} for tables",
            found=f"'{task}'", hint='masks are learnt from images: modality = "images" in [study]',
        )  # fmt: skip
    return tuple(MODELS[name] for name in (*_HEAVIEST_FIRST, LINEAR_OF_TASK[task], "prevalence"))


def arrays(dataset: Dataset, schema: Schema, rows: NDArray[np.int64]) -> Arrays:
    """`numeric` float32 [N, P] and `codes` int64 [N, C] of the fields that `schema` keeps."""
    kept = {field.name for field in schema.fields}
    found = {}
    for name, fields in (("numeric", dataset.schema.numeric), ("codes", dataset.schema.category)):
        columns = [column for column, field in enumerate(fields) if field.name in kept]
        found[name] = np.ascontiguousarray(dataset.array(name)[rows][:, columns])
    return found


def learn(name: str, lesson: Lesson) -> Learned:
    """Tune and train one model; with `lesson.fixed`, train it once as that says."""
    inputs = inputs_of(lesson.train, lesson.schema)
    material = Material(
        train=(inputs, lesson.train_outcome),
        select=(inputs_of(lesson.select, lesson.schema), lesson.select_outcome),
        epochs=lesson.epochs, patience=lesson.patience, seed=lesson.seed,
        length=lesson.fixed.length if lesson.fixed else 0,
    )  # fmt: skip
    found = _found(name, material, lesson)
    model = found.fitted.model

    def predict(asked: Arrays) -> Values:
        return model.predict(inputs_of(asked, lesson.schema))

    return Learned(
        predict=predict,
        export=lambda: append_novelty(
            graph_of(model, inputs), novelty.fit(inputs.numeric, inputs.codes).params
        ),
        settings=lesson.fixed.settings if lesson.fixed else found.best.settings,
        length=found.fitted.length, parameters=model.parameters, score=found.best.score,
        trials=found.trials, seconds=found.seconds, cut=found.cut or found.fitted.cut,
        weights=model.weights if isinstance(model, NetworkModel) else {},
    )  # fmt: skip


def _found(name: str, material: Material, lesson: Lesson) -> Found[Fit]:
    def attempt(settings: Mapping[str, Setting], seconds: float) -> tuple[float, Fit]:
        fitted = fit_model(name, material, settings, seconds, lesson.start)
        return fitted.score, fitted

    return searched(SEARCHES[name], attempt, lesson)


def inputs_of(arrays: Arrays, schema: Schema) -> Inputs:
    """Arrays of some rows as models of tables take them."""
    return Inputs(
        numeric=np.asarray(arrays["numeric"], np.float32),
        codes=np.asarray(arrays["codes"], np.int64),
        cardinalities=tuple(len(field.categories) for field in schema.category),
    )
