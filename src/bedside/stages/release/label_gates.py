"""A study's requirements on several labels: one that names no label is asked of each.

So the worst label decides, and a mean over labels hides none. What is measured of all labels
together (`macro_auroc`, `deep_minus_simple.macro_auroc`, parity) is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bedside.core.evidence import Evidence
from bedside.core.gate import Gate
from bedside.core.study import Study
from bedside.methods.multilabel import slice_of


def asked(study: Study, evidence: Sequence[Evidence]) -> tuple[Gate, ...]:
    """The gates of a study; of a multi-label one those without a label stand once for each."""
    if study.task.type != "multilabel":
        return study.gates
    heads = tuple(slice_of(label) for label in study.task.labels)
    by_label = {item.measure for item in evidence if item.slice.startswith(heads)}
    return tuple(
        one
        for gate in study.gates
        for one in (
            _each(gate, study.task.labels)
            if gate.measure in by_label and not gate.slice.startswith(heads)
            else (gate,)
        )
    )


def _each(gate: Gate, labels: Sequence[str]) -> tuple[Gate, ...]:
    return tuple(replace(gate, slice=slice_of(label, gate.slice)) for label in labels)
