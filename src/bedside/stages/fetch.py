"""Fetch: public data of the ready studies, with a checksum, from their publishers or a mirror."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from bedside.core.errors import StudyError
from bedside.core.progress import Progress
from bedside.core.spec import Source, build, nearest

NEEDS: tuple[str, ...] = ()
TINY: dict[str, object] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[fetch]` has no settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """One public data set."""

    name: str
    title: str
    url: str
    file: str
    """Its name on disk, which is what the ready studies look for in --data."""
    sha256: str = ""
    digest_from: str = ""
    """How the digest is known."""
    licence: str
    citation: str


def sources() -> list[Public]:
    """The data sets that can be fetched."""
    file = files("bedside.studies").joinpath("sources/public.toml")
    text = file.read_text(encoding="utf-8")
    return [
        build(Public, {"name": name, **table}, Source("public.toml", text), (name,))
        for name, table in tomllib.loads(text).items()
    ]


def fetch(
    name: str,
    folder: Path,
    *,
    base: str = "",
    progress: Progress | None = None,
    accept: str = "",
) -> Path:
    """The data set `name` in `folder`; from the mirror `base` (BASE/FILE), where one is given.

    Raises StudyError for an unknown name, DataError as `adapters.download.download` does.
    """
    from bedside.adapters.download import download

    known = {item.name: item for item in sources()}
    if name not in known:
        raise StudyError(
            f"fetch {name}",
            expected="the name of a public data set",
            found="none of that name",
            hint=nearest(name, known),
        )
    item = known[name]
    url = f"{base.rstrip('/')}/{item.file}" if base else item.url
    return download(url, folder / item.file, item.sha256, accept=accept, progress=progress)
