"""A study with enough patients to judge a table by, prepared, and the stage run on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.conftest import made_up_patients

from bedside.core import cells
from bedside.core.context import Context
from bedside.core.executor import InProcess
from bedside.core.progress import Silent
from bedside.core.run import Run
from bedside.core.study import Study, read_study
from bedside.stages import prepare, synthesize

STUDY = """
[study]
name = "made_up"
question = "Who dies within a month of admission?"
seed = 3

[data]
source = "patients.csv"
subject = "patient"

[task]
type = "binary"
target = "died"
positive = "yes"

[prepare]
tune = 0.4
held_out = 0.1

[columns.age]
unit = "years"
range = [18, 110]

[columns.sex]
categories = ["F", "M"]

[columns.ward]
categories = ["intensive care", "medical", "surgical"]

[columns.lactate]
unit = "mmol/L"
range = [0, 40]

[columns.sodium]
range = [100, 180]

[columns.hospital]
role = "ignore"

[columns.admitted]
role = "ignore"

[columns.score]
role = "ignore"

[columns.autopsy]
role = "ignore"
"""
LENIENT = synthesize.Spec(
    generator="copula",
    fewest_subjects=50,
    most_caught=0.5,
    most_caught_rare=0.9,
    most_excess=0.15,
    most_copies=0.1,
    replicates=100,
)
"""Under which a copula's table leaves, and a copy does not."""
Stage = Callable[..., Run]


def study_in(folder: Path, rows: int = 1200) -> Study:
    """The study with its CSV beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    made_up_patients(rows).write_csv(folder / "patients.csv")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return read_study(folder / "study.toml")


def context_of(study: Study, stage: str, folder: Path, inputs: dict[str, Run]) -> Context:
    """A context without a chain."""
    folder.mkdir(parents=True, exist_ok=True)
    return Context(
        study=study, run=Run(folder), inputs=inputs,
        cell=cells.cell(study.about.modality, stage), executor=InProcess(), progress=Silent(),
    )  # fmt: skip


def prepared_in(folder: Path, study: Study) -> dict[str, Run]:
    """Runs of prepare and audit, which dropped nothing."""
    context = context_of(study, "prepare", folder / "prepare-0", {})
    spec = study.spec("prepare")
    assert isinstance(spec, prepare.Spec)
    prepare.run(spec, context)
    audit = Run(folder / "audit-0")
    audit.folder.mkdir()
    audit.write_json("dropped.json", [])
    return {"prepare": context.run, "audit": audit}


def synthesized(
    study: Study, inputs: dict[str, Run], folder: Path, spec: synthesize.Spec = LENIENT,
    **changed: object,
) -> Run:  # fmt: skip
    """The stage's finished run."""
    context = context_of(study, "synthesize", folder, inputs)
    spec = replace(spec, **changed)  # type: ignore[arg-type]  # settings by name
    context.run.finish(synthesize.run(spec, context), 0.0)
    return context.run


def told(run: Run) -> dict:
    """What `synthesis.json` says."""
    return json.loads((run.folder / "synthesis.json").read_text())
