"""Init for tables: a study file from a table, to be corrected by who knows the patients."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from bedside.adapters.arff import read_arff
from bedside.adapters.csv import decodes, first_lines, read_csv
from bedside.adapters.parquet import read_parquet
from bedside.core.errors import DataError
from bedside.core.study import Data
from bedside.methods.columns import USUAL_CODES
from bedside.modalities.tables.init_guess import Guess, guess, looks_group, looks_later

_SEPARATORS = (",", ";", "\t", "|")
_ENCODINGS = ("utf8", "cp1252")


def knows(path: Path) -> int:
    """1 where it could be a table, 0 where not."""
    return int(path.is_file() and path.suffix.lower() not in (".npz", ".tar", ".zip"))


def draft(path: Path, source: str) -> str:
    """The text of a study file for the table at `path`, which it names as `source`.

    It is read as a study as it stands where an outcome suggested itself; else after `target` is
    filled in. Doubts are comments that begin with `# question:`.
    """
    data, frame = _look(path)
    if frame.height < 2:
        raise DataError(path.name, expected="a table of patients", found=f"{frame.height} rows")
    found = guess(frame)
    name = re.sub(r"\W+", "_", path.name.split(".")[0]).strip("_").lower() or "study"
    parts = [_about(name), _data(source, data, found), _task(found), _columns(frame, found)]
    return "\n".join(parts)


def _look(path: Path) -> tuple[Data, pl.DataFrame]:
    """How the file is written, found by trying, and its rows."""
    names = {suffix.lower() for suffix in path.suffixes}
    if names & {".parquet", ".pq"}:
        return Data(), read_parquet(path)
    if ".arff" in names:
        return Data(), read_arff(path)
    encoding = _encoding(path)
    line = "".join(first_lines(path, encoding, 1))
    separator = max(_SEPARATORS, key=line.count)
    data = Data(separator=separator, encoding=encoding)
    frame = read_csv(path, data)
    codes = _codes(frame)
    if not codes:
        return data, frame
    data = Data(separator=separator, encoding=encoding, missing=tuple(codes))
    return data, read_csv(path, data)


def _encoding(path: Path) -> str:
    return next((name for name in _ENCODINGS if decodes(path, name)), _ENCODINGS[0])


def _codes(frame: pl.DataFrame) -> list[str]:
    """Words that stand for missing in columns of numbers."""
    found: set[str] = set()
    for column in frame.select(pl.col(pl.String)):
        words = column.drop_nulls().str.strip_chars()
        words = words.filter(words.cast(pl.Float64, strict=False).is_null() & (words != ""))
        kinds = set(words.unique().head(len(USUAL_CODES) + 1).to_list())
        if kinds and kinds <= set(USUAL_CODES) and len(words) < column.count():
            found |= kinds
    return sorted(found)


def _about(name: str) -> str:
    return f"""# A first version, guessed from the data. Read each "# question:".

[study]
name = {_text(name)}
question = ""  # question: in words: which patients, what is known of them and when, which outcome?
population = ""  # question: who are the patients, from where, and when?
intended_use = ""  # question: who would act on a prediction, and how?
"""


def _data(source: str, data: Data, found: Guess) -> str:
    lines = ["[data]", f"source = {_text(source)}"]
    if data.separator != ",":
        lines.append(f"separator = {_text(data.separator)}")
    if data.encoding != "utf8":
        lines.append(f"encoding = {_text(data.encoding)}  # question: is this the encoding?")
    if data.missing:
        lines.append(f"missing = [{', '.join(_text(str(code)) for code in data.missing)}]")
    for key, column, asks in (
        ("subject", found.subject, "which column names the patient, if rows share patients?"),
        ("site", found.site, "which column names the site, if there are several?"),
        ("time", found.time, "which column is the prediction time (a date)?"),
    ):
        if column:
            lines.append(f"{key} = {_text(column)}  # question: is this right?")
        else:
            lines.append(f'# {key} = ""  # question: {asks}')
    return "\n".join(lines) + "\n"


def _task(found: Guess) -> str:
    if found.event:
        return f"""[task]
# question: is this the outcome, and when does it have to have happened?
type = "binary"  # "survival" predicts the time itself
event = {_text(found.event)}
occurred = {_text(found.occurred)}
time = {_text(found.duration)}
horizon = {found.horizon:g}  # question: which horizon does the question need?
unit = ""  # question: days, months or years?
outcome = {_text(found.event)}
"""
    asks = "is this the outcome?" if found.target else "which column is the outcome?"
    return f"""[task]
type = "binary"  # or "multiclass", "multilabel", "regression", "survival"
target = {_text(found.target)}  # question: {asks}
positive = {_text(found.positive)}  # question: which value means that it happened?
outcome = {_text(found.target)}
"""


def _columns(frame: pl.DataFrame, found: Guess) -> str:
    taken = {found.subject, found.site, found.time, found.target, found.event, found.duration}
    sections = [
        "\n".join(_column(frame[name], name, found)) + "\n"
        for name in frame.columns
        if name not in taken or name in found.ignored
    ]
    return "\n".join(sections)


def _column(column: pl.Series, name: str, found: Guess) -> Iterator[str]:
    yield f"[columns.{_key(name)}]"
    if name in found.ignored:
        yield f'role = "ignore"  # question: {found.ignored[name]}'
        return
    kinds = column.drop_nulls().n_unique()
    if column.dtype.is_numeric() and set(column.drop_nulls().unique().head(3)) == {0, 1}:
        yield 'type = "boolean"'
    elif column.dtype.is_numeric():
        yield 'unit = ""  # question: which unit?'
        yield "# range = [0, 100]  # question: outside which bounds is a value impossible?"
        if column.dtype.is_integer() and kinds <= 6:
            yield '# type = "category"  # question: a number, or codes for categories?'
    if kinds <= 1:
        yield "# question: one value only; is it of use?"
    if looks_group(name):
        yield "group = true  # question: report results for these subgroups?"
    if looks_later(name):
        yield '# known = "after outcome"  # question: is it known at the time of prediction?'


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(text: str) -> str:
    """A basic string of TOML; JSON escapes are a part of it."""
    return json.dumps(text, ensure_ascii=False)
