"""Where a study's source lies: a path, a file beside the study or in --data, or in a package."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bedside.core.errors import DataError
from bedside.core.need import package_folder
from bedside.core.study import Study

PACKAGE = "package:"


def find_source(study: Study, source: str, data_folder: Path | None = None) -> Path:
    """The file that `source` names; DataError says where it was looked for.

    A path is absolute, or lies beside the study file, or in `data_folder`, in this order.
    `package:NAME/path` is a file inside an installed package, which is not imported.
    """
    if not source:
        raise DataError(
            f"{study.file.name} [data] source",
            expected="a file to read",
            found="nothing",
            hint='add source = "patients.csv" to [data]',
        )
    if source.startswith(PACKAGE):
        package, _, inside = source.removeprefix(PACKAGE).partition("/")
        path = package_folder(package, extra=study.data.extra) / inside
        if path.is_file():
            return path
        raise _absent(study, source, "another version of the package may keep it elsewhere")
    folders = [study.file.resolve().parent, *([data_folder] if data_folder else [])]
    for path in [Path(source)] if Path(source).is_absolute() else [f / source for f in folders]:
        if path.is_file():
            return path
    where = "beside the study file" + (" and in --data" if data_folder else "")
    hint = "" if data_folder else "; name its folder with --data DIR"
    raise _absent(study, source, f"looked {where}{hint}")


def sources(study: Study, data_folder: Path | None = None) -> list[Path]:
    """All files of a study: the source, and the one whose columns stand beside it."""
    named = [study.data.source, *([study.data.beside] if study.data.beside else [])]
    return [find_source(study, name, data_folder) for name in named]


def digests(study: Study, data_folder: Path | None = None) -> dict[str, str]:
    """SHA-256 of each file of a study, by the name that the study gives it."""
    named = [study.data.source, *([study.data.beside] if study.data.beside else [])]
    paths = sources(study, data_folder)
    return {name: sha256(path) for name, path in zip(named, paths, strict=True)}


def sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal, read in blocks."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            path.name, expected="a readable file", found=error.strerror or "an error"
        ) from error


def _absent(study: Study, source: str, hint: str) -> DataError:
    return DataError(
        f"{study.file.name} [data] source",
        expected=f"the file '{source}'",
        found="no such file",
        hint=hint,
    )
