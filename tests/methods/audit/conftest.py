"""Made-up training patients for the audit's checks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike

from bedside.core.dataset import Field
from bedside.methods.audit.training import Column, Training

TrainingOf = Callable[..., Training]


@pytest.fixture
def training_of() -> TrainingOf:
    """`training_of(outcome, task=..., subject=..., duration=..., event=...)`."""

    def make(outcome: ArrayLike, **given: object) -> Training:
        values = np.asarray(outcome, np.float64)
        rows = np.arange(len(values))
        subject = np.asarray(given.pop("subject", rows))
        task = given.pop("task", "binary")
        classes = () if task == "regression" else tuple("abcdef"[: int(np.nanmax(values)) + 1])
        settled = {
            "task": task, "classes": classes, "data": "train@0", "of": int(subject.max()) + 1,
            "rows": rows, "subject": subject, "outcome": values, **given,
        }  # fmt: skip
        return Training(**settled)  # type: ignore[arg-type]

    return make


@pytest.fixture
def number() -> Callable[..., Column]:
    """`number("age", values)`."""
    return lambda name, values: Column(
        field=Field(name=name), numeric=np.asarray(values, np.float32)
    )


@pytest.fixture
def category() -> Callable[..., Column]:
    """`category("ward", codes)`; 0 is missing."""

    def make(name: str, codes: ArrayLike, words: tuple[str, ...] = ()) -> Column:
        found = np.asarray(codes, np.int64)
        words = words or tuple(f"kind {at}" for at in range(int(found.max(initial=0))))
        return Column(field=Field(name=name, kind="category", categories=words), codes=found)

    return make
