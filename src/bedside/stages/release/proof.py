"""The proof of parity: trained, exported and served, on held-out patients and on edge cases.

The served answers come from the application itself: JSON bytes in, JSON bytes out, the ledger
(a passing one) written before each.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import orjson
from numpy.typing import NDArray
from starlette.types import ASGIApp

from bedside.adapters.http import Limits, call, make_asgi
from bedside.core.bundle import Bundle, Manifest
from bedside.core.context import Context
from bedside.core.errors import DataError, RunError
from bedside.core.evidence import Evidence
from bedside.core.ledger import Ledger
from bedside.core.pseudonym import Pseudonyms
from bedside.core.spec import Plain
from bedside.methods.live import Live
from bedside.methods.parity import Parity, compare_answers, compare_values, decision_flips
from bedside.methods.served import Arrays, Outputs, decided
from bedside.stages.release.assembly import Candidate, split_arrays, unsigned
from bedside.stages.release.proof_masks import mask_parity, masks_that_differ

_BATCH = 500
"""Patients in a request of the proof: another size than that of any other comparison."""
_BATCH_BYTES = 8 << 20
"""And no more than so many bytes of inputs."""
_OWN_KEYS = ("ledger", "bundle", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was compared and what came out."""

    samples: int
    evidence: list[Evidence]
    parities: dict[str, list[Parity]]
    """By data: `held_out` and `edge`."""
    refused: list[str] = field(default_factory=list)
    """Edge cases that no request can say, or that are refused: the safe answer."""
    accepted: list[str] = field(default_factory=list)
    """Malformed requests that were answered all the same: there must be none."""

    def record(self) -> dict[str, Plain]:
        """As `parity.json`."""
        compared: dict[str, Plain] = {
            data: [
                {"name": item.name, "samples": item.samples, "flips": item.flips,
                 "difference": item.difference if np.isfinite(item.difference) else None}
                for item in items
            ]
            for data, items in self.parities.items()
        }  # fmt: skip
        return {
            "compared": compared,
            "refused": list[Plain](self.refused),
            "malformed_but_answered": list[Plain](self.accepted),
        }


def prove(chosen: Candidate, context: Context) -> Proof:
    """Compare everything; the evidence says how it went."""
    dataset = context.dataset()
    held = split_arrays(context, chosen.schema, "held_out")
    patients = len(np.unique(dataset.subjects(dataset.rows("held_out"))))
    edge, names = _edge(context)
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "ledger.db") as ledger:
        app = _application(chosen, ledger)
        answered = _served_parity(chosen, app, held)
        sayable = _sayable(chosen, app, edge)
        edge_answered = _served_parity(chosen, app, _rows(edge, sayable))
        accepted, tried = _malformed(chosen, app)
    exported = _exported(chosen, held, "native.npy")
    edge_exported = _exported(chosen, edge, "edge_native.npy")
    label = dataset.label("held_out")
    evidence = [
        *exported.evidence(model=chosen.name, data=label, subjects=patients),
        *answered.evidence(model=chosen.name, data=label, subjects=patients),
        *edge_exported.evidence(model=chosen.name, data="edge", subjects=0),
        *edge_answered.evidence(model=chosen.name, data="edge", subjects=0),
        _count(
            "parity.not_finite", _not_finite(chosen.served.decide(held)), chosen, label, patients
        ),
        _count("parity.refusals", 1 - len(accepted) / max(tried, 1), chosen, "edge", 0),
    ]
    return Proof(
        samples=_count_of(held),
        evidence=evidence,
        parities={"held_out": [exported, answered], "edge": [edge_exported, edge_answered]},
        refused=[name for name, said in zip(names, sayable, strict=True) if not said],
        accepted=accepted,
    )


def _exported(chosen: Candidate, arrays: Arrays, file: str) -> Parity:
    """The trained model's own predictions against those of the graph."""
    native = np.load(chosen.folder / file, allow_pickle=False)
    outputs = chosen.served.decide(arrays)
    if outputs.masks is not None:
        return mask_parity(native, outputs, arrays, chosen.served)
    if native.shape != outputs.values.shape:
        raise RunError(
            f"{chosen.name}/{file}", expected=f"predictions {list(outputs.values.shape)}",
            found=f"{list(native.shape)}", hint="remove the run of train and run again",
        )  # fmt: skip
    trained, of_labels = decided(chosen.served.policy, native, outputs.novelty, outputs.missing)
    classes = chosen.schema.target.type == "multiclass"
    flips = decision_flips(trained, outputs.decisions, classes=classes)
    for one, other in zip(of_labels, outputs.labels, strict=True):
        flips |= decision_flips(one, other, classes=False)
    return Parity(
        name="exported", samples=len(native), flips=int(flips.sum()),
        difference=compare_values(native, outputs.values),
    )  # fmt: skip


