"""A released model at work: from rows of plain values to decisions and answers.

The same object answers over HTTP, scores files and is compared with the trained model before a
release. It knows no modality (the cell decodes) and no format (the graph is passed in).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from bedside.core.bundle import Bundle
from bedside.core.dataset import Schema, Target, read_schema
from bedside.core.errors import BundleError
from bedside.core.spec import Plain
from bedside.methods.label_policy import AnyPolicy, LabelPolicies, read_policy, together
from bedside.methods.outlining import Outliner, outliner_of
from bedside.methods.policy import REASONS, Decisions

Arrays = Mapping[str, NDArray[np.generic]]
Row = Mapping[str, Plain]
Compute = Callable[[Arrays], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""The graph: arrays of N samples to `value` [N, K] and `novelty` [N]."""

GOLDEN_TOLERANCE = 1e-5
"""Largest difference of a golden answer's numbers between machines (another order of float32
additions); what is decided must be the same."""


class Decoder(Protocol):
    """What a modality's serve cell does; see `bedside.stages.serve`."""

    def decode(self, rows: Sequence[object], schema: Schema) -> Arrays:
        """Arrays of N rows, or a DataError naming row and field."""

    def missing_share(self, arrays: Arrays) -> NDArray[np.float64]:
        """[N] share of the inputs that are missing."""

    def explain(self, arrays: Arrays, schema: Schema, compute: Compute) -> Plain:
        """What one sample's prediction rests on, as far as the graph alone can tell."""


class OutlineEncoder(Protocol):
    """What a modality that learns masks also does."""

    def outlined(self, row: object, mask: NDArray[np.uint8], schema: Schema) -> Plain:
        """The mask of one row in the geometry of its own file, as the answer holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What the graph and the policy said of N samples."""

    values: NDArray[np.float32]
    """[N, K]"""
    novelty: NDArray[np.float32]
    """[N]"""
    missing: NDArray[np.float64]
    """[N]"""
    decisions: Decisions
    """Of several labels what is done with the sample as a whole."""
    labels: tuple[Decisions, ...] = ()
    """Of a multi-label question: what is decided of each label."""
    masks: NDArray[np.uint8] | None = None
    """[N, *spatial] of a segmentation: 0 is background, k the k-th structure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Schema, graph and policy of one released model."""

    schema: Schema
    policy: AnyPolicy
    compute: Compute
    decoder: Decoder
    times: tuple[float, ...] = ()
    """Grid of a survival curve, in the target's unit."""

    def decide(self, arrays: Arrays) -> Outputs:
        """Predictions and decisions on N samples."""
        missing = self.decoder.missing_share(arrays)
        masks = None
        if isinstance(self.compute, Outliner):
            found = self.compute.outlines(arrays)
            values, novelty, masks = found.volumes, found.novelty, found.masks
        else:
            values, novelty = self.compute(arrays)
        decisions, labels = decided(self.policy, values, novelty, missing)
        return Outputs(
            values=values, novelty=novelty, missing=missing, decisions=decisions, labels=labels,
            masks=masks,
        )  # fmt: skip

    def answers(self, outputs: Outputs) -> list[dict[str, Plain]]:
        """One plain answer a sample. Where the model abstains it gives no number at all."""
        return [self._answer(outputs, index) for index in range(len(outputs.novelty))]

    def _answer(self, outputs: Outputs, index: int) -> dict[str, Plain]:
        decisions, target = outputs.decisions, self.schema.target
        if outputs.labels:
            return label_answer(target, outputs, index)
        abstain = bool(decisions.abstain[index])
        answer: dict[str, Plain] = {
            "value": None if abstain else value_of(target, decisions, index),
            "act": bool(decisions.act[index]),
            "abstain": abstain,
            "reason": REASONS[decisions.reason[index]],
        }
        labels = labels_of(target)
        if labels:
            chances = [_plain(item) for item in decisions.probabilities[index].tolist()]
            named: dict[str, Plain] = dict(zip(labels, chances, strict=True))
            answer["probabilities"] = None if abstain else named
            kept = [name for name, held in zip(labels, decisions.label_set[index], strict=True)
                    if held]  # fmt: skip
            answer["set"] = None if abstain else cast("Plain", kept)
        else:
            ends = [_plain(float(decisions.low[index])), _plain(float(decisions.high[index]))]
            answer["interval"] = None if abstain else cast("Plain", ends)
        if target.type == "segmentation":
            volumes = [_plain(item) for item in outputs.values[index].tolist()]
            of_each: dict[str, Plain] = dict(zip(target.classes, volumes, strict=True))
            answer["volumes"] = None if abstain else of_each
        if target.type == "survival":
            curve = [_plain(item) for item in outputs.values[index].tolist()]
            answer["event_free"] = None if abstain else cast("Plain", curve)
        answer["novelty"] = _plain(float(outputs.novelty[index]))
        answer["missing"] = _plain(float(outputs.missing[index]))
        return answer


