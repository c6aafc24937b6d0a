"""Export: the one way out for a made-up table, with its data sheet, and only where it may leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from bedside.adapters.parquet import read_parquet, write_tagged
from bedside.core.errors import DataError, RunError
from bedside.core.run import Run, write_text

SHEET = ".sheet.json"


def let_out(run: Run, path: Path) -> Path:
    """Write the run's table to `path` (.parquet or .csv) and the data sheet beside it.

    Gives the path of the data sheet. Raises DataError where the table may not leave.
    """
    sheet = run.read_json("sheet.json")
    if not isinstance(sheet, dict):
        raise RunError(f"{run.name}/sheet.json", expected="a data sheet", found="something else")
    table = run.folder / "synthetic.parquet"
    if not sheet["may_leave"] or not table.is_file():
        reasons = sheet["reasons"]
        raise DataError(
            "export", expected="a table that may leave",
            found="; ".join(map(str, reasons)) if isinstance(reasons, list) else "another",
            hint="synthesis.html shows what was found: it may take more patients to judge by, or a "
            "generator that gives less away (another, or a private one: epsilon)",
        )  # fmt: skip
    beside = path.with_name(path.name + SHEET)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(table, path, sheet)
        write_text(beside, json.dumps(sheet, indent=1))
    except OSError as error:
        raise RunError(
            path.name, expected="a file that can be written", found=error.strerror or "an error"
        ) from error
    return beside


def _write(table: Path, path: Path, sheet: Mapping[str, object]) -> None:
    frame = read_parquet(table)
    pictures = [name for name, kind in frame.schema.items() if kind == pl.Binary]
    if pictures and path.suffix.lower() == ".csv":
        raise DataError(
            path.name, expected="a file that can hold pictures", found="a .csv",
            hint="export to a .parquet: each picture is the bytes of a PNG",
        )  # fmt: skip
    part = path.with_name(f".{path.name}.part")
    if path.suffix.lower() == ".csv":
        frame.write_csv(part)
        part.replace(path)
    else:
        write_tagged(frame, path, sheet)
