"""Pretraining as a lever is the study's own: its objective, length, tuning, pool and weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bedside.core.context import Context
from bedside.core.dataset import Field, Schema, Target
from bedside.core.errors import RunError
from bedside.core.run import Run
from bedside.core.study import Study
from bedside.methods.pretraining.asked import NAME, Asked, write_asked
from bedside.methods.pretraining.plan import Plan
from bedside.methods.pretraining.pool import Added
from bedside.methods.pretraining.saved import NAME as ENCODER
from bedside.methods.pretraining.saved import write_start
from bedside.methods.pretraining.start import Start
from bedside.modalities.tables import pretrain
from bedside.stages import worth
from bedside.stages.worth.beginning import DEFAULT_SECONDS, Beginning, beginning, begun

SCHEMA = Schema(fields=(Field(name="f0"), Field(name="f1")),
                target=Target(type="binary", outcome="death", classes=("no", "yes")))  # fmt: skip
INPUTS = {"numeric": np.zeros((40, 2), np.float32), "codes": np.zeros((40, 0), np.int64)}
OWN = Asked(model="tabm", objective="joint", epochs=7, seconds=33.0, tune="probe")
Begin = Callable[..., Beginning]


@pytest.fixture
def asked_of(
    made_up_study: Study, context_for: Callable[..., Context], tmp_path: Path
) -> Callable[..., Context]:
    """A context in which the study's pretraining left what it was asked."""

    def make(asked: Asked | None, added: Added | None = None) -> Context:
        inputs = {}
        if asked is not None:
            inputs["pretrain"] = Run(tmp_path / "pretrain-0")
            inputs["pretrain"].folder.mkdir()
            write_asked(inputs["pretrain"].folder, asked, added)
        return context_for(made_up_study, "worth", inputs=inputs)

    return make


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float, Plan]]:
    """Rows, seconds and plan of each pretraining."""
    seen: list[tuple[int, float, Plan]] = []

    def begin(schema: Schema, arrays: dict, *, seed: int, seconds: float, plan: Plan) -> Start:
        seen.append((len(arrays["numeric"]), seconds, plan))
        return Start(weights={}, entrant=plan.model, tune=plan.tune)

    monkeypatch.setattr(pretrain, "pretrain", begin)
    return seen


def test_it_is_what_the_study_asks_for(
    asked_of: Callable[..., Context], calls: list[tuple[int, float, Plan]]
) -> None:
    how = beginning(worth.Spec(), asked_of(OWN), "tabm")
    start = begun(how, "tables", SCHEMA, INPUTS, 5)
    assert calls == [
        (40, 33.0, Plan(objective="joint", model="tabm", epochs=7, tune="probe", chain=None))
    ]
    assert start.tune == "probe"


@pytest.mark.parametrize(("own", "chain"), [(OWN, ["flip"]), (None, None)])
def test_views_are_made_by_the_studys_chain_where_it_asks_for_pretraining(
    asked_of: Callable[..., Context], tmp_path: Path, own: Asked | None, chain: object
) -> None:
    context = asked_of(own)
    augment = Run(tmp_path / "augment-0")
    augment.folder.mkdir()
    augment.write_json("chain.json", ["flip"])
    context = replace(context, inputs={**context.inputs, "augment": augment})
    assert beginning(worth.Spec(), context, "tabm").chain == chain


def test_seconds_of_worth_go_before_those_of_the_study(asked_of: Callable[..., Context]) -> None:
    how = beginning(worth.Spec(pretraining_seconds=4.0), asked_of(OWN), "tabm")
    assert (how.asked.seconds, how.asked.epochs) == (4.0, 7)


def test_without_a_section_it_is_the_default_of_the_model(asked_of: Callable[..., Context]) -> None:
    how = beginning(worth.Spec(), asked_of(None), "mlp")
    assert (how.asked.model, how.asked.seconds) == ("mlp", DEFAULT_SECONDS)
    assert (how.asked.objective, how.asked.tune, how.folder) == ("auto", "full", None)


def test_the_pool_is_learnt_from_beside_the_prefix(
    asked_of: Callable[..., Context], calls: list[tuple[int, float, Plan]]
) -> None:
    arrays = {"numeric": np.ones((25, 2), np.float32), "codes": np.zeros((25, 0), np.int64)}
    added = Added(arrays=arrays, subjects=tuple("abcdefghijklmnopqrstuvwxy"))
    own = Asked(model="mlp", objective="auto", epochs=2, seconds=9.0, tune="full",
                pool=("codes", "numeric"))  # fmt: skip
    begun(beginning(worth.Spec(), asked_of(own, added), "mlp"), "tables", SCHEMA, INPUTS, 5)
    assert [rows for rows, *_ in calls] == [65]


def test_weights_of_a_file_are_taken_as_they_are(
    asked_of: Callable[..., Context], calls: list[tuple[int, float, Plan]]
) -> None:
    own = Asked(model="mlp", objective="auto", epochs=2, seconds=9.0, tune="partial", weights=True)
    context = asked_of(own)
    given = Start(weights={"a": np.ones(3, np.float32)}, entrant="mlp", tune="partial")
    write_start(context.input("pretrain").folder / ENCODER, given, SCHEMA)
    start = begun(beginning(worth.Spec(), context, "mlp"), "tables", SCHEMA, INPUTS, 5)
    assert (calls, start.tune, start.weights["a"].tolist()) == ([], "partial", [1, 1, 1])


def test_a_damaged_record_is_named(asked_of: Callable[..., Context]) -> None:
    context = asked_of(OWN)
    (context.input("pretrain").folder / NAME).write_text("{")
    with pytest.raises(RunError, match=r"pretrain-0/asked.json: expected what the study asks"):
        beginning(worth.Spec(), context, "tabm")
