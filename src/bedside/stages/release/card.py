"""The model card, written from evidence: no number in it was typed.

Headings as in the CHAI applied model card (v0.2); the last table says where each item of TRIPOD+AI
(Collins et al., BMJ 2024;385:e078378) is answered, and which are not. A number is followed by the
id of its line in evidence.jsonl.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from bedside.core.dataset import Field, Schema
from bedside.core.evidence import Evidence
from bedside.core.gate import GateResult
from bedside.core.spec import Plain
from bedside.core.study import Study
from bedside.methods.label_policy import AnyPolicy, LabelPolicies
from bedside.methods.measure_words import WORDS
from bedside.methods.multilabel import parted
from bedside.methods.words import count, interval, joined, number
from bedside.stages.release.testscore import is_subgroup

NOT_SAID = "Not said by the study."
_USEFULNESS = (
    "macro_auroc", "auroc", "auprc", "c_index", "rmse", "mae", "r2", "brier", "scaled_brier",
    "log_loss",
    "calibration_slope", "calibration_intercept", "ici", "net_benefit", "sensitivity",
    "specificity", "ppv", "npv", "alerts_per_100",
)  # fmt: skip
_FAIRNESS = ("auroc", "c_index", "rmse", "sensitivity", "conformal_coverage")
_SAFETY = ("abstention_rate", "conformal_coverage", "novelty", "parity.")
_TRIPOD = (
    ("3a, 4", "question and intended use", "Uses and directions"),
    ("5, 6", "data and participants", "Trust ingredients"),
    ("7, 11", "data preparation and missing data", "Trust ingredients; schema.json"),
    ("8", "outcome", "Basic information"),
    ("9", "predictors", "Inputs"),
    ("10, 20b", "sample size", "Key metrics (patients beside each number)"),
    ("12", "how models were built, compared and measured", "Model summary; Key metrics"),
    ("14, 23b", "fairness", "Key metrics: fairness"),
    ("22", "the full model", "graph.onnx, policy.json"),
    ("23a", "performance with intervals", "Key metrics"),
    ("26", "limits", "Warnings"),
    ("15 to 19", "ethics, funding, registration, involvement, sharing", "not known to bedside"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """All that a card is written from."""

    study: Study
    schema: Schema
    policy: AnyPolicy
    model: Mapping[str, Plain]
    """`model.json` of the released model."""
    name: str
    evidence: Sequence[Evidence]
    gates: Sequence[GateResult]
    verdict: str
    """The verdict on deep learning, in a sentence."""
    findings: Sequence[Mapping[str, Plain]]
    """Of the audit."""
    flow: Sequence[Mapping[str, Plain]]
    """Patients found, excluded and split, of prepare."""
    version: str
    """Of bedside."""


def write_card(facts: CardFacts) -> str:
    """The card as Markdown."""
    about = facts.study.about
    sections = (
        ("Basic information", _basic(facts)),
        ("Uses and directions", _uses(facts)),
        ("Model summary", _summary(facts)),
        ("Inputs", [_table(("Field", "Unit", "Admitted"), map(_field, facts.schema.fields))]),
        ("Warnings", _warnings(facts)),
        ("Trust ingredients", _trust(facts)),
        ("Key metrics: usefulness", _metrics(facts, _USEFULNESS, everybody=True)),
        ("Key metrics: fairness", _metrics(facts, _FAIRNESS, everybody=False)),
        ("Key metrics: safety", _metrics(facts, _SAFETY, everybody=True)),
        ("Requirements for release", _gates(facts.gates)),
        ("Resources", _resources(facts)),
        ("TRIPOD+AI", [_table(("Item", "About", "Where"), _TRIPOD)]),
    )
    parts = [f"# {facts.schema.target.outcome}: model card", f"> {_cell(about.question)}"]
    for title, paragraphs in sections:
        parts += [f"## {title}", *paragraphs]
    return "\n\n".join(parts) + "\n"


def _basic(facts: CardFacts) -> list[str]:
    target, about = facts.schema.target, facts.study.about
    rows = [
        ("Study", about.name), ("Model", facts.name), ("Task", target.type),
        ("Outcome", target.outcome), ("Made by", f"bedside {facts.version}"),
        ("Citation", about.citation or NOT_SAID),
    ]  # fmt: skip
    if target.type == "multilabel":
        rows.insert(4, ("Labels", _cell(joined(list(target.classes)))))
    if target.horizon is not None:
        rows.insert(4, ("Horizon", f"{number(target.horizon)} {target.unit}".strip()))
    return [_table(("", ""), rows)]


def _uses(facts: CardFacts) -> list[str]:
    about, policy = facts.study.about, facts.policy
    act = _acting(facts)
    silent = (
        f"It abstains where more than {number(policy.most_missing * 100)} % of the inputs are "
        f"missing, and where a patient is less like the training patients than a novelty of "
        f"{number(policy.novelty_limit)} allows."
    )
    return [
        f"**Intended use.** {about.intended_use or NOT_SAID}",
        f"**Population.** {about.population or NOT_SAID}",
        f"**Directions.** {act} {silent}",
        "**Not for** other patients, other times of prediction or other uses: for these it was not "
        "tested.",
    ]


def _acting(facts: CardFacts) -> str:
    """From which prediction on the model recommends to act; of each label where there are some."""
    policy = facts.policy
    if isinstance(policy, LabelPolicies):
        at = [
            f"{label} {number(one.threshold)}"
            for label, one in zip(facts.schema.target.classes, policy.labels, strict=True)
            if one.threshold is not None
        ]
        return f"It recommends to act on a label at or above (policy.json): {joined(at)}."
    if policy.threshold is None:
        return "The model recommends no action."
    return f"It recommends to act at {number(policy.threshold)} or above (policy.json)."


def _summary(facts: CardFacts) -> list[str]:
    settings = [
        (key, _cell(value))
        for key, value in facts.model.items()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool)
    ]
    return [facts.verdict or "No verdict was given.", _table(("Setting", "Value"), settings)]


def _warnings(facts: CardFacts) -> list[str]:
    found = [item for item in facts.findings if item.get("verdict") in ("fail", "warn")]
    lines = [f"- {_cell(item.get('sentence'))} ({_cell(item.get('action'))})" for item in found]
    unknown = [item for item in facts.findings if item.get("verdict") == "unknown"]
    lines += [f"- Not known: {_cell(item.get('sentence'))}" for item in unknown]
    lines += [f"- {_cell(limit)}" for limit in facts.study.about.limits]
    if not any(item.data.startswith("external") for item in facts.evidence):
        lines.append("- It was not measured at another site or at a later time.")
    return ["\n".join(lines)]


def _trust(facts: CardFacts) -> list[str]:
    rows = [
        (_cell(step.get("step")), _cell(step.get("subjects")), _cell(step.get("why")))
        for step in facts.flow
    ]
    data = joined(sorted({item.data for item in facts.evidence if item.data}))
    return [
        _table(("Step", "Patients", "Why"), rows),
        f"Data behind the numbers: {data or 'none'}. Software: sbom.json. Each file of the bundle "
        "is listed in manifest.json, which is signed.",
    ]


def _metrics(facts: CardFacts, names: Sequence[str], *, everybody: bool) -> list[str]:
    rows, labels = [], facts.study.task.labels
    for item in facts.evidence:
        wanted = any(item.measure == name or _family(item.measure, name) for name in names)
        label, part = parted(item.slice, labels)
        about = part == "all" if everybody else is_subgroup(part)
        if not wanted or not about or item.model != facts.name:
            continue
        rows.append(
            (
                _named(item.measure), *((_cell(label or "all"),) if labels else ()),
                *(() if everybody else (_cell(part),)),
                interval(item.value, item.low, item.high, _unit(item)), count(item.subjects),
                item.data.split("@")[0], f"`{item.id}`",
            )
        )  # fmt: skip
    if not rows:
        return ["None was measured."]
    head = ("Measure", *(("Label",) if labels else ()),
            *(() if everybody else ("Patients who are",)), "Value (interval)")  # fmt: skip
    return [_table((*head, "Patients", "On", "Evidence"), rows)]


def _gates(gates: Sequence[GateResult]) -> list[str]:
    rows = [
        (result.verdict, _named(result.gate.measure), bound(result), _cell(result.reason),
         f"`{result.evidence.id}`" if result.evidence else "none")
        for result in gates
    ]  # fmt: skip
    return [_table(("Verdict", "Measure", "Required", "Found", "Evidence"), rows)]


def bound(result: GateResult) -> str:
    """What a gate requires, in words."""
    gate = result.gate
    parts = [
        f"{words} {value:g}"
        for words, value in (("at least", gate.at_least), ("at most", gate.at_most))
        if value is not None
    ]
    where = "" if gate.slice == "all" else f" for {gate.slice}"
    return " and ".join(parts) + where


def _resources(facts: CardFacts) -> list[str]:
    return [
        "evidence.jsonl (every number), reference.json (training patients in aggregates), "
        "golden.json (made-up requests and their answers), schema.json, sbom.json.",
        facts.study.about.citation or "",
    ]


def _field(field: Field) -> tuple[str, str, str]:
    if field.kind == "image":
        lengths = " x ".join("any" if n == 0 else str(n) for n in field.shape)
        return (
            _cell(field.name),
            _cell(field.unit),
            f"{field.description}, {lengths}, {field.dtype}",
        )
    if field.kind == "category":
        listed = ", ".join(field.categories[:12]) + (", ..." if len(field.categories) > 12 else "")
        return _cell(field.name), "", _cell(listed)
    ends = ["" if end is None else f"{end:g}" for end in (field.low, field.high)]
    admitted = f"{ends[0] or 'any'} to {ends[1] or 'any'}" if any(ends) else "any number"
    return _cell(field.name), _cell(field.unit or "not said"), admitted


def _named(measure: str) -> str:
    words = WORDS.get(measure.rsplit(".", 1)[-1])
    return f"{_cell(words.statistician)} (`{measure}`)" if words else f"`{measure}`"


def _unit(item: Evidence) -> str:
    words = WORDS.get(item.measure)
    return "share" if words is not None and words.share else item.unit


def _family(measure: str, name: str) -> bool:
    return name.endswith(".") and measure.startswith(name)


def _table(head: Sequence[str], rows: object) -> str:
    listed = [tuple(row) for row in cast("Sequence[Sequence[str]]", rows)]
    lines = [head, ["---"] * len(head), *listed]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    """Text that cannot end a table's cell or become markup of another kind."""
    text = " ".join(str("" if value is None else value).split())
    return text.replace("|", "\\|").replace("<", "&lt;")
