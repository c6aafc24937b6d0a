"""A requirement without a label is asked of each; one with a label, or of the mean, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bedside.core.evidence import Evidence
from bedside.core.gate import Gate
from bedside.core.study import Study
from bedside.stages.release.label_gates import asked


def _line(measure: str, slice_: str, low: float = 0.8) -> Evidence:
    return Evidence(measure=measure, value=0.9, low=low, high=0.95, subjects=200, slice=slice_,
                    stage="evaluate", data="held_out@1", model="trees")  # fmt: skip


LINES = [
    _line("auroc", "label=a"), _line("auroc", "label=b", low=0.6),
    _line("auroc", "label=a & sex=F"), _line("macro_auroc", "all"),
    _line("abstention_rate", "all"), _line("abstention_rate", "label=a"),
]  # fmt: skip


def _study(study: Study, gate: Gate, task: str = "multilabel") -> Study:
    labels = ("a", "b") if task == "multilabel" else ()
    return replace(study, gates=(gate,), task=replace(study.task, type=task, labels=labels))


@pytest.mark.parametrize(
    ("measure", "slice_", "expected"),
    [
        ("auroc", "all", ["label=a", "label=b"]),
        ("auroc", "sex=F", ["label=a & sex=F", "label=b & sex=F"]),
        ("auroc", "label=b", ["label=b"]),
        ("macro_auroc", "all", ["all"]),
        ("parity.served", "all", ["all"]),
        ("abstention_rate", "all", ["label=a", "label=b"]),
        ("unheard_of", "all", ["all"]),
    ],
)
def test_of_whom_it_is_asked(
    made_up_study: Study, measure: str, slice_: str, expected: list[str]
) -> None:
    gate = Gate(measure=measure, at_least=0.7, slice=slice_)
    assert [one.slice for one in asked(_study(made_up_study, gate), LINES)] == expected


def test_the_worst_label_decides(made_up_study: Study) -> None:
    gates = asked(_study(made_up_study, Gate(measure="auroc", at_least=0.7)), LINES)
    assert [gate.check(LINES, "trees").verdict for gate in gates] == ["pass", "fail"]


def test_other_tasks_are_asked_as_before(made_up_study: Study) -> None:
    gate = Gate(measure="auroc", at_least=0.7)
    assert asked(_study(made_up_study, gate, "binary"), LINES) == (gate,)
