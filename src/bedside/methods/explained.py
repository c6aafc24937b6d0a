"""An explanation beside one answer, and when it is kept back.

    said = explained(served, arrays, outputs, 0, checked)

`checked` is the bundle's `explanation.json`: what the evaluation found of such maps. Without it (a
model of tables) nothing is kept back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bedside.core.spec import Plain
from bedside.methods.multilabel import label_target
from bedside.methods.served import Arrays, Outputs, Served


def explained(
    served: Served, arrays: Arrays, outputs: Outputs, index: int, checked: Mapping[str, Plain]
) -> Plain:
    """What the answer to sample `index` rests on, or `withheld` and why.

    None where the model abstains: there is nothing to explain. Of several labels, where maps of
    each were checked, `labels` with the same of each.
    """
    if outputs.decisions.abstain[index]:
        return None
    one = {name: values[index : index + 1] for name, values in arrays.items()}
    of_labels = checked.get("labels")
    if not isinstance(of_labels, dict):
        return _admitted(served, one, checked)
    found: dict[str, Plain] = {}
    target = served.schema.target
    for column, (label, said) in enumerate(zip(target.classes, outputs.labels, strict=True)):
        admitted = of_labels.get(label)
        found[label] = None
        if isinstance(admitted, dict) and not said.abstain[index]:
            found[label] = _admitted(_alone(served, column), one, admitted)
    return {"labels": found}


def _admitted(served: Served, one: Arrays, checked: Mapping[str, Plain]) -> Plain:
    if checked and not checked.get("shown"):
        return {"withheld": checked.get("why")}
    said = served.decoder.explain(one, served.schema, served.compute)
    return {**said, "check": checked["why"]} if checked and isinstance(said, dict) else said


def _alone(served: Served, column: int) -> Served:
    """One label as the model of a binary question that it is."""
    target = served.schema.target
    schema = replace(served.schema, target=label_target(target, target.classes[column]))

    def compute(arrays: Arrays) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        values, novelty = served.compute(arrays)
        return values[:, column : column + 1], novelty

    return replace(served, schema=schema, compute=compute)
