"""A pretrained network in the race: one more entrant, beside the same network from scratch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.core.context import Context
from bedside.core.spec import Source, build, convert

if TYPE_CHECKING:
    from bedside.core.spec import Plain
    from bedside.methods.entrant import Entrant
    from bedside.methods.tune import Setting

ENCODER, ENTRANTS = "encoder.safetensors", "entrants.json"


def with_pretrained(context: Context, racing: list[Entrant]) -> list[Entrant]:
    """Who races, with the pretrained network before the same one from scratch.

    The latter races whatever `[train] models` names: without it nothing would say what the
    pretraining was worth.
    """
    scratch, pretrained = _entrants(context)
    others = [entrant for entrant in racing if entrant.name != scratch.name]
    at = next((at for at, entrant in enumerate(racing) if entrant.name == scratch.name), 0)
    return [*others[:at], pretrained, scratch, *others[at:]]


def beginning(context: Context, entrant: Entrant) -> Path | None:
    """The weights that an entrant starts from; None: it starts at random."""
    if "pretrain" not in context.inputs or entrant.name != _entrants(context)[1].name:
        return None
    return context.input("pretrain").folder / ENCODER


def likeness(context: Context, entrant: Entrant) -> Mapping[str, Setting]:
    """Settings of the architecture of the weights beside which an entrant races from scratch."""
    if "pretrain" not in context.inputs or entrant.name != _entrants(context)[0].name:
        return {}
    found: Mapping[str, Setting] = convert(
        Mapping[str, int | float | str],
        _told(context).get("settings", {}),
        Source(ENTRANTS),
        ("settings",),
    )  # type: ignore[assignment]  # converted to just that
    return found


def _told(context: Context) -> dict[str, Plain]:
    told = context.input("pretrain").read_json(ENTRANTS)
    return told if isinstance(told, dict) else {}


def _entrants(context: Context) -> tuple[Entrant, Entrant]:
    from bedside.methods.entrant import Entrant

    table, source = _told(context), Source(ENTRANTS)
    first = build(Entrant, table.get("scratch"), source, ("scratch",))
    second = build(Entrant, table.get("pretrained"), source, ("pretrained",))
    return first, second
