"""Verify: has a ledger or a bundle been altered since it was written?"""

from __future__ import annotations

from pathlib import Path

from bedside.core.errors import BundleError, DataError


def verify(path: Path, *, trust: Path | None = None) -> int:
    """Check what lies at `path` (a run's folder, a ledger, a bundle) and say so, line by line.

    Returns 0 when everything holds and 1 when anything was altered. With `trust`, a bundle must be
    signed by that public key (PEM).

    Raises DataError where there is nothing to check.
    """
    ledgers, bundles = _found(path)
    if not ledgers and not bundles:
        raise DataError(
            str(path),
            expected="a run's folder, a ledger or a bundle",
            found="neither a ledger.db nor a manifest.json",
            hint="name what --out named",
        )
    sound = [_ledger(item) for item in ledgers] + [_bundle(item, trust) for item in bundles]
    return 0 if all(sound) else 1


def _found(path: Path) -> tuple[list[Path], list[Path]]:
    if path.is_file():
        return [path], []
    ledgers = [path / "ledger.db"] if (path / "ledger.db").is_file() else []
    bundles = [item for item in (path, path / "bundle") if (item / "manifest.json").is_file()]
    return ledgers, bundles


def _ledger(path: Path) -> bool:
    from bedside.core.ledger import Ledger
    from bedside.core.ledger import verify as check

    problems = check(path)
    for problem in problems:
        print(f"altered  {path}: {problem}")
    if not problems:
        with Ledger(path) as ledger:
            print(f"sound    {path}: {ledger.head().count} rows, chain unbroken")
    return not problems


def _bundle(folder: Path, trust: Path | None) -> bool:
    from bedside.adapters.ed25519 import fingerprint
    from bedside.adapters.ed25519 import verify as check
    from bedside.core.bundle import Bundle

    try:
        bundle = Bundle.load(folder, check, trust.read_bytes() if trust else None)
    except BundleError as error:
        print(f"altered  {folder}: {error}")
        return False
    signer = fingerprint(bundle.public_key)
    known = "the key you trust" if trust else "its own key; --trust KEY checks whose"
    print(f"sound    {folder}: bundle {bundle.id[:12]}, signed by {signer} ({known})")
    return True
