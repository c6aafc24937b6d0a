"""A kill -9 in every stage; then the same numbers as an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bedside.core.chain import way_to
from bedside.core.study import Study

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def _command(study: Path, out: Path) -> list[str]:
    return [
        sys.executable, "-m", "bedside.cli", "run", str(study), "--out", str(out), "--tiny",
        "--workers", "1",
    ]  # fmt: skip


def _kill_in(stage: str, study: Path, out: Path) -> bool:
    """Start the run, kill it when `stage` is at work; False when the stage was over too soon."""
    process = subprocess.Popen(
        _command(study, out), start_new_session=True, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None:
        for folder in out.glob(f"runs/{stage}-*"):
            if (folder / "DONE").is_file():
                break
            if len(list(folder.iterdir())) > 1:  # beyond the lock: it has begun to write
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return True
        time.sleep(0.002)
    return False


def _kill_at_start(stage: str, study: Path, out: Path) -> bool:
    process = subprocess.Popen(
        _command(study, out), start_new_session=True, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None:
        if any(not (f / "DONE").is_file() for f in out.glob(f"runs/{stage}-*")):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.001)
    return False


def test_a_killed_run_goes_on_to_the_same_numbers(made_up_study: Study, tmp_path: Path) -> None:
    subprocess.run(_command(made_up_study.file, tmp_path / "calm"), capture_output=True, check=True)
    killed = tmp_path / "killed"
    for stage in way_to("report", "tables"):
        assert _kill_at_start(stage, made_up_study.file, killed), stage
        _kill_in(stage, made_up_study.file, killed)
    done = subprocess.run(_command(made_up_study.file, killed), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    calm = (tmp_path / "calm" / "evidence.jsonl").read_text()
    assert (killed / "evidence.jsonl").read_text() == calm
    verified = subprocess.run(
        [sys.executable, "-m", "bedside.cli", "verify", str(killed)],
        capture_output=True, check=False,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout.decode()
