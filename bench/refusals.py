"""Which reader refuses which bad series: ours, MONAI, highdicom, SimpleITK.

    python -m bench.refusals

The cases are those of the tests (`tests/adapters/dicom/test_series.py`), a series with one thing
wrong in each. `refused` says nothing of the reason: a reader may refuse because it failed. What is
`taken` came back as a volume without an error. A reader that is not installed is left out.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from bench.series import highdicom, monai, simpleitk
from tests.adapters.dicom.made import series, stored
from tests.adapters.dicom.test_series import REFUSED

from bedside.adapters.images import read_image

Read = Callable[[Path], object]
CASES = [case for case in REFUSED if case != "gone"]
"""A file that is gone is one that a folder does not list."""


def main() -> None:
    """A line a case, and the sum."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    readers = installed()
    taken = dict.fromkeys(readers, 0)
    print(f"{'':<24}" + "".join(f"{name:>12}" for name in readers))
    for case in CASES:
        with tempfile.TemporaryDirectory() as name:
            folder = made_up(case, Path(name))
            found = {reader: refuses(read, folder) for reader, read in readers.items()}
        for reader, refused in found.items():
            taken[reader] += not refused
        words = ("refused" if refused else "taken" for refused in found.values())
        print(f"{case:<24}" + "".join(f"{word:>12}" for word in words))
    print(f"{f'taken of {len(CASES)}':<24}" + "".join(f"{n:>12}" for n in taken.values()))


def installed() -> dict[str, Read]:
    """The readers that there are, ours first."""
    found: dict[str, Read] = {"bedside": read_image}
    for name, make in (("MONAI", monai), ("highdicom", highdicom), ("SimpleITK", simpleitk)):
        try:
            found[name] = make()
        except ImportError:
            print(f"{name}: not installed")
    return found


def made_up(case: str, folder: Path) -> Path:
    """A folder with just the files of the case."""
    spoil, _ = REFUSED[case]
    kept = set(spoil(series(folder, stored()), folder))
    for path in folder.iterdir():
        if path not in kept:
            path.unlink()
    return folder


def refuses(read: Read, folder: Path) -> bool:
    """Whether the reader gives an error."""
    try:
        read(folder)
    except Exception:  # noqa: BLE001  # any error is a refusal here
        return True
    return False


if __name__ == "__main__":
    main()
