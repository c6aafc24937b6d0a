from __future__ import annotations

import os
import signal

import pytest

from bedside.core.errors import DataError, RunError
from bedside.core.executor import InProcess, LocalPool, usable_cores


def _square(x: int) -> int:
    return x * x


def _threads(_: int) -> str:
    return os.environ["OMP_NUM_THREADS"]


def _die(x: int) -> int:
    if x == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def _refuse(_: int) -> int:
    raise DataError("here", expected="this", found="that", hint="do so")


@pytest.mark.parametrize("executor", [InProcess(), LocalPool(1), LocalPool(2)])
def test_results_come_in_order(executor: InProcess | LocalPool) -> None:
    assert list(executor.map(_square, [3, 1, 2])) == [9, 1, 4]


def test_workers_have_one_thread() -> None:
    assert set(LocalPool(2).map(_threads, [0, 1])) == {"1"}


def test_a_killed_worker_is_a_sentence() -> None:
    with pytest.raises(RunError, match="it was killed"):
        list(LocalPool(2).map(_die, [0, 1, 2]))


def test_an_error_keeps_its_parts_across_processes() -> None:
    with pytest.raises(DataError, match="hint: do so"):
        list(LocalPool(2).map(_refuse, [0, 1]))


def test_there_is_a_core() -> None:
    assert usable_cores() >= 1