def decided(
    policy: AnyPolicy, values: NDArray[np.floating], novelty: NDArray[np.floating],
    missing: NDArray[np.float64],
) -> tuple[Decisions, tuple[Decisions, ...]]:  # fmt: skip
    """What is done with each sample, and what is decided of each label where there are several."""
    if isinstance(policy, LabelPolicies):
        labels = policy.decide(values, novelty, missing)
        return together(labels), labels
    return policy.decide(values, novelty, missing), ()


def label_answer(target: Target, outputs: Outputs, index: int) -> dict[str, Plain]:
    """The answer of one sample to a multi-label question, label by label.

    `act`: any label is acted on. `abstain`: nothing is said of any label, and `reason` says why.
    """
    whole = outputs.decisions
    labels: dict[str, Plain] = {}
    for name, one in zip(target.classes, outputs.labels, strict=True):
        silent = bool(one.abstain[index])
        held = zip(("no", "yes"), one.label_set[index], strict=True)
        kept: list[Plain] = [word for word, inside in held if inside]
        labels[name] = {
            "value": None if silent else _plain(float(one.value[index])),
            "act": bool(one.act[index]), "abstain": silent,
            "reason": REASONS[one.reason[index]], "set": None if silent else kept,
        }  # fmt: skip
    return {
        "labels": labels, "act": bool(whole.act[index]), "abstain": bool(whole.abstain[index]),
        "reason": REASONS[whole.reason[index]],
        "novelty": _plain(float(outputs.novelty[index])),
        "missing": _plain(float(outputs.missing[index])),
    }  # fmt: skip


def open_served(bundle: Bundle, decoder: Decoder, open_graph: Callable[[bytes], Compute]) -> Served:
    """The model of a checked bundle."""
    return assemble(bundle.contents, decoder, open_graph)


def assemble(
    contents: Mapping[str, bytes], decoder: Decoder, open_graph: Callable[[bytes], Compute]
) -> Served:
    """The model of schema.json, policy.json, model.json and graph.onnx."""
    policy, model = (_table(contents, name) for name in ("policy.json", "model.json"))
    times = cast("list[float]", model.get("edges") or [])
    schema = read_schema(contents["schema.json"].decode())
    compute = open_graph(contents["graph.onnx"])
    if schema.target.type == "segmentation":
        compute = outliner_of(compute, model, len(schema.target.classes))
    return Served(
        schema=schema,
        policy=read_policy(policy),
        compute=compute,
        decoder=decoder,
        times=tuple(float(time) for time in times),
    )


def golden(served: Served, cases: Mapping[str, Row]) -> list[Plain]:
    """Made-up requests with the answers that this model gives to them.

    Beside each the graph's own `values`: made-up patients are often unlike any that was seen, and
    an abstention alone would say nothing of the graph.
    """
    found = _replies(served, list(cases.values()))
    return [
        {"name": name, "inputs": dict(row), **reply}
        for (name, row), reply in zip(cases.items(), found, strict=True)
    ]


def check_golden(served: Served, recorded: Plain) -> int:
    """Answer the golden requests again; BundleError names the first that comes out differently."""
    cases = cast("list[dict[str, Plain]]", recorded)
    found = _replies(served, [case["inputs"] for case in cases])
    for case, reply in zip(cases, found, strict=True):
        recorded_reply = {key: case.get(key) for key in reply}
        if not same(recorded_reply, reply, GOLDEN_TOLERANCE):
            raise BundleError(
                f"bundle golden.json '{case['name']}'",
                expected="the answer that was recorded at release",
                found="another one",
                hint="this machine computes differently; compare the versions in sbom.json",
            )
    return len(cases)


def _replies(served: Served, rows: Sequence[object]) -> list[dict[str, Plain]]:
    outputs = served.decide(served.decoder.decode(rows, served.schema))
    values = [[_plain(item) for item in row] for row in outputs.values.tolist()]
    return [
        {"answer": answer, "values": cast("Plain", raw)}
        for answer, raw in zip(served.answers(outputs), values, strict=True)
    ]


def same(one: Plain, other: Plain, tolerance: float) -> bool:
    """Whether two plain values agree: numbers within `tolerance`, all else exactly."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k], tolerance) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            same(a, b, tolerance) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        exact = isinstance(one, bool) or isinstance(other, bool)
        return one == other if exact else abs(one - other) <= tolerance * max(1.0, abs(one))
    return one == other


def labels_of(target: Target) -> tuple[str, ...]:
    """Names of what a set may hold: the classes; for time to event, the two states at the horizon;
    for several labels these, though each has a set of its own.

    Empty for a regression or a segmentation, which have an interval instead.
    """
    if target.type in ("regression", "segmentation"):
        return ()
    if target.type == "survival":
        return ("event-free", "event")
    return target.classes or ("no", "yes")


def value_of(target: Target, decisions: Decisions, index: int) -> Plain:
    """The one value of a prediction: a risk, a number, or the name of the likeliest class."""
    value = float(decisions.value[index])
    if target.type == "multiclass" and math.isfinite(value):
        return labels_of(target)[int(value)]
    return _plain(value)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _table(contents: Mapping[str, bytes], name: str) -> dict[str, object]:
    value = json.loads(contents[name])
    if not isinstance(value, dict):
        raise BundleError(f"bundle {name}", expected="a JSON object", found="something else")
    return value
