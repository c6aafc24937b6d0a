"""The ladder for tables: from the perceptron to TabM."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.study import TaskType
from bedside.methods.entrant import Arrays, Lesson
from bedside.methods.fit import Fitted, Part
from bedside.methods.ladder import Course, Predict, Reached, climb_one
from bedside.methods.networks.generations import RUNGS, network
from bedside.methods.outcome import Outcome
from bedside.methods.rung import Allowance, Pace, Rung
from bedside.methods.tabular_inputs import Inputs
from bedside.modalities.tables.train import arrays

__all__ = ["arrays", "climb", "ladder", "pace"]


def ladder(task: TaskType) -> tuple[Rung, ...]:  # noqa: ARG001  # one ladder for all tasks
    """Generations that can learn a task, oldest first."""
    return RUNGS


def pace(task: TaskType) -> Pace:  # noqa: ARG001  # one pace for all tasks
    """Steps cost little here, and small data sets are soon learnt by heart: many looks."""
    return Pace(steps=1000, batch=128, looks=10)


def climb(name: str, lesson: Lesson, allowance: Allowance) -> Reached:
    """Train one generation within the allowance."""
    (rung,) = (one for one in RUNGS if one.name == name)
    inputs = _inputs(lesson.train, lesson.schema)
    course = Course(
        lesson=lesson, allowance=allowance, train=_part(inputs, lesson.train_outcome),
        select=_part(_inputs(lesson.select, lesson.schema), lesson.select_outcome),
    )  # fmt: skip
    return climb_one(rung, lambda: network(name, inputs, lesson.train_outcome), course, _answers)


def _answers(fitted: Fitted) -> Predict:
    def predict(asked: Mapping[str, NDArray[np.generic]]) -> NDArray[np.generic]:
        return fitted.predict(
            np.asarray(asked["numeric"], np.float32), np.asarray(asked["codes"], np.int64)
        )

    return predict


def _part(inputs: Inputs, outcome: Outcome) -> Part:
    return Part(arrays=(inputs.numeric, inputs.codes), outcome=outcome)


def _inputs(arrays: Arrays, schema: Schema) -> Inputs:
    return Inputs(
        numeric=np.asarray(arrays["numeric"], np.float32),
        codes=np.asarray(arrays["codes"], np.int64),
        cardinalities=tuple(len(field.categories) for field in schema.category),
    )
