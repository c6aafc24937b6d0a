"""Prepare and audit 1,000,000 rows x 50 columns: seconds and peak memory of each and together.

    python bench/audit.py [--rows 1000000] [--parquet]

The budget of both is 30 s and 3 GB on two cores. The peer does by hand, with pandas and
scikit-learn, three of the audit's checks on the same file: repeated rows, empty and constant
columns, and the AUROC of each column and of its gaps.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from prepare import STUDY, made_up


def audit(folder: Path) -> None:
    """Prepare, then audit, in this process; prints both times and the peak memory as JSON."""
    from bedside.core import cells
    from bedside.core.context import Context
    from bedside.core.executor import InProcess
    from bedside.core.progress import Silent
    from bedside.core.run import Outcome, Run
    from bedside.core.study import read_study

    study = read_study(folder / "study.toml")
    inputs: dict[str, Run] = {}
    seconds = {}
    for stage in ("prepare", "audit"):
        started = time.perf_counter()
        run = Run(folder / f"{stage}-0")
        run.folder.mkdir()
        module, cell = cells.stage(stage), cells.cell("tables", stage)
        context = Context(
            study=study, run=run, inputs=dict(inputs), cell=cell, executor=InProcess(),
            progress=Silent(),
        )  # fmt: skip
        outcome: Outcome = module.run(module.Spec(), context)
        seconds[stage] = time.perf_counter() - started
        inputs[stage] = run
    _print_cost(seconds | {"headline": outcome.headline})


def peer(folder: Path) -> None:
    """The same questions by hand."""
    import pandas as pd
    from sklearn.metrics import roc_auc_score

    started = time.perf_counter()
    source = next(folder.glob("table.*"))
    read = pd.read_parquet if source.suffix == ".parquet" else pd.read_csv
    table = read(source)
    outcome = table.pop("outcome")
    table = table.drop(columns="patient")
    table.duplicated().sum()
    table.nunique()
    for name in table.select_dtypes("number"):
        gaps = table[name].isna()
        roc_auc_score(outcome[~gaps], table.loc[~gaps, name])
        if gaps.any():
            roc_auc_score(outcome, gaps)
    _print_cost({"peer": time.perf_counter() - started})


def _print_cost(cost: dict[str, object]) -> None:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    kilobytes = int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    print(json.dumps({**cost, "gigabytes": kilobytes / 2**20}))


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
    parser.add_argument("--part", choices=("audit", "peer"))
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.part:
        {"audit": audit, "peer": peer}[asked.part](asked.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = "table.parquet" if asked.parquet else "table.csv"
        made_up(asked.rows, folder / source)
        (folder / "study.toml").write_text(STUDY.format(source=source), encoding="utf-8")
        ours, theirs = _measured("audit", folder), _measured("peer", folder)
    together = ours["prepare"] + ours["audit"]
    print(f"{asked.rows:,} rows x 50 columns, {source}: {ours['headline']}")
    print(f"bedside prepare            {ours['prepare']:6.1f} s")
    print(f"bedside audit              {ours['audit']:6.1f} s")
    print(f"together                   {together:6.1f} s  {ours['gigabytes']:5.2f} GB")
    print(f"three checks, read by hand {theirs['peer']:6.1f} s  {theirs['gigabytes']:5.2f} GB")
    print(f"ratio                      {together / theirs['peer']:6.2f}")


if __name__ == "__main__":
    main()
