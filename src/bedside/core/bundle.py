"""A bundle: the folder that is released. Signed, listed file by file, refused when altered.

    manifest.json   size and SHA-256 of every other file, when and by what it was made
    signature       of the bytes of manifest.json, base64
    public_key      of whoever signed, PEM
    ...             graph.onnx, schema.json, policy.json, model.json, reference.json,
                    evidence.jsonl, card.md, sbom.json, golden.json

A bundle is read whole into memory and checked there, so what is used is what was checked. How a
signature is made and checked is passed in; `adapters/ed25519.py` has it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bedside.core.errors import BundleError, StudyError
from bedside.core.spec import Plain, Source, build, canonical

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "signature", "public_key"
PARTS = (
    "graph.onnx",
    "schema.json",
    "policy.json",
    "model.json",
    "reference.json",
    "evidence.jsonl",
    "card.md",
    "sbom.json",
    "golden.json",
)
"""What every bundle holds beside manifest, signature and key."""

Sign = Callable[[bytes], bytes]
"""The signature of a message."""
Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether (public key in PEM, message, signature) fit together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as the manifest lists it."""

    sha256: str
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a bundle."""

    files: Mapping[str, File]
    created: str
    """UTC, ISO 8601."""
    bedside: str
    """Version that made it."""
    study: str
    model: str

    @property
    def id(self) -> str:
        """The bundle's identity: SHA-256 of the manifest's canonical text."""
        return hashlib.sha256(canonical(self).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Who releases what: goes into the manifest."""

    study: str
    model: str
    bedside: str


def seal(folder: Path, release: Release, *, sign: Sign, public_key: bytes) -> Manifest:
    """Write manifest, signature and public key into a folder that holds the rest.

    Raises BundleError where a part is missing.
    """
    missing = [name for name in PARTS if not (folder / name).is_file()]
    if missing:
        raise _error(missing[0], "to be in the bundle", "no such file")
    names = sorted(path.name for path in folder.iterdir())
    manifest = Manifest(
        files={name: _listed((folder / name).read_bytes()) for name in names},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        bedside=release.bedside,
        study=release.study,
        model=release.model,
    )
    text = canonical(manifest).encode()
    (folder / MANIFEST).write_bytes(text)
    (folder / SIGNATURE).write_bytes(base64.b64encode(sign(text)) + b"\n")
    (folder / PUBLIC_KEY).write_bytes(public_key)
    return manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A checked bundle: every byte is what was signed."""

    manifest: Manifest
    public_key: bytes
    contents: Mapping[str, bytes]

    @property
    def id(self) -> str:
        """The bundle's identity."""
        return self.manifest.id

    @property
    def model(self) -> str:
        """Name of the released model."""
        return self.manifest.model

    def text(self, name: str) -> str:
        """A text file of the bundle."""
        return self.contents[name].decode("utf-8")

    def json(self, name: str) -> Plain:
        """A JSON file of the bundle."""
        value: Plain = json.loads(self.contents[name])
        return value

    @staticmethod
    def load(folder: Path, verify: Verify, trusted_key: bytes | None = None) -> Bundle:
        """Read and check a bundle.

        With `trusted_key` (PEM) it must be signed by that key; without, by the key it brings, which
        shows that it was not altered since, but not who made it.

        Raises BundleError naming the file that is missing, added or altered.
        """
        contents = _read(folder)
        text = _need(contents, MANIFEST)
        signature = _signature(contents)
        key = _need(contents, PUBLIC_KEY)
        if trusted_key is not None and key.split() != trusted_key.split():
            raise _error(
                PUBLIC_KEY,
                "the key that you trust",
                "another one",
                "ask who made the bundle, or trust that key instead",
            )
        if not verify(key, text, signature):
            raise _error(SIGNATURE, "a signature of this manifest by this key", "another one")
        manifest = _manifest(text)
        _check(manifest, contents)
        listed = {name: contents[name] for name in manifest.files}
        return Bundle(manifest=manifest, public_key=key, contents=listed)


def _read(folder: Path) -> dict[str, bytes]:
    if not (folder / MANIFEST).is_file():
        raise BundleError(
            str(folder),
            expected="a bundle",
            found=f"no {MANIFEST}",
            hint="name the folder `bundle` that `bedside run` left",
        )
    contents = {}
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file():
            raise _error(path.name, "plain files only", "a folder or a link")
        try:
            contents[path.name] = path.read_bytes()
        except OSError as error:
            raise _error(path.name, "a readable file", error.strerror or "none") from error
    return contents


def _need(contents: Mapping[str, bytes], name: str) -> bytes:
    if name not in contents:
        raise _error(
            name, "it to be in the bundle", "no such file", "an unsigned bundle is refused"
        )
    return contents[name]


def _signature(contents: Mapping[str, bytes]) -> bytes:
    try:
        return base64.b64decode(_need(contents, SIGNATURE).strip(), validate=True)
    except binascii.Error as error:
        raise _error(SIGNATURE, "base64", "something else") from error


def _manifest(text: bytes) -> Manifest:
    try:
        manifest = build(Manifest, json.loads(text), Source(MANIFEST))
    except (ValueError, StudyError) as error:
        raise _error(MANIFEST, "a manifest of this version of bedside", "another text") from error
    if canonical(manifest).encode() != text:
        raise _error(MANIFEST, "canonical JSON", "another form of it")
    return manifest


def _check(manifest: Manifest, contents: Mapping[str, bytes]) -> None:
    own = {MANIFEST, SIGNATURE, PUBLIC_KEY}
    for name in PARTS:
        if name not in manifest.files:
            raise _error(name, "to be listed in the manifest", "not listed")
    for name, listed in manifest.files.items():
        if name not in contents:
            raise _error(name, "it to be in the bundle", "no such file")
        if _listed(contents[name]) != listed:
            raise _error(name, "the file that was signed", "an altered one")
    for name in contents:
        if name not in manifest.files and name not in own:
            raise _error(name, "only files that were signed", "an added one")


def _listed(content: bytes) -> File:
    return File(sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def _error(name: str, expected: str, found: str, hint: str = "") -> BundleError:
    return BundleError(
        f"bundle {name}",
        expected=expected,
        found=found,
        hint=hint or "release it again, or fetch it again from where it came",
    )
