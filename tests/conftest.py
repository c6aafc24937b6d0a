"""For every test: where the real data lies, a made-up clinical study, a context without a chain."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core import cells
from bedside.core.context import Context
from bedside.core.executor import InProcess
from bedside.core.progress import Silent
from bedside.core.run import Run
from bedside.core.study import Study, read_study

ROOT = Path(__file__).resolve().parents[1]

if "BEDSIDE_DATA" not in os.environ and (ROOT.parent / "shared" / "data").is_dir():
    os.environ["BEDSIDE_DATA"] = str(ROOT.parent / "shared" / "data")

MADE_UP = """
[study]
name = "made_up"
question = "Who dies within a month of admission?"
seed = 3

[data]
source = "patients.csv"
subject = "patient"
site = "hospital"
time = "admitted"

[task]
type = "binary"
target = "died"
positive = "yes"
outcome = "death within a month"

[columns.age]
unit = "years"
range = [18, 110]
cuts = [65]
group = true

[columns.sex]
group = true

[columns.lactate]
unit = "mmol/L"
range = [0, 40]

[columns.sodium]
unit = "mmol/L"
range = [90, 200]

[columns.score]
role = "comparator"
description = "risk by an older score"

[train]
trials = 2

[audit]
leak = "drop"
"""


def made_up_patients(subjects: int = 400, seed: int = 5) -> pl.DataFrame:
    """One row a patient: age and lactate matter, `autopsy` is filled in for the dead."""
    rng = np.random.default_rng(seed)
    age = rng.normal(66, 14, subjects).clip(18, 104).round()
    lactate = rng.lognormal(0.6, 0.5, subjects).clip(0.2, 30).round(2)
    risk = 1 / (1 + np.exp(-(-2.3 + 0.05 * (age - 66) + 0.7 * (lactate - 2))))
    died = rng.random(subjects) < risk
    day = np.datetime64("2018-01-01") + rng.integers(0, 1400, subjects).astype("timedelta64[D]")
    frame = pl.DataFrame(
        {
            "patient": [f"P{number:05d}" for number in range(subjects)],
            "hospital": rng.choice(["north", "south", "west"], subjects, p=[0.5, 0.3, 0.2]),
            "admitted": day,
            "age": age,
            "sex": rng.choice(["F", "M"], subjects),
            "lactate": np.where(rng.random(subjects) < 0.2, np.nan, lactate),
            "sodium": rng.normal(139, 4, subjects).round(),
            "ward": rng.choice(["medical", "surgical", "intensive care"], subjects),
            "score": (risk * 0.8 + 0.1 * rng.random(subjects)).round(4),
            "autopsy": pl.Series(
                np.where(died & (rng.random(subjects) < 0.9), "cardiac", "")
            ).replace("", None),
            "died": np.where(died, "yes", "no"),
        }
    )
    return frame.with_columns(pl.col("lactate").fill_nan(None))


@pytest.fixture
def made_up_study(tmp_path: Path) -> Study:
    """A study file with its CSV beside it, in a fresh folder."""
    folder = tmp_path / "study"
    folder.mkdir()
    made_up_patients().write_csv(folder / "patients.csv")
    (folder / "study.toml").write_text(only_known_sections(MADE_UP), encoding="utf-8")
    return read_study(folder / "study.toml")


def only_known_sections(text: str) -> str:
    """The text without the sections of stages that this installation does not have."""
    parts = text.split("\n[")
    known = set(cells.stages()) | {"study", "data", "columns", "task", "decision", "gates"}
    kept = [p for p in parts[1:] if p.split("]")[0].strip("[").split(".")[0] in known]
    return "\n[".join([parts[0], *kept])


ContextFor = Callable[..., Context]


@pytest.fixture
def context_for(tmp_path: Path) -> ContextFor:
    """`context_for(study, stage, inputs={...}, tiny=..., data_folder=...)` without a chain."""

    def make(
        study: Study,
        stage: str,
        *,
        inputs: Mapping[str, Run] | None = None,
        tiny: bool = False,
        data_folder: Path | None = None,
    ) -> Context:
        taken = len(list(tmp_path.glob(f"{stage}-*")))
        folder = tmp_path / f"{stage}-{taken:016x}"
        folder.mkdir()
        return Context(
            study=study,
            run=Run(folder),
            inputs=inputs or {},
            cell=cells.cell(study.about.modality, stage),
            executor=InProcess(),
            progress=Silent(),
            data_folder=data_folder,
            tiny=tiny,
        )

    return make


@pytest.fixture
def prepared(made_up_study: Study, context_for: ContextFor) -> Run:
    """The made-up study, prepared."""
    from bedside.stages import prepare

    context = context_for(made_up_study, "prepare")
    spec = made_up_study.spec("prepare")
    assert isinstance(spec, prepare.Spec)
    context.run.finish(prepare.run(spec, context), 0.0)
    return context.run


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data, or a skip."""
    folder = os.environ.get("BEDSIDE_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("BEDSIDE_DATA names no folder of real data")
    return Path(folder)
