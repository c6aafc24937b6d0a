"""For tests of the whole command from outside: a study on disk, and what the command said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from bedside.cli import main

STUDY = """
[study]
name = "planted"
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
type = "numeric"
unit = "years"
cuts = [65]
group = true

[columns.sex]
group = true

[columns.lactate]
unit = "mmol/L"
range = [0, 40]

[columns.lab_day]
type = "date"

[columns.score]
role = "comparator"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything that a person, or a log, would get to see."""
        return self.out + self.err


Bedside = Callable[..., Said]


@pytest.fixture
def bedside(capsys: pytest.CaptureFixture[str]) -> Bedside:
    """`bedside("prepare", study, "--out", out)` in this process, as the command line runs it."""

    def call(*argv: object) -> Said:
        capsys.readouterr()
        try:
            code = main([str(word) for word in argv])
        except SystemExit as error:  # argparse ends so
            code = int(error.code or 0)
        said = capsys.readouterr()
        return Said(code=code, out=said.out, err=said.err)

    return call


def patients(rows: int = 120) -> pl.DataFrame:
    """One row a patient, the same at each call; the outcome goes with age and lactate."""
    at = range(rows)
    died = [(7 * n) % 10 + (n % 4) > 9 for n in at]
    return pl.DataFrame(
        {
            "patient": [f"P{n:04d}" for n in at],
            "hospital": [("north", "south")[n % 3 == 0] for n in at],
            "admitted": [f"20{18 + n % 3}-0{1 + n % 9}-1{n % 9}" for n in at],
            "age": [40 + (7 * n) % 50 for n in at],
            "sex": [("F", "M")[(n // 2) % 2] for n in at],
            "lactate": [round(0.5 + ((13 * n) % 37) / 10, 1) for n in at],
            "lab_day": [f"20{18 + n % 3}-0{1 + n % 9}-0{1 + n % 9}" for n in at],
            "ward": [("medical", "surgical", "intensive")[n % 3] for n in at],
            "score": [round(((11 * n) % 97) / 97, 3) for n in at],
            "died": [("no", "yes")[d] for d in died],
        }
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a study and its data."""

    folder: Path

    @property
    def study(self) -> Path:
        """The study file."""
        return self.folder / "study.toml"

    @property
    def data(self) -> Path:
        """The data that the study names."""
        return self.folder / "patients.csv"

    @property
    def out(self) -> Path:
        """Where the command is told to write."""
        return self.folder / "out"

    def write(self, frame: pl.DataFrame) -> Place:
        """Other patients in place of those that were there."""
        frame.write_csv(self.data)
        return self

    def edit(self, old: str, new: str) -> Place:
        """Change the study file, where `old` must be."""
        text = self.study.read_text(encoding="utf-8")
        assert old in text
        self.study.write_text(text.replace(old, new, 1), encoding="utf-8")
        return self

    def add(self, text: str) -> Place:
        """More lines at the end of the study file."""
        self.study.write_text(self.study.read_text(encoding="utf-8") + text, encoding="utf-8")
        return self


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A study that runs as it is; each test spoils one thing."""
    made = Place(tmp_path / "here")
    made.folder.mkdir()
    made.study.write_text(STUDY, encoding="utf-8")
    return made.write(patients())
