"""Optional packages: one call that imports one or says what to install."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from bedside.core.errors import MissingPartError


def need(package: str, *, extra: str) -> ModuleType:
    """Import `package`, or say which extra of bedside brings it."""
    try:
        return import_module(package)
    except ImportError as error:
        raise _missing(package, extra) from error


def package_folder(package: str, *, extra: str) -> Path:
    """Where a top-level package lies on disk, without importing it.

    Data files of packages are read this way, so that a package under another licence is a source
    of data and never code that runs inside bedside.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise _missing(package, extra)
    return Path(next(iter(spec.submodule_search_locations)))


def _missing(package: str, extra: str) -> MissingPartError:
    return MissingPartError(
        f"package {package}",
        expected="it to be installed",
        found="nothing of that name",
        hint=f'pip install "bedside[{extra}]"',
    )
