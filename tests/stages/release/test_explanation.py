"""What a bundle says of maps over images: one verdict, or one for each label."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from tests.modalities.images.made_sources import schema_of

from bedside.core.context import Context
from bedside.core.dataset import Schema, Target
from bedside.core.spec import Plain
from bedside.stages.release.assembly import _explaining, candidate

PICTURE = schema_of((1, 16, 16), "uint8")
UNCHECKED = "Not shown: no check with random weights was made of this model."


def methods(*, shown: bool, why: str) -> list[Plain]:
    """Maps of which only occlusion can be asked of a bundle; the other says the opposite."""
    return [
        {"name": "gradient", "shown": not shown, "why": "Of another method."},
        {"name": "occlusion", "shown": shown, "why": why},
    ]


def told(context: Context, schema: Schema, explanations: Mapping[str, Plain]) -> object:
    """`explanation.json` of a bundle after such an evaluation; None: it has none."""
    curves = context.input("evaluate").folder / "curves.json"
    curves.write_text(json.dumps({"explanations": explanations}), encoding="utf-8")
    chosen = replace(candidate("", context), schema=schema)
    found = _explaining(chosen, context)
    return json.loads(found["explanation.json"]) if found else None


def test_each_label_has_the_verdict_of_its_own_maps(context: Callable[..., Context]) -> None:
    target = Target(type="multilabel", outcome="findings", classes=("clot", "cyst", "lesion"))
    of_each: list[Plain] = [
        {"label": "lesion", "methods": methods(shown=True, why="Shown: good.")},
        {"label": "clot", "methods": methods(shown=False, why="Not shown: bad.")},
    ]
    found = told(context(), replace(PICTURE, target=target), {"labels": of_each})
    assert found == {
        "labels": {
            "clot": {"shown": False, "why": "Not shown: bad."},
            "cyst": {"shown": False, "why": UNCHECKED},
            "lesion": {"shown": True, "why": "Shown: good."},
        }
    }


@pytest.mark.parametrize(
    ("checked", "expected"),
    [
        ({"methods": methods(shown=True, why="Shown.")}, {"shown": True, "why": "Shown."}),
        ({}, {"shown": False, "why": UNCHECKED}),
    ],
)
def test_one_answer_has_one_verdict(
    context: Callable[..., Context], checked: Mapping[str, Plain], expected: object
) -> None:
    assert told(context(), PICTURE, checked) == expected


def test_a_table_has_none(context: Callable[..., Context]) -> None:
    given = context()
    assert told(given, candidate("", given).schema, {}) is None
