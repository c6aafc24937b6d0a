"""A folder of results that appears under its name only when it is whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from bedside.core.errors import RunError


class NewFolder:
    """Files are written to `part`; at the end it takes the place of what an earlier one left.

    `note` is the name of a JSON file that tells where the folder is from. A folder that holds files
    but no such note is somebody else's, and refused.

    Raises RunError for such a folder at the start, and where it cannot be written.
    """

    def __init__(self, path: Path, note: str, notes: Mapping[str, str]) -> None:
        self.path, self.part = path, path.with_name(f".{path.name}.part")
        self._note, self._notes = note, notes
        foreign = path.is_dir() and any(path.iterdir()) and not (path / note).is_file()
        if foreign or path.is_file():
            raise RunError(
                path.name, expected="a folder that bedside wrote, or none",
                found="a file, or a folder of something else",
                hint="move it away, or give the results another name",
            )  # fmt: skip

    def __enter__(self) -> NewFolder:
        try:
            shutil.rmtree(self.part, ignore_errors=True)  # of a run that was killed
            self.part.mkdir(parents=True)
        except OSError as error:
            raise self._cannot() from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                (self.part / self._note).write_text(json.dumps(dict(self._notes), indent=1))
                self._take_its_place()
        except OSError as failure:
            raise self._cannot() from failure
        finally:
            shutil.rmtree(self.part, ignore_errors=True)

    def _take_its_place(self) -> None:
        old = self.path.with_name(f".{self.path.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if self.path.is_dir():
            self.path.replace(old)
        self.part.replace(self.path)
        shutil.rmtree(old, ignore_errors=True)

    def write(self, name: str, suffix: str, content: bytes) -> str:
        """A file `name` below the folder, which ends in `suffix`; what it was called in the end.

        A name that is taken gets a number: `a.png`, `a~2.png`.
        """
        stem, number = name.removesuffix(suffix), 1
        path = self.part / f"{stem}{suffix}"
        while path.exists():
            number += 1
            path = self.part / f"{stem}~{number}{suffix}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise self._cannot() from error
        return str(path.relative_to(self.part))

    def _cannot(self) -> RunError:
        return RunError(
            self.path.name, expected="to be written",
            found="a full disk, or a folder that is closed",
            hint="free some space or name another file; nothing was left behind",
        )  # fmt: skip
