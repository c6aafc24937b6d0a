"""Which images of a source are scored, and what else lies there: nothing is dropped unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bedside.adapters.archive import ARCHIVES
from bedside.core.errors import DataError, StudyError
from bedside.core.study import Data
from bedside.modalities.images.prepare_patterns import SLICES
from bedside.modalities.images.prepare_sources import IMAGE, hidden, is_picture, source_rows
from bedside.modalities.images.references import BETWEEN, holds_image, members
from bedside.modalities.images.settings import Spec

_COLUMN = "file"
"""Names the images in a table, for a model whose study had a pattern and so no column."""
_TABLES = (".csv", ".tsv", ".parquet", ".pq", ".npz", *ARCHIVES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What lies in a source."""

    images: tuple[str, ...]
    """References of those to score, in the source's order; empty where a row names none."""
    misnamed: tuple[str, ...] = ()
    """Of images that the study's pattern does not name, where it names others."""
    others: int = 0
    """Files in the folder, or the archive, that are no images, or are hidden."""


def listed(path: Path, settings: Spec) -> Listed:
    """The images of a source; DataError where it is none that prepare takes."""
    if path.is_file() and path.suffix not in _TABLES:
        return Listed(images=(str(path.resolve()),))
    if path.is_dir() or path.suffix in ARCHIVES:
        return _in_folder(path, settings)
    if "{" in settings.image and path.suffix != ".npz":  # it learnt from a folder or an archive
        settings = replace(settings, image=_COLUMN)
    # A row that names no file, or none that is there, is a problem of that row.
    found = source_rows(path, settings, Data(), whole=False)[IMAGE].to_list()
    return Listed(images=tuple(text or "" for text in found))


def _in_folder(path: Path, settings: Spec) -> Listed:
    """By the study's own pattern where it fits; else each file, or each folder of a series.

    Likewise the members of an archive.
    """
    names = _files(path)
    shown = [name for name in names if not hidden(name)]
    try:
        found: list[str] = source_rows(path, settings, Data())[IMAGE].to_list()
    except (DataError, StudyError):
        images = tuple(_each(path, shown, settings))
        return Listed(images=images, others=len(names) - len(shown))
    named = {_reference(path, name): name for name in shown}
    rest = [name for reference, name in named.items() if not _part_of(reference, set(found))]
    strays = [name for name in rest if _is_image(path, name)]
    return Listed(
        images=tuple(found), misnamed=tuple(_each(path, strays, settings)),
        others=len(names) - len(shown) + len(rest) - len(strays),
    )  # fmt: skip


def _files(path: Path) -> list[str]:
    """Every file below a folder, or in an archive."""
    if path.suffix in ARCHIVES and path.is_file():
        return list(members(path))
    return [str(item.relative_to(path)) for item in sorted(path.rglob("*")) if item.is_file()]


def _each(path: Path, names: Sequence[str], settings: Spec) -> list[str]:
    """References of files; of a volume's slices, their folders, which come first."""
    folders: dict[str, None] = {}
    if settings.kind == "volume" and path.is_dir():
        folders = dict.fromkeys(str(PurePosixPath(name).parent) for name in names
                                if PurePosixPath(name).suffix.lower() in SLICES)  # fmt: skip
    files = [name for name in names if str(PurePosixPath(name).parent) not in folders]
    return [_reference(path, name) for name in (*folders, *files)]


def _reference(path: Path, name: str) -> str:
    if path.is_dir():
        return str((path / name).resolve())
    return f"{path.resolve()}{BETWEEN}{name}"


def _part_of(reference: str, images: set[str]) -> bool:
    """Whether a file is one of the images, or a slice in the folder of one."""
    return reference in images or any(str(at) in images for at in Path(reference).parents)


def _is_image(path: Path, name: str) -> bool:
    """By its name or, as DICOM has no suffix, by its first bytes; a DICOMDIR only lists others."""
    if PurePosixPath(name).name.upper() == "DICOMDIR":
        return False
    return is_picture(name) or holds_image(_reference(path, name))
