"""A bundle is refused when any byte of it is not what was signed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bedside.adapters import ed25519
from bedside.core.bundle import PARTS, Bundle, Release, seal
from bedside.core.errors import BundleError

KEY = "signing_key.pem"


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ed25519.SigningKey:
    monkeypatch.delenv(ed25519.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return ed25519.signing_key()


@pytest.fixture
def folder(tmp_path: Path, key: ed25519.SigningKey) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name in PARTS:
        (folder / name).write_text(json.dumps({"name": name}))
    seal(folder, RELEASE, sign=key.sign, public_key=key.public)
    return folder


RELEASE = Release(study="made up", model="tabm", bedside="0.1.0")
EVERY = (*PARTS, "manifest.json", "signature", "public_key")


def test_a_whole_bundle_loads(folder: Path, key: ed25519.SigningKey) -> None:
    bundle = Bundle.load(folder, ed25519.verify)
    assert bundle.model == "tabm"
    assert bundle.json("schema.json") == {"name": "schema.json"}
    assert len(bundle.id) == 64
    assert Bundle.load(folder, ed25519.verify, trusted_key=key.public).id == bundle.id


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_one_altered_byte_is_refused(folder: Path, name: str, place: str) -> None:
    content = bytearray((folder / name).read_bytes().rstrip(b"\n"))
    where = {"first": 0, "middle": len(content) // 2, "last": len(content) - 1}[place]
    content[where] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleError) as caught:
        Bundle.load(folder, ed25519.verify)
    expected = name if name in PARTS else "signature"
    assert f"bundle {expected}" in str(caught.value)


@pytest.mark.parametrize("name", [*PARTS, "signature", "public_key"])
def test_a_removed_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"bundle {name}"):
        Bundle.load(folder, ed25519.verify)


def test_an_added_file_is_refused_by_name(folder: Path) -> None:
    (folder / "graph.onnx.data").write_bytes(b"")
    with pytest.raises(BundleError, match=r"bundle graph\.onnx\.data.*added"):
        Bundle.load(folder, ed25519.verify)


def test_a_link_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "card.md").rename(tmp_path / "card.md")
    (folder / "card.md").symlink_to(tmp_path / "card.md")
    with pytest.raises(BundleError, match=r"card\.md"):
        Bundle.load(folder, ed25519.verify)


def test_another_signer_is_refused_where_a_key_is_trusted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = (folder / "public_key").read_bytes()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "other"))
    other = ed25519.signing_key()
    for name in ("manifest.json", "signature", "public_key"):
        (folder / name).unlink()
    seal(folder, RELEASE, sign=other.sign, public_key=other.public)
    Bundle.load(folder, ed25519.verify)
    with pytest.raises(BundleError, match="the key that you trust"):
        Bundle.load(folder, ed25519.verify, trusted_key=mine)
    (folder / "public_key").write_bytes(mine)
    with pytest.raises(BundleError, match="bundle signature"):
        Bundle.load(folder, ed25519.verify, trusted_key=mine)


def test_a_folder_that_is_no_bundle_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json"):
        Bundle.load(tmp_path, ed25519.verify)


def test_a_bundle_without_a_part_is_not_sealed(tmp_path: Path, key: ed25519.SigningKey) -> None:
    with pytest.raises(BundleError, match=r"graph\.onnx"):
        seal(tmp_path, RELEASE, sign=key.sign, public_key=key.public)
