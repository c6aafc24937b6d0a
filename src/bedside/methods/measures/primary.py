"""The one measure by which models of a task are compared."""

from __future__ import annotations

from typing import NamedTuple

from bedside.core.errors import DataError


class Primary(NamedTuple):
    """A measure's name and its direction."""

    measure: str
    higher_is_better: bool


PRIMARY = {
    "binary": Primary("auroc", True),
    "multiclass": Primary("auroc", True),
    "multilabel": Primary("macro_auroc", True),
    "regression": Primary("rmse", False),
    "survival": Primary("c_index", True),
    "segmentation": Primary("dice", True),
}


def primary(task_type: str) -> Primary:
    """The primary measure of a task; DataError for a task that is none of these.

    >>> primary("regression")
    Primary(measure='rmse', higher_is_better=False)
    """
    if task_type not in PRIMARY:
        raise DataError("task", expected=f"one of {', '.join(PRIMARY)}", found=repr(task_type))
    return PRIMARY[task_type]
