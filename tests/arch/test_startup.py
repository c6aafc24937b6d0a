"""Light until asked: help comes at once, and heavy packages stay unloaded."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

import bedside

HEAVY = ("torch", "numpy", "polars", "sklearn", "scipy", "onnxruntime", "pyarrow", "rich")


def _loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split() if done.stdout.strip() else [])


@pytest.mark.parametrize("argv", [["--help"], ["run", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(argv: list[str]) -> None:
    code = f"import bedside.cli\ntry:\n    bedside.cli.main({argv!r})\nexcept SystemExit: pass"
    assert _loaded_after(f"{code}\nprint()") == set()


def test_reading_a_study_does_not_load_torch() -> None:
    code = "from bedside import read_study, find_study; read_study(find_study('flchain'))"
    assert "torch" not in _loaded_after(code)


def test_help_is_quick() -> None:
    """A coarse bound, the best of five; the budget of 0.2 s is measured in bench/startup.py."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "bedside.cli", "--help"], capture_output=True, check=True
        )
        times.append(time.perf_counter() - started)
    assert min(times) < 0.5


def test_the_front_door_is_small_and_every_name_opens() -> None:
    assert len(bedside.__all__) <= 15
    for name in bedside.__all__:
        assert getattr(bedside, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'trane'"):
        _ = bedside.trane  # type: ignore[attr-defined]
