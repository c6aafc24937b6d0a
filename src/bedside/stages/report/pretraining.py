"""Of section 7: where a pretrained network raced, whether it did better than from scratch."""

from __future__ import annotations

from markupsafe import Markup

from bedside.core.evidence import Evidence
from bedside.methods.measures import primary as primary_of
from bedside.methods.pretraining.start import pretrained_name
from bedside.methods.words import count, patients
from bedside.stages.report.blocks import Block, Text
from bedside.stages.report.models import model_name, primary
from bedside.stages.report.reading import Material, Node

_ANSWERS = {1: "Pretraining helped.", -1: "Pretraining did harm.",
            0: "Whether pretraining helped cannot be told from these patients."}  # fmt: skip


def pretraining_answer(material: Material) -> str:
    """In a sentence; empty where no pretrained network was measured."""
    gap = _gap(material)
    return "" if gap is None else _ANSWERS[_favour(material, gap)]


def pretraining_blocks(material: Material) -> list[Block]:
    """The answer with its numbers, and who was learnt from and who was not."""
    gap = _gap(material)
    if gap is None:
        return []
    told, book, measure = material.file("pretrain.json"), material.book, primary(material)
    scratch = told.at("model").text()
    reached = [book.one(measure, name) for name in (gap.model, scratch)]
    first, second = (book.cite(item) if item else "not measured" for item in reached)
    body = Markup(
        "{}, pretrained ({}), reaches {} on {} held-out patients; the same network from "
        "scratch, with the same patients, tries and budget, {}. The difference is {}."
    ).format(
        model_name(scratch), told.at("source").text(), first,
        count(gap.subjects), second, book.cite(gap),
    )  # fmt: skip
    return [Text(body=body), Text(body=_whom(material), kind="note")]


def _whom(material: Material) -> str:
    told = material.file("pretrain.json")
    left = [
        f"{count(node.number() or 0)} {split.replace('_', '-')}"
        for split, node in told.at("left_out").pairs()
    ]
    rank, width = told.at("effective_rank").numbers(), told.at("width").number()
    apart = ""
    if rank and rank[0] is not None and width is not None:
        apart = (
            f" The encoder tells patients apart: the effective rank of its answers is "
            f"{rank[0]:.1f} of {count(width)}."
        )
    licence = told.at("licence").text()
    if licence:
        return f"The weights are under the licence {licence}.{apart}"
    return (
        f"The encoder learnt from the inputs of {_learnt(told)}, outcomes unseen; "
        f"patients of other splits were left out: {', '.join(left)}.{apart} The time that "
        "pretraining takes comes on top of the budget of the race."
    )


def _learnt(told: Node) -> str:
    """Patients of the training split, and those that an unlabelled pool brought."""
    every, pool = told.at("patients").number() or 0, told.at("pool")
    more = (pool.at("patients").number() or 0) - (pool.at("also_training").number() or 0)
    text = f"{patients(every - more)} of the training split"
    return f"{text} and {patients(more)} of an unlabelled pool" if more else text


def _gap(material: Material) -> Evidence | None:
    name = pretrained_name(material.file("pretrain.json").at("model").text())
    found = material.book.one(f"pretrained_minus_scratch.{primary(material)}", name)
    return found if found is not None and found.value is not None else None


def _favour(material: Material, gap: Evidence) -> int:
    """1: the whole interval favours the pretrained network; -1: the other; 0: it holds zero."""
    if gap.low is None or gap.high is None or gap.low <= 0 <= gap.high:
        return 0
    better = primary_of(material.study.task.type).higher_is_better
    return 1 if (gap.low > 0) == better else -1
