"""Where the embedded study's images lie: drawn once, and kept in the user's cache."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from bedside.adapters.source import MADE_UP
from bedside.core.code import code_digest
from bedside.core.errors import StudyError
from bedside.core.spec import nearest
from bedside.modalities.images.made_up import write_made_up
from bedside.modalities.images.made_up_findings import write_findings

_DRAWN = {"lesions": write_made_up, "findings": write_findings}


def made_up(source: str) -> Path:
    """The table of a made-up source, such as `made-up:lesions`; its files are drawn if need be."""
    name = source.removeprefix(MADE_UP)
    if name not in _DRAWN:
        raise StudyError("[data] source", expected="made-up images that there are",
                         found=f"'{source}'", hint=nearest(name, _DRAWN))  # fmt: skip
    version = code_digest(_DRAWN[name].__module__)[:16]
    final = _cache() / f"{name}-{version}"
    if not final.is_dir():
        final.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{name}-"))
        _DRAWN[name](part)
        try:
            part.rename(final)
        except OSError:  # another process was quicker
            shutil.rmtree(part, ignore_errors=True)
    return final / "labels.csv"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bedside"
