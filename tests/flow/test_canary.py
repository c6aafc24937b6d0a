"""A canary in every field of one patient: it may be in the prepared data, and nowhere else.

Who looks at a message, a log, the report, the evidence, the ledger or a bundle must not see one
patient's value. A category is named where the study declares it, or where at least
`[prepare] fewest_per_category` training rows have it; the canary's category is one patient's own.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from tests.flow.conftest import patients

from bedside.core import cells

if TYPE_CHECKING:
    from tests.flow.conftest import Bedside, Place

WORD = "Quagga4711"
NUMBER = 987654.321
FIELDS = (
    "patient", "hospital", "admitted", "age", "sex", "lactate", "lab_day", "ward", "score", "died",
)  # fmt: skip
PREPARED = ("samples.parquet", "numeric.npy", "codes.npy")
"""The prepared data: the patients themselves, which never leave prepare's run folder."""
ADMISSIBLE: dict[str, str] = {
    "patient": WORD, "hospital": f"{WORD}H", "admitted": "1987-03-21", "age": str(NUMBER),
    "sex": f"{WORD}S", "lactate": "39.87651", "lab_day": "1987-03-19", "ward": f"{WORD}W",
    "score": "0.987651",
}  # fmt: skip
"""One patient whose every value is a canary that prepare lets in."""
TRACES = ("quagga", "987654", "987,654", "9.88e+05", "39.8765", "0.98765", "1987-03", "=1987")


def _plant(place: Place, planted: dict[str, str]) -> None:
    frame = pl.read_csv(place.data, infer_schema=False)
    row = pl.int_range(pl.len()) == 7
    place.write(
        frame.with_columns(
            pl.when(row).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in planted.items()
        )
    )


def _traces_in(content: bytes) -> list[str]:
    """Which traces are in some bytes: as text, or as the floating-point number itself."""
    text = content.decode("utf-8", errors="ignore").lower()
    found = [trace for trace in TRACES if trace in text]
    for number in (NUMBER, 39.87651, 0.987651):
        forms = {form: struct.pack(form, number) for form in ("<f", "<d")}
        found += [f"{number} as {form}" for form, packed in forms.items() if packed in content]
    return found


def _leaks(out: Path) -> dict[str, list[str]]:
    """Files under `out`, the prepared data aside, that hold a trace."""
    files = [path for path in out.rglob("*") if path.is_file() and path.name not in PREPARED]
    found = {str(path.relative_to(out)): _traces_in(path.read_bytes()) for path in files}
    return {name: traces for name, traces in found.items() if traces}


@pytest.mark.parametrize("value", [WORD, str(NUMBER), "1987-03-21", f'"{WORD}', f"{WORD}\n{WORD}"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_canary_in_one_field_sings_nowhere(
    field: str, value: str, place: Place, bedside: Bedside
) -> None:
    _plant(place, {field: value})
    said = bedside("prepare", place.study, "--out", place.out)
    assert said.code in (0, 2), said.err
    assert _traces_in(said.all.encode()) == []
    if place.out.exists():
        assert _leaks(place.out) == {}


def test_the_canaries_are_let_in_and_would_be_seen(place: Place, bedside: Bedside) -> None:
    """Else the tests below could pass because nothing was planted."""
    _plant(place, ADMISSIBLE)
    assert bedside("prepare", place.study, "--out", place.out).code == 0
    folder = next(place.out.glob("runs/prepare-*"))
    samples = pl.read_parquet(folder / "samples.parquet")
    assert samples["split"][7] == "train"
    assert {"quagga", "1987-03", "0.98765"} <= set(_traces_in(samples.write_csv().encode()))
    assert f"{NUMBER} as <f" in _traces_in((folder / "numeric.npy").read_bytes())


def test_no_canary_sings_in_the_audit(place: Place, bedside: Bedside) -> None:
    _plant(place, ADMISSIBLE)
    said = bedside("audit", place.study, "--out", place.out)
    assert said.code in (0, 1), said.err
    assert _traces_in(said.all.encode()) == []
    assert _leaks(place.out) == {}


def test_no_canary_sings_in_the_audit_of_names_and_notes(place: Place, bedside: Bedside) -> None:
    frame = pl.read_csv(place.data)
    words = [f"seen by {WORD}{n} on the ward round" for n in range(frame.height)]
    names = [f"{WORD}-{n:04d}" for n in range(frame.height)]
    place.write(frame.with_columns(note=pl.Series(words), mrn=pl.Series(names)))
    said = bedside("audit", place.study, "--out", place.out)
    assert said.code == 1, said.err
    assert "note" in said.out
    assert "mrn" in said.out
    assert _traces_in(said.all.encode()) == []
    assert _leaks(place.out) == {}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_canary_sings_in_a_whole_run(place: Place, bedside: Bedside) -> None:
    place.write(patients(400))
    _plant(place, ADMISSIBLE)
    said = bedside("run", place.study, "--out", place.out, "--tiny", "--workers", "1")
    assert said.code in (0, 1), said.err
    assert (place.out / "report.html").is_file()
    assert _traces_in(said.all.encode()) == []
    assert _leaks(place.out) == {}
    assert (place.out / "bundle").is_dir()
    _score_with_canaries(place, bedside)


def _score_with_canaries(place: Place, bedside: Bedside) -> None:
    """The answer of a file says which row and field is wrong, not what stands there."""
    answers = place.folder / "answers.csv"
    said = bedside("score", place.out / "bundle", place.data, answers)
    assert said.code == 0, said.err
    assert _traces_in(said.all.encode()) == []
    assert WORD not in answers.read_text(encoding="utf-8")


@pytest.mark.parametrize("stage", ["prepare", "audit"])
@pytest.mark.parametrize("kind", [ValueError, KeyError, OSError, RuntimeError])
def test_an_unexpected_error_does_not_repeat_its_text(
    stage: str, kind: type[Exception], place: Place, bedside: Bedside,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(*_: object) -> None:
        try:
            raise ValueError(f"could not convert {WORD}")
        except ValueError as first:
            raise kind(WORD) from first

    monkeypatch.setattr(cells.stage(stage), "run", fail)
    said = bedside("audit", place.study, "--out", place.out)
    assert said.code == 70
    assert f"{kind.__name__} at test_canary.py:" in said.err
    assert "--debug" in said.err
    assert _traces_in(said.all.encode()) == []
    assert _leaks(place.out) == {}


def test_debug_shows_the_text_on_purpose(
    place: Place, bedside: Bedside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(WORD)

    monkeypatch.setattr(cells.stage("prepare"), "run", fail)
    assert WORD in bedside("--debug", "prepare", place.study, "--out", place.out).err
