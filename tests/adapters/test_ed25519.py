"""Keys and signatures."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bedside.adapters import ed25519
from bedside.core.errors import BundleError


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(ed25519.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "bedside" / "signing_key.pem"


def test_the_users_own_key_is_made_once_and_for_the_user_alone(config: Path) -> None:
    first, second = ed25519.signing_key(), ed25519.signing_key()
    assert first.made_now
    assert not second.made_now
    assert first.public == second.public
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_the_variable_goes_before_the_path(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ed25519.signing_key()
    monkeypatch.setenv(ed25519.VARIABLE, str(config))
    assert ed25519.signing_key(str(tmp_path / "none.pem")).path == config


def test_a_named_key_that_is_not_there_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"mine\.pem"):
        ed25519.signing_key(str(tmp_path / "mine.pem"))
    assert not (tmp_path / "mine.pem").exists()


def test_a_key_that_others_can_read_is_refused(config: Path) -> None:
    ed25519.signing_key()
    config.chmod(0o644)
    with pytest.raises(BundleError, match="chmod 600"):
        ed25519.signing_key()


def test_a_signature_fits_its_message_and_key_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ed25519.signing_key()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "other"))
    other = ed25519.signing_key()
    signature = key.sign(b"message")
    assert ed25519.verify(key.public, b"message", signature)
    assert not ed25519.verify(key.public, b"massage", signature)
    assert not ed25519.verify(other.public, b"message", signature)
    assert not ed25519.verify(key.public, b"message", b"")
    assert ed25519.fingerprint(key.public) != ed25519.fingerprint(other.public)


def test_keys_of_another_kind_are_no_keys(config: Path, tmp_path: Path) -> None:
    curve = generate_private_key(SECP256R1()).public_key()
    pem = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert not ed25519.verify(pem, b"message", b"signature")
    assert not ed25519.verify(b"no key", b"message", b"signature")
    (tmp_path / "key.pem").write_bytes(pem)
    with pytest.raises(BundleError, match="another kind"):
        ed25519.read_public_key(tmp_path / "key.pem")
    (tmp_path / "no.pem").write_bytes(b"no key")
    (tmp_path / "no.pem").chmod(0o600)
    with pytest.raises(BundleError, match="another text"):
        ed25519.signing_key(str(tmp_path / "no.pem"))
