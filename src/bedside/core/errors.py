"""Everything that can go wrong, as one tree, so that a caller catches one name.

    BedsideError             a sentence: where, what was expected, what was found, what to do next
    ├── StudyError           the study file
    ├── DataError            the data that a study points to, or a request to a served model
    ├── RunError             a run folder, the disk, a killed process
    ├── LedgerError          the ledger has been altered or cannot be written
    ├── BundleError          a bundle is unsigned, altered or of another kind
    └── MissingPartError     an optional package or a modality's part is not installed

A message names fields, rows by index, files and digests. It never holds a patient's value.
"""

from __future__ import annotations


class BedsideError(Exception):
    """What went wrong, in the one form that every message of bedside has.

    The command line prints it without a traceback and exits with `exit_code`.

    >>> print(BedsideError("study.toml:3 [train] trails", expected="a known key", found="'trails'",
    ...                    hint="did you mean 'trials'?"))
    study.toml:3 [train] trails: expected a known key, found 'trails'.
      hint: did you mean 'trials'?
    """

    exit_code = 2

    def __init__(self, where: str, *, expected: str, found: str, hint: str = "") -> None:
        self.where, self.expected, self.found, self.hint = where, expected, found, hint
        text = f"{where}: expected {expected}, found {found}."
        super().__init__(f"{text}\n  hint: {hint}" if hint else text)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the trip back from a worker process with every part in place."""
        return _rebuild, (type(self), self.where, self.expected, self.found, self.hint)


def _rebuild(
    kind: type[BedsideError], where: str, expected: str, found: str, hint: str
) -> BedsideError:
    return kind(where, expected=expected, found=found, hint=hint)


class StudyError(BedsideError):
    """The study file asks for something that does not exist or does not fit together."""


class DataError(BedsideError):
    """Data, or a request, that the schema does not admit."""


class RunError(BedsideError):
    """A run folder cannot be read, written or locked."""


class LedgerError(BedsideError):
    """The ledger has been altered, is out of order, or cannot be written."""


class BundleError(BedsideError):
    """A bundle is unsigned, altered, incomplete or of another kind."""


class MissingPartError(BedsideError):
    """An optional package, or a modality's part for a stage, is not there."""
