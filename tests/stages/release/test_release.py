"""A release happens only when trained, exported and served agree and every gate passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bedside.adapters import ed25519
from bedside.adapters.http import call
from bedside.core.bundle import PARTS, Bundle
from bedside.core.context import Context
from bedside.core.errors import RunError
from bedside.stages.release import Spec, run
from bedside.stages.serve import make_app

Make = Callable[..., Context]


def gates(context: Context) -> dict[tuple[str, str], str]:
    listed = json.loads((context.run.folder / "gates.json").read_text())
    return {(item["measure"], item["data"]): item["verdict"] for item in listed}


def test_a_model_that_agrees_and_passes_is_released(context: Make, tmp_path: Path) -> None:
    given = context([{"measure": "auroc", "at_least": 0.75}])
    outcome = run(Spec(), given)
    assert outcome.stop == "", outcome.stop
    assert "120 held-out samples" in outcome.headline
    assert "signing_key.pem" in outcome.headline
    bundle = Bundle.load(given.run.folder / "bundle", ed25519.verify)
    assert set(bundle.contents) == set(PARTS)
    assert bundle.model == "tabm"
    assert bundle.manifest.study == "made up"
    names = [field["name"] for field in bundle.json("schema.json")["fields"]]
    assert names == ["age", "sex", "creatinine", "smoker"]
    assert set(gates(given).values()) == {"pass"}
    found = {item.measure: item for item in given.run.evidence()}
    assert found["parity.exported_flips"].value == 0
    assert found["parity.exported"].value < 1e-6
    assert found["parity.refusals"].value == 1
    app = make_app(given.run.folder / "bundle", tmp_path / "ledger.db")
    row = {"age": 71, "sex": "F", "creatinine": 1.1, "smoker": "true"}
    assert call(app, "/predict", json.dumps({"inputs": row}).encode()).status == 200
    assert given.run.read_json("parity.json")["refused"] == ["infinite"]


def test_nothing_of_a_patient_is_in_the_bundle(context: Make) -> None:
    given = context()
    run(Spec(), given)
    numeric = np.asarray(given.dataset().array("numeric"))
    golden = json.loads((given.run.folder / "bundle" / "golden.json").read_text())
    ages = {case["inputs"]["age"] for case in golden} - {None}
    assert not ages & {float(age) for age in numeric[:, 0]}
    for path in (given.run.folder / "bundle").iterdir():
        assert b"KANARIENVOGEL" not in path.read_bytes(), path.name


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({"measure": "auroc", "at_least": 0.81}, "auroc at least 0.81 on held_out is fail"),
        ({"measure": "c_index", "at_least": 0.5}, "no such evidence was measured"),
        ({"measure": "auroc", "at_least": 0.5, "subjects": 500}, "unknown (120 patients"),
        ({"measure": "auroc", "at_least": 0.5, "data": "external"}, "on external is unknown"),
    ],
)
def test_a_gate_that_fails_or_is_unknown_stops_the_release(
    context: Make, gate: dict[str, object], words: str
) -> None:
    given = context([gate])
    outcome = run(Spec(), given)
    assert words in outcome.stop
    assert not (given.run.folder / "bundle").exists()
    assert given.run.evidence()
    assert (given.run.folder / "score.json").is_file()


def test_a_graph_that_says_something_else_is_not_released(context: Make) -> None:
    given = context()
    path = given.input("train").folder / "models" / "tabm" / "native.npy"
    native = np.load(path)
    native[7] = 1 - native[7]
    np.save(path, native)
    outcome = run(Spec(), given)
    assert "parity.exported" in outcome.stop
    assert gates(given)["parity.exported", "held_out"] == "fail"
    assert gates(given)["parity.served", "held_out"] == "pass"
    assert not (given.run.folder / "bundle").exists()


def test_one_decision_that_flips_is_enough(context: Make) -> None:
    """A difference that no tolerance sees, across the threshold."""
    given = context()
    folder = given.input("train").folder / "models" / "tabm"
    native = np.load(folder / "native.npy")
    answered = float(np.sort(native[:, 0])[60])
    policy = json.loads((folder / "policy.json").read_text())
    (folder / "policy.json").write_text(json.dumps(policy | {"threshold": answered - 1e-6}))
    at = int(np.argsort(native[:, 0])[60])
    native[at] -= 5e-6
    np.save(folder / "native.npy", native)
    outcome = run(Spec(), given)
    assert "parity.exported_flips" in outcome.stop
    assert gates(given)["parity.exported", "held_out"] == "pass"


def test_a_served_answer_that_differs_is_not_released(
    context: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bedside.modalities.tables.serve as cell

    decode = cell.decode

    def swapped(rows, schema):
        arrays = decode(rows, schema)
        return arrays | {"codes": arrays["codes"][:, ::-1].copy()}

    given = context()
    monkeypatch.setattr(cell, "decode", swapped)
    outcome = run(Spec(), given)
    assert "parity.served" in outcome.stop
    assert gates(given)["parity.exported", "held_out"] == "pass"


def test_a_decoder_that_takes_anything_is_not_released(
    context: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bedside.modalities.tables.serve as cell

    monkeypatch.setattr(cell, "_code", lambda value, field, known, index: known.get(str(value), 0))
    given = context()
    assert "parity.refusals" in run(Spec(), given).stop
    assert "sex as an object" in given.run.read_json("parity.json")["malformed_but_answered"]


def test_a_model_that_did_not_race_is_a_sentence(context: Make) -> None:
    with pytest.raises(RunError, match="set \\[release\\] model to one of tabm"):
        run(Spec(model="tabn"), context())


def test_predictions_of_another_length_are_a_sentence(context: Make) -> None:
    given = context()
    path = given.input("train").folder / "models" / "tabm" / "native.npy"
    np.save(path, np.load(path)[:-1])
    with pytest.raises(RunError, match=r"native\.npy"):
        run(Spec(), given)


def test_the_card_is_written_from_evidence(context: Make) -> None:
    given = context([{"measure": "auroc", "at_least": 0.75}])
    run(Spec(), given)
    card = (given.run.folder / "bundle" / "card.md").read_text()
    auroc = next(item for item in given.evidence() if item.measure == "auroc")
    assert f"0.830 (0.800 to 0.850) | 120 | held_out | `{auroc.id}`" in card
    assert "| sex=F |" in card
    assert "One &lt;county>." in card
    assert "Who \\| will die?" in card
    assert "It was not measured at another site" in card


def test_the_score_counts_what_was_measured_and_links_to_it(context: Make) -> None:
    given = context()
    run(Spec(), given)
    score = given.run.read_json("score.json")
    points = {(item["section"], item["number"]): item for item in score["tests"]}
    known = {item.id for item in [*given.evidence(), *given.run.evidence()]}
    assert len(points) == 28
    assert points["model", 5]["points"] == 1
    assert points["infrastructure", 7]["points"] == 0
    assert score["score"] == min(score["sections"].values())
    for gate in given.run.read_json("gates.json"):
        assert gate["evidence"] in known
    for item in score["tests"]:
        assert bool(item["evidence"]) == bool(item["points"])
        assert set(item["evidence"]) <= known