def _served_parity(chosen: Candidate, app: ASGIApp, arrays: Arrays) -> Parity:
    """What the graph says of all at once against what is answered over HTTP."""
    outputs = chosen.served.decide(arrays)
    expected = chosen.served.answers(outputs)
    samples = _count_of(arrays)
    bytes_a_row = max(sum(values[:1].nbytes for values in arrays.values()), 1)
    batch = max(1, min(_BATCH, _BATCH_BYTES // bytes_a_row))
    answers: list[dict[str, Plain]] = []
    asked: list[dict[str, Plain]] = []
    for start in range(0, samples, batch):
        part = {name: values[start : start + batch] for name, values in arrays.items()}
        rows = chosen.cell.rows(part, chosen.schema)
        answers += _ask(app, rows)
        asked += rows if outputs.masks is not None else []
    masks = _masks_apart(answers)
    difference, flips = compare_answers(expected, answers)
    if outputs.masks is not None:
        flips += masks_that_differ(masks, outputs, asked, chosen.cell, chosen.schema)
    return Parity(name="served", samples=samples, difference=difference, flips=flips)


def _ask(app: ASGIApp, rows: Sequence[dict[str, Plain]]) -> list[dict[str, Plain]]:
    reply = call(app, "/predict", orjson.dumps({"inputs": list(rows)}))
    if reply.status != 200:
        raise RunError(
            "release", expected="an answer for held-out patients", found=_found(reply.body),
            hint="data that prepare admitted must be admitted when serving",
        )  # fmt: skip
    said = cast("dict[str, list[dict[str, Plain]]]", reply.json())
    return [
        {key: value for key, value in answer.items() if key not in _OWN_KEYS}
        for answer in said["answers"]
    ]


def _masks_apart(answers: list[dict[str, Plain]]) -> list[Plain]:
    """The masks, taken out of the answers."""
    return [answer.pop("mask", None) for answer in answers]


def _found(body: bytes) -> str:
    """What an error reply says was found; it never holds a value."""
    error = cast("dict[str, dict[str, str]]", orjson.loads(body)).get("error", {})
    return f"{error.get('where', '?')}: {error.get('found', 'an error')}"


def _sayable(chosen: Candidate, app: ASGIApp, arrays: Arrays) -> NDArray[np.bool_]:
    """[N] edge cases that a request can say and that the schema admits."""
    said = np.zeros(_count_of(arrays), np.bool_)
    for index in range(len(said)):
        one = _rows(arrays, np.arange(len(said)) == index)
        try:
            rows = chosen.cell.rows(one, chosen.schema)
        except DataError:
            continue
        said[index] = call(app, "/predict", orjson.dumps({"inputs": rows})).status == 200
    return said


def _malformed(chosen: Candidate, app: ASGIApp) -> tuple[list[str], int]:
    """Requests that must be refused by the field's name: those that were not, and how many."""
    row = next(iter(chosen.cell.made_up(chosen.schema).values()))
    bad: dict[str, dict[str, Plain]] = {}
    for name in row:
        bad[f"{name} as an object"] = row | {name: {"value": 1}}
        bad[f"{name} as true and false"] = row | {name: [True, False]}
        bad[f"{name} absent"] = {key: value for key, value in row.items() if key != name}
        bad[f"{name} unheard of"] = row | {name: "\N{REPLACEMENT CHARACTER}"}
    answered = []
    for case, inputs in bad.items():
        reply = call(app, "/predict", orjson.dumps({"inputs": inputs}))
        if reply.status != 422:
            answered.append(case)
    return answered, len(bad)


def _application(chosen: Candidate, ledger: Ledger) -> ASGIApp:
    manifest = Manifest(files={}, created="", bedside="", study="", model=chosen.name)
    live = Live(
        bundle=Bundle(manifest=manifest, public_key=b"", contents=unsigned(chosen)),
        served=chosen.served,
        ledger=ledger,
        pseudonyms=Pseudonyms.beside(ledger.path),
        first_page="",  # the proof asks for answers alone
    )
    return make_asgi(live, Limits(bytes=64 << 20))


def _edge(context: Context) -> tuple[Arrays, list[str]]:
    train = context.input("train")
    arrays = {
        path.stem.removeprefix("edge_"): np.load(path, allow_pickle=False)
        for path in sorted(train.folder.glob("edge_*.npy"))
    }
    names = [str(name) for name in cast("list[Plain]", train.read_json("edge.json"))]
    return arrays, names


def _count_of(arrays: Arrays) -> int:
    return len(next(iter(arrays.values())))


def _rows(arrays: Arrays, which: NDArray[np.bool_]) -> Arrays:
    return {name: values[which] for name, values in arrays.items()}


def _not_finite(outputs: Outputs) -> int:
    return int((~np.isfinite(outputs.values)).any(axis=1).sum())


def _count(measure: str, value: float, chosen: Candidate, data: str, subjects: int) -> Evidence:
    return Evidence(
        measure=measure, value=float(value), low=float(value), high=float(value), level=1.0,
        subjects=subjects, stage="release", data=data, model=chosen.name,
    )  # fmt: skip
