"""Serving, measured over a real socket: requests and patients a second, and how long one waits.

    python bench/serve.py [--bundle DIR] [--seconds 5] [--clients 4]

Clients and server share the machine's cores. Every answer is in the ledger, flushed to the disk,
before it is sent: also printed is what the ledger alone costs here, one row and 100 at once.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import orjson
from score import made_up_bundle

from bedside.core.dataset import read_schema
from bedside.core.ledger import Ledger
from bedside.modalities.tables import serve as cell

_SERVER = (
    "import sys; from pathlib import Path; from bedside.stages.serve import serve; "
    "serve(Path(sys.argv[1]), Path(sys.argv[2]), port=int(sys.argv[3]))"
)


def main() -> None:
    """Start a server, load it, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CONFIG_HOME"] = str(folder / "config")
        bundle = asked.bundle or made_up_bundle(folder / "bundle", members=4)
        schema = read_schema((bundle / "schema.json").read_text())
        row = list(cell.made_up(schema).values())[1]
        ledger_alone(folder / "alone.db")
        with Server(bundle, folder / "ledger.db") as base:
            for rows in (1, 100):
                body = orjson.dumps({"inputs": row if rows == 1 else [row] * rows})
                load(base, body, rows, asked)


class Server:
    """A server in a process of its own."""

    def __init__(self, bundle: Path, ledger: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-c", _SERVER, str(bundle), str(ledger), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def __enter__(self) -> str:
        base = f"http://127.0.0.1:{self.port}"
        for _ in range(300):
            try:
                httpx.get(f"{base}/ready", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        return base

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


def load(base: str, body: bytes, rows: int, asked: argparse.Namespace) -> None:
    """Clients that ask one request after the other."""
    times: list[float] = []
    end = time.perf_counter() + asked.seconds

    def client() -> None:
        headers = {"content-type": "application/json"}
        with httpx.Client(base_url=base, trust_env=False) as session:
            while time.perf_counter() < end:
                started = time.perf_counter()
                session.post("/predict", content=body, headers=headers).raise_for_status()
                times.append(time.perf_counter() - started)

    threads = [threading.Thread(target=client) for _ in range(asked.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    middle, slow = np.quantile(times, [0.5, 0.99]) * 1000
    rate = len(times) / asked.seconds
    print(f"{rows:>3} rows a request: {rate:8,.0f} requests/s {rate * rows:10,.0f} patients/s")
    print(f"    median {middle:.1f} ms, 99 % within {slow:.1f} ms, {asked.clients} clients")


def ledger_alone(path: Path) -> None:
    """What one row, and a hundred at once, cost."""
    payload = {"bundle": "b" * 64, "input": "i" * 64, "value": 0.1, "act": False}
    with Ledger(path) as ledger:
        for rows, repeats in ((1, 500), (100, 50)):
            started = time.perf_counter()
            for _ in range(repeats):
                ledger.append_many("prediction", [payload] * rows)
            spent = (time.perf_counter() - started) / repeats
            print(f"ledger alone, {rows:>3} rows: {spent * 1000:.2f} ms an append")


if __name__ == "__main__":
    main()
