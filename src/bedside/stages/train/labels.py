"""The tune patients of a multi-label question: calibrators and policies, label by label."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Schema
from bedside.core.decision import Decision

if TYPE_CHECKING:
    from bedside.methods.label_calibration import LabelCalibrators
    from bedside.methods.label_policy import LabelPolicies

Rows = NDArray[np.int64]


def label_calibrators(
    dataset: Dataset, schema: Schema, rows: Rows, value_NK: NDArray[np.float64]
) -> LabelCalibrators:
    """Fitted to what the model says of `rows`, the calibration half of tune."""
    from bedside.methods.evaluation.truth import truth_of
    from bedside.methods.label_calibration import fit_label_calibrators

    truth = truth_of(dataset, schema, rows)
    return fit_label_calibrators(truth.target, value_NK, schema.target.classes)


def label_policies(
    dataset: Dataset, schema: Schema, rows: Rows, said: dict[str, NDArray[np.generic]],
    *, options: Decision,
) -> LabelPolicies:  # fmt: skip
    """Fitted to what the graph `said` of `rows`, with the usual hair of room at each limit."""
    from bedside.methods.evaluation.truth import truth_of
    from bedside.methods.label_policy import fit_label_policies
    from bedside.stages.train.easing import eased

    truth = truth_of(dataset, schema, rows)
    fitted = fit_label_policies(
        said["value"], truth.target, said["novelty"], np.zeros(len(rows)),
        labels=schema.target.classes, options=options,
    )  # fmt: skip
    given = options.threshold is not None
    return replace(fitted, labels=tuple(eased(policy, given=given) for policy in fitted.labels))
