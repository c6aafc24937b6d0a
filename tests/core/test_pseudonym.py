"""Keyed digests."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bedside.core.errors import LedgerError
from bedside.core.pseudonym import Pseudonyms


def test_the_same_value_has_the_same_digits_under_one_salt_alone(tmp_path: Path) -> None:
    one = Pseudonyms.beside(tmp_path / "ledger.db")
    again = Pseudonyms.beside(tmp_path / "ledger.db")
    other = Pseudonyms.beside(tmp_path / "other" / "ledger.db")
    assert one.of("a") == again.of("a") != other.of("a")
    assert one.of("a") != one.of("b")
    assert one.of_bytes(b"a") != one.of("a")


def test_the_salt_is_for_its_owner_alone_and_never_made_anew(tmp_path: Path) -> None:
    Pseudonyms.beside(tmp_path / "ledger.db")
    salt = tmp_path / "ledger.salt"
    assert stat.S_IMODE(salt.stat().st_mode) == 0o600
    salt.write_bytes(b"short")
    with pytest.raises(LedgerError, match=r"ledger\.salt"):
        Pseudonyms.beside(tmp_path / "ledger.db")
