"""Section 1: the question and the answer, on one screen."""

from __future__ import annotations

from bedside.core.evidence import Evidence
from bedside.methods.measure_words import words
from bedside.methods.words import patients, signs
from bedside.stages.report.blocks import Block, Card, Cards, Points, Section, Text, term
from bedside.stages.report.gates import gate_line, gate_table
from bedside.stages.report.labels import label_table
from bedside.stages.report.models import model_name
from bedside.stages.report.people import counted, per_thousand
from bedside.stages.report.reading import Material

_HEADLINES: dict[str, tuple[tuple[str, ...], ...]] = {
    "binary": (
        ("auroc",),
        ("ici", "calibration_slope", "oe_ratio", "brier"),
        ("sensitivity", "ppv", "net_benefit"),
    ),
    "multiclass": (
        ("auroc",),
        ("balanced_accuracy", "accuracy"),
        ("conformal_coverage", "brier"),
    ),
    "multilabel": (("macro_auroc",), ("macro_auprc",), ("macro_scaled_brier",)),
    "regression": (("rmse",), ("mae",), ("conformal_coverage", "r2")),
    "segmentation": (("dice",), ("hd95", "nsd"), ("conformal_coverage", "volume_error")),
    "survival": (
        ("c_index",),
        ("ici", "calibration_slope", "oe_ratio", "integrated_brier"),
        ("sensitivity", "ppv", "integrated_brier"),
    ),
}
_STAGE_WORDS = {
    "prepare": "The data stopped this run",
    "audit": "The audit stopped this run",
    "train": "Training stopped this run",
    "evaluate": "The evaluation stopped this run",
    "release": "Nothing was released",
}


def answer(material: Material) -> Section:
    """What stopped the run, or the verdict; people; three numbers; what stops a release."""
    blocks: list[Block] = [*_stop(material), Text(body=_verdict(material), kind="verdict-line")]
    blocks += _people(material)
    cards = _cards(material)
    if cards:
        blocks.append(Cards(cards=cards))
    blocks += label_table(material)
    blocks += _release(material)
    return Section(anchor="answer", title="The answer", lead="", blocks=blocks)


def _stop(material: Material) -> list[Block]:
    blocks: list[Block] = []
    for stage, reason in material.stops:
        gates = material.file("gates.json").each() if stage == "release" else []
        missed = sum(gate.at("verdict").text() != "pass" for gate in gates)
        why = f"{missed} of {len(gates)} requirements not met." if missed else signs(reason)
        blocks.append(Text(body=f"{_STAGE_WORDS.get(stage, stage)}: {why}", kind="stop"))
    return blocks


def _verdict(material: Material) -> str:
    sentence = material.file("verdict.json").at("sentence").text()
    if sentence:
        out = "release" in material.runs and not material.stops
        # The verdict is written before the gates; what they stop is chosen, not released.
        said = sentence if out else sentence.replace("The released model is", "The chosen model is")
        return signs(said)
    if material.stops:
        return "Whether deep learning is warranted was not measured: the run ended before."
    return "Whether deep learning is warranted was not measured."


def headline_evidence(material: Material) -> list[Evidence]:
    """The three numbers of the released model, or of the first model there is evidence on."""
    groups = _HEADLINES.get(material.study.task.type, _HEADLINES["binary"])
    found = (material.book.first(names, material.released) for names in groups)
    return [item for item in found if item is not None]


def _cards(material: Material) -> list[Card]:
    if not material.released:
        return []
    return [
        Card(
            name=term(item.measure),
            number=material.book.cite(item),
            patients=f"{model_name(item.model)}, {patients(item.subjects)} held out",
            meaning=words(item.measure).meaning,
        )
        for item in headline_evidence(material)
    ]


def _people(material: Material) -> list[Block]:
    """The operating point in one sentence about people."""
    table = material.file("curves.json").at("table_per_1000")
    sentence = per_thousand(table, counted(material))
    return [Text(body=sentence, kind="people")] if sentence else []


def _release(material: Material) -> list[Block]:
    if "release" not in material.runs and material.stops:
        return []
    if "release" not in material.runs:
        return [Text(body="Nothing was released: the run did not come to the release.", kind="no")]
    gates = material.file("gates.json").each()
    hurting = [gate for gate in gates if gate.at("verdict").text() != "pass"]
    if hurting:
        items = [gate_line(gate) for gate in hurting]
        title = "What stops the release:"
        return [Text(body=title, kind="subject"), Points(items=items), *gate_table(material)]
    if any(stage == "release" for stage, _ in material.stops):
        return gate_table(material)
    passed = f"All {len(gates)} requirements are met" if gates else "No requirement was set"
    name = model_name(material.released) if material.released else "the model"
    body = f"{passed}. Released, as a signed bundle: {name}."
    return [Text(body=body, kind="yes"), *gate_table(material)]
