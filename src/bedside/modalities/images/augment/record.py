"""A chain as plain JSON and back: what the stage writes and training reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import cast

from bedside.core.errors import DataError
from bedside.core.spec import Plain, nearest, plain
from bedside.modalities.images.augment.chain import OPS, Chain
from bedside.modalities.images.augment.op import Op, neutral
from bedside.modalities.images.augment.policies import Policy, Rand, Trivial, ops_of

EVERY: Mapping[str, type[Op]] = {**OPS, Trivial.NAME: Trivial, Rand.NAME: Rand}
"""Every op that a study can name."""


def explicit(rows: Sequence[Mapping[str, object]]) -> tuple[Op, ...]:
    """Ops from rows such as {op = "affine", p = 0.5, rotation = [-10, 10]}."""
    return tuple(_one(at, dict(row)) for at, row in enumerate(rows, start=1))


def _one(at: int, row: dict[str, object]) -> Op:
    where, name = f"[augment] ops, {at}", str(row.pop("op", ""))
    if name not in EVERY:
        raise DataError(
            where, expected="the name of an op", found=f"'{name}'", hint=nearest(name, EVERY)
        )
    kind = EVERY[name]
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]  # every op is a dataclass
    for key, value in row.items():
        if key not in known:
            raise DataError(
                where, expected="a setting of the op", found=f"'{key}'", hint=nearest(key, known)
            )
        if neutral(known[key]) is not None and not _is_range(value):
            raise DataError(where, expected=f"'{key}' as [low, high]", found=f"{value!r}")
    return kind(**{key: _value(key, value) for key, value in row.items()})


def _value(key: str, value: object) -> object:
    if key == "ops":
        return explicit(cast("Sequence[Mapping[str, object]]", value))
    if isinstance(value, list | tuple):
        return tuple(_value("", item) for item in value)
    return value


def _is_range(value: object) -> bool:
    two = isinstance(value, list | tuple) and len(value) == 2
    return two and all(isinstance(end, int | float) for end in cast("list[object]", value))


def rows_of(ops: Sequence[Op]) -> list[Plain]:
    """What `explicit` reads."""
    return [_row(op) for op in ops]


def _row(op: Op) -> Plain:
    row: dict[str, Plain] = {"op": op.NAME}
    for one in fields(op):  # type: ignore[arg-type]  # every op is a dataclass
        value = getattr(op, one.name)
        row[one.name] = rows_of(value) if one.name == "ops" else plain(value)
    return row


def recorded(
    settings: Mapping[str, Plain], *, axes: tuple[str, ...], flips: tuple[str, ...]
) -> Plain:
    """The record of the chain that the settings of `[augment]` come to."""
    given = settings.get("ops")
    if given:
        ops = explicit(cast("Sequence[Mapping[str, object]]", given))
    else:
        policy = cast("Policy", settings.get("policy", "standard"))
        swaps = cast("list[list[int]]", settings.get("swaps") or [])
        pairs = tuple((int(a), int(b)) for a, b in swaps)
        strength = float(cast("float", settings.get("strength", 1.0)))
        ops = ops_of(policy, strength=strength, flips=flips, swaps=pairs)
    return {"axes": [*axes], "ops": rows_of(ops)}


def chain_from(record: Plain, shape: tuple[int, ...]) -> Chain:
    """The chain of a record, for samples that end in a shape."""
    if not isinstance(record, dict):
        raise DataError("chain.json", expected="a chain of ops", found="something else")
    axes = tuple(str(name) for name in cast("list[str]", record["axes"]))
    ops = explicit(cast("Sequence[Mapping[str, object]]", record["ops"]))
    return Chain(ops=ops, shape=shape, axes=axes)
