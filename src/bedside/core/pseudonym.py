"""Keyed digests of what must not be written down: a patient's reference, a patient's inputs.

HMAC-SHA-256 with a random salt that lies beside the ledger, readable by its owner alone. Who has
the salt can find the rows of a known patient (to join an outcome); who has only the ledger cannot
try all ages and sexes until one fits.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from bedside.core.errors import LedgerError
from bedside.core.spec import canonical

_BYTES = 32


class Pseudonyms:
    """Digests under one salt, which is made on first use."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    @staticmethod
    def beside(ledger: Path) -> Pseudonyms:
        """With the salt `<name>.salt` beside a ledger; LedgerError where it cannot be had."""
        path = ledger.with_suffix(".salt")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _make(path)
            salt = path.read_bytes()
        except OSError as error:
            raise LedgerError(
                path.name, expected="a readable salt", found=error.strerror or "an error"
            ) from error
        if len(salt) != _BYTES:
            raise LedgerError(
                path.name,
                expected=f"{_BYTES} bytes",
                found=f"{len(salt)}",
                hint="bring back the copy that was kept with the ledger; "
                "with a new salt, earlier patients are not found again",
            )
        return Pseudonyms(salt)

    def of(self, value: object) -> str:
        """64 hexadecimal digits for any plain value; the same value gives the same digits."""
        return self.of_bytes(canonical(value).encode())

    def of_bytes(self, content: bytes) -> str:
        """64 hexadecimal digits for some bytes."""
        return hmac.new(self._salt, content, hashlib.sha256).hexdigest()


def _make(path: Path) -> None:
    """Written beside and linked into place, so that two processes end with one salt."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(os.urandom(_BYTES))
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    except FileExistsError:
        return
    finally:
        part.unlink()
