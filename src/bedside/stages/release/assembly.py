"""What goes into a bundle: the chosen model's files, and what is written about them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import cast

from bedside.adapters import ed25519, session
from bedside.adapters.sbom import sbom
from bedside.core import cells
from bedside.core.bundle import MANIFEST, PARTS, PUBLIC_KEY, SIGNATURE, Bundle, Release, seal
from bedside.core.context import Context
from bedside.core.dataset import Schema, Split, read_schema
from bedside.core.errors import RunError
from bedside.core.gate import GateResult
from bedside.core.spec import Plain, canonical
from bedside.methods.served import Arrays, Served, assemble, check_golden, golden, open_served
from bedside.methods.sketch import sketch
from bedside.stages.release.card import CardFacts, write_card

_MOST_SKETCHED = 200_000
"""Training samples that the reference is drawn from: more do not move a quantile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The model that is to be released."""

    name: str
    folder: Path
    """Its folder in the run of train."""
    schema: Schema
    contents: Mapping[str, bytes]
    """The files by which it serves: graph, schema, policy, model."""
    served: Served
    cell: ModuleType
    """The modality's serve cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A finished bundle."""

    id: str
    key_made: str
    """Where a signing key was made because there was none; else empty."""


def candidate(name: str, context: Context) -> Candidate:
    """The model named, or the one that the evaluation recommends; RunError where there is none."""
    verdict = _object(context.input("evaluate").read_json("verdict.json"))
    chosen = name or str(verdict.get("released") or "")
    train = context.input("train").folder
    folder = train / "models" / chosen
    if not chosen or not (folder / "graph.onnx").is_file():
        there = sorted(path.name for path in (train / "models").glob("[!_]*") if path.is_dir())
        raise RunError(
            "release", expected="a model that raced", found=f"'{chosen}'",
            hint=f"set [release] model to one of {', '.join(there)}",
        )  # fmt: skip
    schema_text = (train / "schema.json").read_text(encoding="utf-8")
    schema = read_schema(schema_text)
    parts = ("graph.onnx", "policy.json", "model.json")
    contents = {part: (folder / part).read_bytes() for part in parts}
    contents["schema.json"] = canonical(schema).encode()
    cell = cells.cell(context.study.about.modality, "serve")
    served = assemble(contents, cell, session.open_graph)
    return Candidate(
        name=chosen, folder=folder, schema=schema, contents=contents, served=served, cell=cell
    )


def split_arrays(context: Context, schema: Schema, split: Split) -> Arrays:
    """Inputs of a split's samples, of the fields that the model's schema keeps."""
    dataset = context.dataset()
    arrays: Arrays = cells.cell(context.study.about.modality, "evaluate").arrays(
        dataset, schema, dataset.rows(split)
    )
    return arrays


def build_bundle(
    chosen: Candidate, context: Context, *, key: str, gates: Sequence[GateResult]
) -> Made:
    """Write, sign, read back and try the bundle in the run folder; it appears when it is whole."""
    signing = ed25519.signing_key(key)
    folder, final = context.run.path(".bundle.part/x").parent, context.run.folder / "bundle"
    for old in folder.iterdir():
        old.unlink()
    for name, content in _contents(chosen, context, gates).items():
        (folder / name).write_bytes(content)
    release = Release(study=context.study.name, model=chosen.name, bedside=version("bedside"))
    seal(folder, release, sign=signing.sign, public_key=signing.public)
    bundle = Bundle.load(folder, ed25519.verify, signing.public)
    served = open_served(bundle, chosen.cell, session.open_graph)
    check_golden(served, bundle.json("golden.json"))
    if final.exists():
        shutil.rmtree(final)
    folder.replace(final)
    return Made(id=bundle.id, key_made=str(signing.path) if signing.made_now else "")


def _contents(chosen: Candidate, context: Context, gates: Sequence[GateResult]) -> dict[str, bytes]:
    train = split_arrays(context, chosen.schema, "train")
    some = {name: values[:_MOST_SKETCHED] for name, values in train.items()}
    evidence = [*context.evidence(), *context.run.evidence()]
    made_up = chosen.cell.made_up(chosen.schema)
    lines = "".join(f"{canonical(item)}\n" for item in evidence)
    return (
        dict(chosen.contents)
        | _explaining(chosen, context)
        | {
            "reference.json": _json(sketch(chosen.schema, some, chosen.served.decide(some))),
            "evidence.jsonl": lines.encode(),
            "card.md": write_card(_facts(chosen, context, gates)).encode(),
            "sbom.json": _json(cast("Plain", sbom(chosen.name))),
            "golden.json": _json(golden(chosen.served, made_up)),
        }
    )


def _explaining(chosen: Candidate, context: Context) -> dict[str, bytes]:
    """`explanation.json`: whether maps over images may be shown beside an answer, and why; of
    several labels for each.

    They may where the evaluation held them against maps of a model that forgot what it learnt.
    """
    if all(field.kind != "image" for field in chosen.schema.fields):
        return {}
    table = _object(_object(context.input("evaluate").read_json("curves.json")).get("explanations"))
    target = chosen.schema.target
    if target.type != "multilabel":
        return {"explanation.json": _json(_occlusion(table))}
    of_each = {str(item.get("label")): item for item in _objects(table.get("labels"))}
    labels: dict[str, Plain] = {name: _occlusion(of_each.get(name, {})) for name in target.classes}
    return {"explanation.json": _json({"labels": labels})}


def _occlusion(table: Mapping[str, Plain]) -> dict[str, Plain]:
    """Of the one kind of map that can be asked of a graph."""
    methods = _objects(table.get("methods"))
    checked = next((item for item in methods if item.get("name") == "occlusion"), {})
    why = checked.get("why") or "Not shown: no check with random weights was made of this model."
    return {"shown": bool(checked.get("shown")), "why": why}


def _facts(chosen: Candidate, context: Context, gates: Sequence[GateResult]) -> CardFacts:
    verdict = _object(context.input("evaluate").read_json("verdict.json"))
    return CardFacts(
        study=context.study,
        schema=chosen.schema,
        policy=chosen.served.policy,
        model=_object(json.loads(chosen.contents["model.json"])),
        name=chosen.name,
        evidence=[*context.evidence(), *context.run.evidence()],
        gates=gates,
        verdict=str(verdict.get("sentence") or ""),
        findings=_objects(context.input("audit").read_json("findings.json")),
        flow=_objects(context.input("prepare").read_json("flow.json")),
        version=version("bedside"),
    )


def unsigned(chosen: Candidate) -> dict[str, bytes]:
    """The serving files with empty companions: enough to try the real application on."""
    own = (MANIFEST, SIGNATURE, PUBLIC_KEY)
    empty = {name: b"[]" for name in PARTS if name not in own}
    return empty | dict(chosen.contents)


def _json(value: Plain) -> bytes:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1).encode()


def _object(value: object) -> Mapping[str, Plain]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Plain]]:
    return [_object(item) for item in value] if isinstance(value, list) else []
