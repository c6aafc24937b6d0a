"""How long `bedside --help` takes, as a whole process, beside an empty Python process.

python bench/startup.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 21


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the median of both, run in turn, and their ratio."""
    command = [str(Path(sys.executable).parent / "bedside"), "--help"]
    floor = [sys.executable, "-c", "pass"]
    pairs = [(_seconds(command), _seconds(floor)) for _ in range(RUNS)]
    ours, empty = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"bedside --help   {ours:.3f} s (median of {RUNS}; budget 0.2 s)")
    print(f"python -c pass   {empty:.3f} s")
    print(f"ratio            {ours / empty:.1f}")


if __name__ == "__main__":
    main()
