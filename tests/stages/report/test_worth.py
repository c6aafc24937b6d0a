"""Levers in the report: the distance and its controls, or the reason why there is no number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bedside.adapters.svg_reach import Dots, Reach
from bedside.core.context import Context
from bedside.core.evidence import Evidence
from bedside.core.run import Outcome, Run
from bedside.core.spec import plain
from bedside.stages import report

DOTS = Dots(labels=(100, 200, 400), value=(0.7, 0.75, 0.78), low=(0.6, 0.7, 0.77),
            high=(0.75, 0.8, 0.79))  # fmt: skip
PICTURE = Reach(
    name="synthesis", measure="AUROC", finding="found", base=DOTS, lever=DOTS, along=(100, 400),
    of_base=(0.7, 0.78), of_lever=(0.72, 0.8), factor=1.6, low=1.2, high=2.0, level=0.75,
    start=150, words="1.60 (1.20 to 2.00)",
)  # fmt: skip
WORDS = "1.60 (1.20 to 2.00)"


def _known(words: str = WORDS, *, value: float | None = 1.6) -> dict[str, object]:
    picture = PICTURE if value else replace(PICTURE, factor=None, words=words)
    return {"kind": "number" if value else "refused", "value": value,
            "finding": "saves labels" if value else "", "low": 1.2, "high": 2.0,
            "words": words, "picture": plain(picture)}  # fmt: skip


def _record(refused: str = "") -> dict[str, object]:
    by = {name: {**(_known(refused, value=None) if refused else _known()),
                 "gain": [0.01, 0.0, 0.02], "local": [], "beside_copies": None}
          for name in ("auroc", "brier")}  # fmt: skip
    control = {"refused": refused or None, "duplicates": _known(),
               "placebo": {**_known(), "verdict": "pass"},
               "oracle": {**_known(), "verdict": "fail" if refused else "pass"}}  # fmt: skip
    lever = {"name": "synthesis", "by": by, "cost": [1.4, 1.3, 1.52],
             "groups": [{"slice": "sex=F", "subjects": 700, **_known()}]}  # fmt: skip
    return {
        "sentence": "synthesis is worth 1.60", "measures": ["auroc", "brier"], "model": "trees",
        "budgets": [100, 200, 400], "repetitions": 10, "levers": [lever], "combined": [],
        "controls": {"auroc": control, "brier": control},
    }  # fmt: skip


@pytest.fixture
def page(chain: Callable[..., Context], tmp_path: Path) -> Callable[..., str]:
    def made(record: dict[str, object], value: float | None = 1.6) -> str:
        context = chain()
        run = Run(tmp_path / "worth-0042")
        run.folder.mkdir()
        run.write_json("worth.json", record)
        line = Evidence(
            measure="worth.k", value=value, low=1.2, high=2.0, subjects=1367,
            slice="lever=synthesis", stage="",
        )  # fmt: skip
        run.write_evidence([line])
        run.finish(Outcome(headline=""), 1.0)
        context = replace(context, inputs={**context.inputs, "worth": run})
        report.run(report.Spec(), context)
        return (context.run.folder / "report.html").read_text()

    return made


def test_the_distance_and_its_controls_are_shown(page: Callable[..., str]) -> None:
    text = page(_record())
    section = text[text.index('id="levers"') :].split("</section>")[0]
    assert "Synthesis is worth 1.60 (1.20 to 2.00) times the labels: saves labels" in section
    assert "1.60 (1.20 to 2.00), saves labels" in section
    assert "1.4 times (1.3 to 1.5)" in section
    assert section.count("<svg") == 4
    assert "which must be worth 2" in section
    assert 'href="#e-' in section
    assert "sex=F" in section


def test_a_refusal_is_said_and_no_number_is_there(page: Callable[..., str]) -> None:
    text = page(_record("the control 'oracle' failed"), value=None)
    section = text[text.index('id="levers"') :].split("</section>")[0]
    assert "No number is printed: the control &#39;oracle&#39; failed." in section
    assert "k = 1.60" not in section.split("The controls")[0]
    assert "Synthesis: the control" in section
    assert ">no number<" in section
