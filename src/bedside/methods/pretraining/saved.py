"""A start on disk: `encoder.safetensors`, its description as metadata; nothing pickled."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from bedside.core.dataset import Schema
from bedside.core.errors import RunError
from bedside.core.spec import Plain, Source, build, digest, plain
from bedside.methods.pretraining.start import Start

NAME = "encoder.safetensors"
KEY = "bedside"


def told_fields(schema: Schema) -> list[Plain]:
    """The inputs that an encoder takes, in their order: name, kind, categories."""
    return [[field.name, field.kind, list(field.categories)] for field in schema.fields]


def write_start(path: Path, start: Start, schema: Schema) -> None:
    """Whole or not at all, with the digest of the fields that the encoder takes."""
    told = {"start": plain(replace(start, weights={})), "fields": digest(told_fields(schema))}
    part = path.with_name(f".{path.name}.part")
    # One entry: safetensors writes several in any order, and one start is to be the same bytes.
    save_file(dict(start.weights), part, metadata={KEY: json.dumps(told)})
    part.replace(path)


def read_start(path: Path) -> Start:
    """What `write_start` wrote; RunError where it is damaged."""
    try:
        with safe_open(path, "np") as file:
            told = json.loads(file.metadata()[KEY])["start"]
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dict
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{path.parent.name}/{path.name}",
            expected="an encoder that pretraining wrote",
            found="none or a damaged one",
            hint=f"remove {path.parent.name} and run again",
        ) from error
    return replace(build(Start, told, Source(path.name)), weights=weights)
