"""A file that several processes need and one of them makes, while the others wait for it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path


def made_once(path: Path, make: Callable[[], bytes]) -> Path:
    """The file at `path`; `make` gives its content where it is not there yet.

    Whoever sees the file sees all of it. A process that is killed while it makes it lets the next
    one go on. The name must tell the content: a file that is there is never made again.
    """
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.is_file():
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(make())
            part.replace(path)
    return path
