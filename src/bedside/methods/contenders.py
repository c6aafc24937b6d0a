"""Who of a race goes on: the best simple and the best deep model by the score on `select`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from bedside.core.spec import Plain
from bedside.methods.entrant import Fixed

Record = dict[str, Plain]
_TOLD = (
    "name", "family", "year", "source", "parameters", "trials", "seconds", "cut", "select_score",
    "settings",
)  # fmt: skip
GUESSING = "prevalence"


def entry_of(model: Mapping[str, Plain]) -> Record:
    """What `race.json` tells of a model, from its `model.json`."""
    return {key: model[key] for key in _TOLD}


def candidates(entries: Sequence[Record]) -> Record:
    """The best of each family; guessing the prevalence counts only where it raced alone."""
    chosen: Record = {}
    for family in ("simple", "deep"):
        of_family = [entry for entry in entries if entry["family"] == family]
        knowing = [entry for entry in of_family if entry["name"] != GUESSING]
        ranked = sorted(knowing or of_family, key=_score)
        chosen[family] = ranked[0]["name"] if ranked else None
    return chosen


def most_telling(race: Record) -> str:
    """The model whose settings the control on permuted outcomes takes: the best deep one if any."""
    chosen = cast("Record", race["released_candidates"])
    return str(chosen["deep"] or chosen["simple"])


def fixed_of(model: Plain) -> Fixed:
    """Settings and length of a model, to train it once more."""
    record = cast("Record", model)
    settings = cast("Mapping[str, float | int | str]", record["settings"])
    return Fixed(settings=settings, length=int(cast("int", record["length"])))


def headline(race: Record, score: str) -> str:
    """`5 models raced; best on select: TabM (log loss 0.371), best simple: trees (0.375)`."""
    entries = {str(entry["name"]): entry for entry in cast("list[Record]", race["models"])}
    chosen = cast("Record", race["released_candidates"])
    parts = [
        f"{words} {name} ({score} {_score(entries[str(name)]):.3g})"
        for words, name in (("simple", chosen["simple"]), ("deep", chosen["deep"]))
        if name
    ]
    cut = [name for name, entry in entries.items() if entry["cut"]]
    models = f"{len(entries)} models raced" if len(entries) > 1 else "1 model"
    late = f"; time ran out for {', '.join(cut)}" if cut else ""
    return f"{models}; best {', best '.join(parts)}{late}"


def _score(entry: Record) -> float:
    return float(cast("float", entry["select_score"]))
