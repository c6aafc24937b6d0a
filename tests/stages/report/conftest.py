"""Runs as earlier stages leave them, with made-up numbers: a whole chain, and one that stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from bedside.core.context import Context
from bedside.core.dataset import Field, Schema, Target, write_dataset
from bedside.core.evidence import Evidence
from bedside.core.executor import InProcess
from bedside.core.progress import Silent
from bedside.core.run import Outcome, Run
from bedside.core.study import Study, build_study

CANARY = "CANARY-7f3a9"
HOSTILE = "<script>alert('x')</script>"


def a_study(task: Mapping[str, object] | None = None, **about: str) -> Study:
    table: dict[str, object] = {
        "study": {
            "name": "flchain",
            "question": "Who of these residents will die within ten years?",
            "population": "Residents of Olmsted County aged 50 or more.",
            "intended_use": "A research question; nobody acts on it.",
            "limits": ["One county."],
        }
        | about,
        "data": {"source": "package:sksurv/datasets/data/flchain.arff"},
        "columns": {
            "age": {"unit": "years", "group": True, "cuts": [65, 80]},
            "sex": {"group": True},
        },
        "task": {
            "type": "binary",
            "event": "death",
            "time": "futime",
            "horizon": 3652,
            "unit": "days",
            "outcome": "death within ten years",
        },
        "gates": [{"measure": "auroc", "at_least": 0.8}],
    }
    if task is not None:
        table["task"] = dict(task)
    return build_study(table, path=Path("flchain.toml"), text="[study]\nname = 'flchain'\n")


def measured(name: str, value: float | None, spread: float = 0.02, **more: object) -> Evidence:
    known = value is not None and spread > 0
    given: dict[str, object] = {
        "low": value - spread if known else None,  # type: ignore[operator]  # known: not None
        "high": value + spread if known else None,  # type: ignore[operator]
        "subjects": 1575,
        "data": "held_out@1f3a5c07",
        "model": "trees",
    }
    return Evidence(measure=name, value=value, stage="evaluate", **(given | more))  # type: ignore[arg-type]


def prepared(folder: Path) -> Run:
    schema = Schema(
        fields=(Field(name="age", unit="years"),),
        target=Target(type="binary", outcome="death", classes=("0", "1")),
    )
    samples = pl.DataFrame({"sample": [0, 1], "subject": [CANARY, CANARY + "b"]})
    write_dataset(folder, schema, samples, {"numeric": np.array([[61.5], [72.25]])})
    run = Run(folder)
    steps = [("found", 7874, ""), ("excluded", 3, "no creatinine and no follow-up"),
             ("train", 4722, "models learn from them"), ("tune", 1574, "thresholds"),
             ("held_out", 1575, "seen only at the end")]  # fmt: skip
    flow = [{"step": s, "subjects": n, "rows": n, "why": why} for s, n, why in steps]
    run.write_json("flow.json", flow)
    columns = [
        {"column": "age", "role": "feature", "type": "numeric", "unit": "years",
         "missing_share": 0.0, "known": "at prediction", "looks": ""},
        {"column": "chapter", "role": "feature", "type": "category", "unit": "",
         "missing_share": 0.7246, "known": "at prediction", "looks": ""},
    ]  # fmt: skip
    run.write_json("columns.json", columns)
    people = measured("prepare.subjects", 1575.0, 0, model="", unit="patients")
    run.write_evidence([people])
    run.finish(Outcome(headline="7,874 patients, 9 fields"), 2.0)
    return run


def audited(folder: Path, stop: str = "") -> Run:
    run = Run(folder)
    leak = measured("audit.leak", 0.981, 0.004, model="", slice="chapter", data="train@1f3a5c07")
    findings = [
        {
            "id": "leak-chapter", "kind": "leak", "verdict": "fail",
            "action": "stop" if stop else "drop", "field": "chapter",
            "sentence": "chapter alone tells the outcome: AUROC 0.981 (0.977 to 0.985)",
            "why": "It is filled in for the dead only, so a model would learn that it is there.",
            "look": "Ask when the column is written.",
            "evidence": [{"measure": "audit.leak", "slice": "chapter", "data": "train@1f3a5c07"}],
        },
        {
            "id": "size", "kind": "sample_size", "verdict": "unknown", "action": "warn",
            "field": "", "sentence": "Whether 40 sites are enough cannot be said.",
            "why": "Too few.", "look": "Name the site column.", "evidence": [],
        },
        {
            "id": "constant", "kind": "constant", "verdict": "pass", "action": "none", "field": "",
            "sentence": "No column is constant.", "why": "", "look": "", "evidence": [],
        },
    ]  # fmt: skip
    run.write_json("findings.json", findings)
    run.write_json("dropped.json", [] if stop else ["chapter"])
    run.write_evidence([leak])
    run.finish(Outcome(headline="1 column dropped", stop=stop), 1.5)
    return run


RACE = (("prevalence", "simple", 0.5), ("logistic", "simple", 0.826),
        ("trees", "simple", 0.833), ("mlp", "deep", 0.829), ("tabm", "deep", 0.832),
        ("transformer", "deep", 0.828))  # fmt: skip


def trained(folder: Path) -> Run:
    run = Run(folder)
    models = [
        {"name": name, "family": family, "parameters": 12000, "trials": 8, "seconds": 11.5,
         "select_score": score, "cut": name == "transformer",
         "settings": {"rate": 0.00123, "layers": 2}}
        for name, family, score in RACE
    ]  # fmt: skip
    document = {"models": models, "released_candidates": {"simple": "trees", "deep": "tabm"}}
    run.write_json("race.json", document)
    run.write_evidence([])
    run.finish(Outcome(headline="6 models"), 80.0)
    return run


def evaluated(folder: Path) -> Run:
    run = Run(folder)
    lines = [
        measured("auroc", score, 0.0 if name == "prevalence" else 0.02, model=name)
        for name, _, score in RACE
    ]
    lines.append(measured("auroc", 0.79, model="comparator:risk_score"))
    lines += [
        measured("ici", 0.012, 0.006), measured("calibration_slope", 1.04, 0.09),
        measured("brier", 0.121, 0.008), measured("sensitivity", 0.789, 0.03),
        measured("ppv", 0.58, 0.03), measured("alerts_per_100", 36.4, 2.3, unit="per 100 patients"),
        measured("table_per_1000", 364.0, 23.0, slice="alerts", unit="per 1,000 patients"),
        measured("abstention_rate", 0.015, 0.006, slice="reason: unlike the training patients"),
        measured("auroc", 0.836, slice="answered", subjects=1547),
        measured("auroc", 0.834, slice="with risk_score"),
        measured("model_minus_risk_score.auroc", 0.044, 0.015),
        measured("calibration_curve", 0.3, slice="predicted: 0.31"),
        measured("importance", 0.19, slice="age"),
        measured("importance.shuffled", 0.002, 0.01, slice="age", model=""),
        measured("deep_minus_simple.brier", 0.001, 0.002, model=""),
        measured("abstention_rate", 0.018, 0.006), measured("conformal_coverage", 0.904, 0.015),
        measured("conformal_coverage", 0.88, 0.04, slice="sex=F", subjects=802),
        measured("deep_minus_simple.auroc", -0.001, 0.005, model=""),
        measured("auroc", 0.841, 0.03, slice="sex=F", subjects=802),
        measured("auroc", 0.76, 0.03, slice="age=[65, 80)", subjects=511),
        measured("auroc", None, 0, slice="sex=F & age=80 and above", subjects=41),
    ]  # fmt: skip
    run.write_evidence(lines)
    sentence = (
        "Deep learning is not warranted here. TabM reaches an AUROC of 0.832 (0.812 to 0.851) on "
        "1,575 held-out residents, boosted trees 0.833; the difference is -0.001 (-0.006 to "
        "0.004). The released model is the boosted trees."
    )
    run.write_json(
        "verdict.json",
        {
            "verdict": "not warranted", "sentence": sentence, "deep": "tabm", "simple": "trees",
            "released": "trees", "measure": "auroc", "worthwhile": 0.01,
            "difference": {"value": -0.001, "low": -0.006, "high": 0.004, "subjects": 1575},
        },
    )  # fmt: skip
    run.write_json("curves.json", curves())
    run.write_json("patients.json", table_one())
    run.finish(Outcome(headline="not warranted"), 21.0)
    return run


def curves() -> dict[str, object]:
    grid = np.linspace(0.01, 0.95, 40)
    seen = grid - 0.06 * np.clip((grid - 0.4) / 0.5, 0, 1)
    thresholds = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5]
    everyone = [0.277 - 0.723 * t / (1 - t) for t in thresholds]
    mine = [max(e, 0.0) + 0.04 for e in everyone]
    deciles = np.linspace(0.03, 0.85, 10)
    return {
        "calibration": {
            "grid": grid.tolist(), "observed": seen.tolist(), "low": (seen - 0.04).tolist(),
            "high": (seen + 0.04).tolist(),
            "groups": [
                {"predicted": x, "observed": x - 0.01, "low": max(x - 0.05, 0), "high": x + 0.04,
                 "subjects": 157} for x in deciles.tolist()
            ],
            "histogram": {
                "edges": np.linspace(0, 1, 21).tolist(),
                "counts": [420, 260, 170, 120, 90, 80, 70, 60, 50, 45, 40, 35, 30, 28, 25, 20, 15,
                           10, 5, 2],
            },
        },
        "decision": {
            "thresholds": thresholds,
            "model": [{"value": m, "low": m - 0.02, "high": m + 0.02} for m in mine],
            "all": [{"value": e, "low": e - 0.02, "high": e + 0.02} for e in everyone],
            "gain": [{"value": 0.04, "low": 0.03 * (t > 0.07) - 0.01, "high": 0.06}
                     for t in thresholds],
            "none": 0.0,
        },
        "risk_coverage": {
            "coverage": [0.2, 0.4, 0.6, 0.8, 1.0], "risk": [0.02, 0.05, 0.08, 0.1, 0.121],
            "low": [0.01, 0.03, 0.06, 0.08, 0.11], "high": [0.03, 0.07, 0.1, 0.12, 0.13],
        },
        "importance": [
            {"field": "age", "value": 0.19, "low": 0.17, "high": 0.21, "shuffled_value": 0.002,
             "shuffled_low": -0.01, "shuffled_high": 0.012},
        ],
        "table_per_1000": {
            "threshold": 0.277, "alerts": {"value": 364, "low": 341, "high": 387},
            "right_alerts": {"value": 219, "low": 200, "high": 238},
            "false_alerts": {"value": 145, "low": 126, "high": 164},
            "missed": {"value": 58, "low": 47, "high": 70},
            "rightly_silent": {"value": 578, "low": 555, "high": 600},
        },
        "novelty": {
            "limit": 0.82, "edges": [0.0, 0.25, 0.5, 0.75, 1.0], "counts": [900, 480, 170, 25],
            "beyond": 0,
        },
        "subgroups": {
            "measured": [{"slice": "sex=F", "subjects": 802, "events": 200},
                         {"slice": "age=[65, 80)", "subjects": 511, "events": 150}],
            "too_small": [{"slice": "sex=F & age=80 and above", "subjects": 41, "events": 30}],
        },
    }  # fmt: skip


def table_one() -> dict[str, object]:
    def split(n: int) -> dict[str, object]:
        return {
            "n": n, "outcomes": round(0.27 * n), "unobserved": round(0.02 * n),
            "fields": {
                "age": {"median": 63.0, "q1": 55.0, "q3": 72.0, "missing": 0.0},
                "sex": {"shares": {"F": {"count": round(0.55 * n), "share": 0.55},
                                   "M": {"count": round(0.45 * n), "share": 0.45}},
                        "missing": 0.0},
            },
        }  # fmt: skip

    return {"train": split(4722), "tune": split(1574), "held_out": split(1575)}


def released(folder: Path) -> Run:
    run = Run(folder)
    gate = {
        "measure": "auroc", "slice": "all", "bound": "at least 0.8", "verdict": "pass",
        "reason": "the whole interval is within the bound", "value": 0.833, "low": 0.813,
        "high": 0.853, "subjects": 1575,
    }  # fmt: skip
    unknown = gate | {
        "measure": "auroc", "slice": "sex=F & age=80 and above", "verdict": "unknown",
        "reason": "41 patients; at least 50 are needed", "value": None, "low": None, "high": None,
    }  # fmt: skip
    run.write_json("gates.json", [gate, unknown])
    run.write_evidence([measured("parity.exported", 1e-7, 0, model="trees")])
    run.finish(Outcome(headline="not released", stop="1 of 2 requirements is unknown"), 4.0)
    return run


Make = Callable[..., Context]


@pytest.fixture
def chain(tmp_path: Path) -> Make:
    """A Context over made-up runs; `until` says how far the chain came."""

    def make(until: str = "release", study: Study | None = None, **more: object) -> Context:
        makers: Mapping[str, Callable[[Path], Run]] = {
            "prepare": prepared,
            "audit": audited,
            "train": trained,
            "evaluate": evaluated,
            "release": released,
        }
        runs: dict[str, Run] = {}
        for name, maker in makers.items():
            folder = tmp_path / f"{name}-00{len(runs)}"
            folder.mkdir()
            stopping = name == until == "audit"
            runs[name] = audited(folder, "chapter gives it away") if stopping else maker(folder)
            if name == until:
                break
        own = tmp_path / "report-00ff"
        own.mkdir()
        context = Context(
            study=study or a_study(), run=Run(own), inputs=runs, cell=ModuleType("cell"),
            executor=InProcess(), progress=Silent(),
        )  # fmt: skip
        return replace(context, **more)  # type: ignore[arg-type]

    return make
