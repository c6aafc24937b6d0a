"""An explanation beside an answer: label by label, and only where the check allows it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from tests.stages.conftest import POLICY

from bedside.core.dataset import Schema, Target
from bedside.core.spec import Plain
from bedside.methods.explained import explained
from bedside.methods.label_policy import LabelPolicies
from bedside.methods.served import Arrays, Compute, Served

LABELS = ("lesion", "cyst", "clot")


class Telling:
    """Explains by the task and by what the graph gives."""

    def decode(self, rows: object, schema: Schema) -> Arrays:
        raise NotImplementedError

    def missing_share(self, arrays: Arrays) -> np.ndarray:
        return np.zeros(len(arrays["x"]))

    def explain(self, arrays: Arrays, schema: Schema, compute: Compute) -> Plain:
        values = compute(arrays)[0]
        return {"task": schema.target.type, "of": schema.target.outcome, "value": values.tolist()}


def served(novelty: float) -> Served:
    def compute(arrays: Arrays) -> tuple[np.ndarray, np.ndarray]:
        return arrays["x"].astype(np.float32), np.full(len(arrays["x"]), novelty, np.float32)

    return Served(
        schema=Schema(fields=(), target=Target(type="multilabel", outcome="f", classes=LABELS)),
        policy=LabelPolicies(labels=(POLICY,) * len(LABELS)), compute=compute, decoder=Telling(),
    )  # fmt: skip


def said(values: list[float], checked: Mapping[str, Plain], novelty: float = 0.0) -> Plain:
    """Of the second of two samples."""
    model = served(novelty)
    arrays = {"x": np.array([[0.5] * 3, values], np.float32)}
    return explained(model, arrays, model.decide(arrays), 1, checked)


CHECKED: dict[str, Plain] = {
    "labels": {
        "lesion": {"shown": True, "why": "Shown: good."}, "cyst": {"shown": False, "why": "Bad."},
        "clot": {"shown": True, "why": "Shown: good."},
    }
}  # fmt: skip


def test_each_label_has_its_own_map_or_the_reason_why_not() -> None:
    found = said([0.9, 0.1, 0.25], CHECKED)
    assert found == {
        "labels": {
            "lesion": {"task": "binary", "of": "lesion", "value": [[np.float32(0.9)]],
                       "check": "Shown: good."},
            "cyst": {"withheld": "Bad."},
            "clot": {"task": "binary", "of": "clot", "value": [[0.25]], "check": "Shown: good."},
        }
    }  # fmt: skip


def test_a_label_of_which_nothing_is_said_has_no_map() -> None:
    found = said([0.9, 0.1, float("nan")], CHECKED)
    assert isinstance(found, dict)
    labels = found["labels"]
    assert isinstance(labels, dict)
    assert labels["clot"] is None
    assert labels["lesion"] is not None


def test_nothing_is_explained_where_the_model_abstains() -> None:
    assert said([0.9, 0.1, 0.25], CHECKED, novelty=99.0) is None


def test_without_a_check_nothing_is_kept_back() -> None:
    """As of a table, whose explanation is of all labels at once."""
    found = said([0.9, 0.1, 0.25], {})
    assert isinstance(found, dict)
    assert found["task"] == "multilabel"
    assert "labels" not in found
