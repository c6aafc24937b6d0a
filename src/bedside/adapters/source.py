"""Where a study's source lies: a path, a file beside the study or in --data, or in a package.

A source is a file or, for a modality whose samples are files, a folder of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bedside.core.errors import DataError
from bedside.core.need import package_folder
from bedside.core.study import Study

PACKAGE = "package:"
MADE_UP = "made-up:"
"""Sources that a modality draws itself."""
LEDGER = "ledger.db"
"""A folder with this file in it is the output of a run."""


def find_source(
    study: Study, names: Sequence[str], data_folder: Path | None = None, *,
    key: str = "[data] source",
) -> Path:  # fmt: skip
    """The first there is of those that `names` lists; DataError says where it was looked for.

    A path is absolute, or lies beside the study file, or in `data_folder`, in this order.
    `package:NAME/path` is a file inside an installed package, which is not imported. `key` is what
    an error calls the place in the study.
    """
    if not any(names):
        raise DataError(
            f"{study.file.name} [data] source",
            expected="a file to read",
            found="nothing",
            hint='add source = "patients.csv" to [data]',
        )
    folders = [study.file.resolve().parent, *([data_folder] if data_folder else [])]
    for name in names:
        for path in _places(study, name, folders):
            if path.exists():
                return path
    where = "beside the study file" + (" and in --data" if data_folder else "")
    raise DataError(
        f"{study.file.name} {key}",
        expected="the file " + " or ".join(f"'{name}'" for name in names),
        found="no such file",
        hint=f"looked {where}" + ("" if data_folder else "; name its folder with --data DIR"),
    )


def sources(study: Study, data_folder: Path | None = None) -> list[Path]:
    """All files of a study: the source, and the one whose columns stand beside it.

    None for a source that the modality draws itself.
    """
    data = study.data
    if data.source.startswith(MADE_UP):
        return []
    named = [(data.source, *data.instead), *([(data.beside,)] if data.beside else [])]
    return [find_source(study, names, data_folder) for names in named]


def digests(study: Study, data_folder: Path | None = None) -> dict[str, str]:
    """SHA-256 of each source of a study, by its place among them.

    Of a folder, and of a table that names files, everything below the folder counts.
    """
    every = sources(study, data_folder)
    found = {f"source {at}": tree_digest(path) for at, path in enumerate(every, start=1)}
    if study.settings is not None and every and every[0].suffix in (".csv", ".parquet"):
        found["files"] = tree_digest(every[0].resolve().parent, but=study.file)
    return found


def whole_digest(path: Path, study: Study) -> str:
    """SHA-256 of one source: of a file, of all below a folder, of a table and the files beside it
    where a modality's tables name files."""
    own = tree_digest(path)
    if study.settings is None or path.is_dir() or path.suffix not in (".csv", ".parquet"):
        return own
    beside = tree_digest(path.resolve().parent, but=study.file)
    return hashlib.sha256(f"{own}{beside}".encode()).hexdigest()


def _places(study: Study, name: str, folders: Sequence[Path]) -> list[Path]:
    if name.startswith(PACKAGE):
        package, _, inside = name.removeprefix(PACKAGE).partition("/")
        return [package_folder(package, extra=study.data.extra) / inside]
    if Path(name).is_absolute():
        return [Path(name)]
    return [folder / name for folder in folders]


def tree_digest(path: Path, *, but: Path | None = None) -> str:
    """SHA-256 of a file, or of the names and contents of all files below a folder.

    Not of the file `but`, nor of what bedside itself writes: folders that hold a ledger.
    """
    if not path.is_dir():
        return sha256(path)
    total = hashlib.sha256()
    own = but.resolve() if but else None
    files = [file for file in _files(path) if file.resolve() != own]
    for at, file in enumerate(files, start=1):
        # A name inside a folder of images may be a patient's: errors tell its place instead.
        digest = sha256(file, where=f"source, file {at:,} of {len(files):,}")
        total.update(f"{file.relative_to(path)}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _files(folder: Path) -> list[Path]:
    every = sorted(folder.rglob("*"))
    written = {item.parent for item in every if item.name == LEDGER} - {folder}
    return [item for item in every if item.is_file() and not written & set(item.parents)]


def sha256(path: Path, *, where: str = "") -> str:
    """SHA-256 of a file in hexadecimal, read in blocks; `where` is what errors call it."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            where or path.name, expected="a readable file", found=error.strerror or "an error"
        ) from None
