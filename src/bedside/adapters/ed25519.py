"""Signatures by ed25519 (RFC 8032), from the `cryptography` package; keys as PEM files."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bedside.core.errors import BundleError

VARIABLE = "BEDSIDE_SIGNING_KEY"
"""Environment variable with the path of the private key."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and how it was come by."""

    private: Ed25519PrivateKey
    path: Path
    made_now: bool
    """Nobody had one, so it was generated."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self.private.sign(message)

    @property
    def public(self) -> bytes:
        """The public key as PEM."""
        key = self.private.public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signing_key(path: str = "") -> SigningKey:
    """The private key: of BEDSIDE_SIGNING_KEY, else of `path`, else the user's own.

    The user's own lies in `~/.config/bedside/signing_key.pem` and is generated on first use. A key
    that was named but is not there is an error, never a reason to make one.
    """
    named = os.environ.get(VARIABLE, "") or path
    if named:
        return _read(Path(named).expanduser())
    own = _config_folder() / "signing_key.pem"
    return _read(own) if own.exists() else _make(own)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature of the message was made with the private half of a PEM key."""
    try:
        key = load_pem_public_key(public_key)
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, message)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def fingerprint(public_key: bytes) -> str:
    """A short name of a PEM key, to be read aloud and compared: `SHA256:...` of its 32 bytes."""
    try:
        key = load_pem_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _error("public key", "an ed25519 key in PEM", "another text") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _error("public key", "an ed25519 key in PEM", "a key of another kind")
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def read_public_key(path: Path) -> bytes:
    """A trusted public key from a PEM file; BundleError where it is none."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise _error(str(path), "a readable public key", error.strerror or "none") from error
    fingerprint(text)
    return text


def _config_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "bedside"


def _read(path: Path) -> SigningKey:
    try:
        text = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise _error(str(path), "a readable signing key", error.strerror or "none") from error
    if mode & 0o077:
        raise _error(
            str(path), "a key that only you can read", "others can", f"chmod 600 {path.name}"
        )
    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _error(
            str(path), "an ed25519 private key in PEM without a password", "another text"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _error(str(path), "an ed25519 private key", "a key of another kind")
    return SigningKey(key, path, made_now=False)


def _make(path: Path) -> SigningKey:
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise _error(
            str(path),
            "a place for a signing key",
            error.strerror or "none",
            f"set {VARIABLE} to the path of a key of yours",
        ) from error
    return SigningKey(key, path, made_now=True)


def _error(where: str, expected: str, found: str, hint: str = "") -> BundleError:
    return BundleError(
        where,
        expected=expected,
        found=found,
        hint=hint or "openssl genpkey -algorithm ed25519 -out signing_key.pem makes one",
    )
