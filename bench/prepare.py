"""Prepare and audit 1,000,000 rows x 50 columns: seconds and peak memory, beside pandas reading.

    python bench/prepare.py [--rows 1000000] [--parquet]

Made-up patients: 40 numeric columns with gaps, 8 categories, a subject and an outcome. The budget
of prepare and audit together is 30 s and 3 GB on two cores; beyond it the script exits with 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from bedside import stages
from bedside.core import cells
from bedside.core.context import Context
from bedside.core.executor import InProcess
from bedside.core.progress import Silent
from bedside.core.run import Run
from bedside.core.study import Study, read_study

MOST_SECONDS = 30
MOST_GIGABYTES = 3
STUDY = """
[study]
name = "million"
question = "How long does it take?"

[data]
source = "{source}"
subject = "patient"

[task]
type = "binary"
target = "outcome"
"""


def made_up(rows: int, path: Path) -> None:
    """Write the table to `path`, CSV or Parquet."""
    rng = np.random.default_rng(0)
    columns: dict[str, pl.Series] = {
        "patient": pl.Series([f"P{number:08d}" for number in range(rows)]),
        "outcome": pl.Series(rng.random(rows) < 0.1).cast(pl.Int8),
    }
    for at in range(40):
        values = rng.normal(at, 1 + at / 10, rows).round(3)
        values[rng.random(rows) < 0.02 * (at % 10)] = np.nan
        columns[f"x{at}"] = pl.Series(values).fill_nan(None)
    for at in range(8):
        names = [f"kind {number}" for number in range(2 + 4 * at)]
        columns[f"c{at}"] = pl.Series(rng.choice(names, rows))
    frame = pl.DataFrame(columns)
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path)


def prepare(folder: Path) -> None:
    """Prepare, then audit, in this process; prints the times and the peak memory as JSON."""
    started = time.perf_counter()
    study = read_study(folder / "study.toml")
    stages.prepare.outside(stages.prepare.Spec(), study, None)
    prepared = _context(study, folder, "prepare", {})
    stages.prepare.run(stages.prepare.Spec(), prepared)
    half = time.perf_counter()
    audited = _context(study, folder, "audit", {"prepare": prepared.run})
    stages.audit.run(stages.audit.Spec(), audited)
    _print_cost(time.perf_counter() - started, prepare=half - started)


def _context(study: Study, folder: Path, stage: str, inputs: dict[str, Run]) -> Context:
    run = Run(folder / f"{stage}-0")
    run.folder.mkdir()
    return Context(
        study=study,
        run=run,
        inputs=inputs,
        cell=cells.cell("tables", stage),
        executor=InProcess(),
        progress=Silent(),
    )


def peer(folder: Path) -> None:
    """pandas reads the same file: the least that anybody has to do."""
    started = time.perf_counter()
    source = next(folder.glob("table.*"))
    pd.read_parquet(source) if source.suffix == ".parquet" else pd.read_csv(source)
    _print_cost(time.perf_counter() - started)


def _print_cost(seconds: float, **parts: float) -> None:
    # Not ru_maxrss: after a fork it still holds the peak of the parent.
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    kilobytes = int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    print(json.dumps({"seconds": seconds, "gigabytes": kilobytes / 2**20, **parts}))


def _measured(what: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--part", what, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return cost


def main() -> None:
    """Make the table, then measure each side in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--parquet", action="store_true")
    parser.add_argument("--part", choices=("prepare", "peer"))
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.part:
        {"prepare": prepare, "peer": peer}[asked.part](asked.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = "table.parquet" if asked.parquet else "table.csv"
        made_up(asked.rows, folder / source)
        (folder / "study.toml").write_text(STUDY.format(source=source), encoding="utf-8")
        ours, theirs = _measured("prepare", folder), _measured("peer", folder)
    print(f"{asked.rows:,} rows x 50 columns, {source}")
    print(f"bedside prepare          {ours['prepare']:6.1f} s")
    print(f"bedside prepare + audit  {ours['seconds']:6.1f} s  {ours['gigabytes']:5.2f} GB")
    print(f"pandas, reading only     {theirs['seconds']:6.1f} s  {theirs['gigabytes']:5.2f} GB")
    print(f"ratio                    {ours['seconds'] / theirs['seconds']:6.2f}")
    if ours["seconds"] > MOST_SECONDS or ours["gigabytes"] > MOST_GIGABYTES:
        sys.exit(f"beyond the budget of {MOST_SECONDS} s and {MOST_GIGABYTES} GB")


if __name__ == "__main__":
    main()
