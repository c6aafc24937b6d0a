"""Serve: a bundle that answers over HTTP, and writes every prediction to the ledger first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bedside.core.spec import Plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from starlette.applications import Starlette

    from bedside.core.dataset import Schema
    from bedside.methods.live import Live
    from bedside.methods.served import Arrays, Compute

NEEDS: tuple[str, ...] = ()
TINY: dict[str, object] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[serve]`: what one request may cost. A bundle that is served knows no study: defaults."""

    bytes: int = 4 << 20
    """Largest body of a request."""
    image_bytes: int = 256 << 20
    """Likewise, of a model that reads images."""
    rows: int = 10_000
    """Most patients in one request."""
    seconds: float = 30.0
    """Longest time for a body to arrive."""


class Cell(Protocol):
    """A request of this modality into arrays, and back."""

    def decode(self, rows: Sequence[object], schema: Schema) -> Arrays:
        """Arrays of N rows of a request; DataError names row and field, never a value."""

    def rows(self, arrays: Arrays, schema: Schema) -> list[dict[str, Plain]]:
        """The rows that `decode` turns into these arrays."""

    def missing_share(self, arrays: Arrays) -> NDArray[np.float64]:
        """[N] share of the inputs that are missing."""

    def explain(self, arrays: Arrays, schema: Schema, compute: Compute) -> Plain:
        """What one sample's prediction rests on, as far as the graph alone can tell."""

    def made_up(self, schema: Schema) -> dict[str, dict[str, Plain]]:
        """Rows of no patient, by name, for golden answers."""


def make_app(
    folder: Path, ledger: Path, *, trust: Path | None = None, spec: Spec | None = None
) -> Starlette:
    """The ASGI application of a bundle.

    Raises BundleError where the bundle is altered or answers its golden requests differently, and
    LedgerError where the ledger cannot be written: then nothing is served.
    """
    return _application(_open(folder, ledger, trust), spec or Spec())


def serve(
    folder: Path,
    ledger: Path,
    *,
    trust: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 8080,
) -> None:
    """Answer until interrupted."""
    import uvicorn

    from bedside.adapters.ed25519 import fingerprint

    live = _open(folder, ledger, trust)
    signer = fingerprint(live.bundle.public_key)
    known = "which you trust" if trust else "its own; pin it with --trust"
    print(f"bundle  {live.bundle.id[:12]} of {live.bundle.manifest.study}: {live.bundle.model}")
    print(f"key     {signer} ({known})")
    print(f"ledger  {ledger}")
    print(f"ready   http://{host}:{port}/ (POST /predict; Ctrl-C ends)", flush=True)
    app = _application(live, Spec())
    uvicorn.run(
        app, host=host, port=port, access_log=False, log_level="warning", server_header=False
    )


def _application(live: Live, spec: Spec) -> Starlette:
    from bedside.adapters.http import Limits, make_asgi

    images = any(field.kind == "image" for field in live.served.schema.fields)
    most = spec.image_bytes if images else spec.bytes
    return make_asgi(live, Limits(bytes=most, rows=spec.rows, seconds=spec.seconds, files=images))


def _open(folder: Path, ledger_path: Path, trust: Path | None) -> Live:
    from bedside.adapters import ed25519, session
    from bedside.core import cells
    from bedside.core.bundle import Bundle
    from bedside.core.dataset import read_schema
    from bedside.core.ledger import Ledger
    from bedside.core.pseudonym import Pseudonyms
    from bedside.methods.live import Live
    from bedside.methods.served import check_golden, open_served
    from bedside.stages.serve.form import form_page

    key = ed25519.read_public_key(trust) if trust else None
    bundle = Bundle.load(folder, ed25519.verify, key)
    modality = read_schema(bundle.text("schema.json")).fields[0].modality
    served = open_served(bundle, cells.cell(modality, "serve"), session.open_graph)
    checked = check_golden(served, bundle.json("golden.json"))
    ledger = Ledger(ledger_path)
    ledger.append("deployment", {"bundle": bundle.id, "model": bundle.model, "golden": checked})
    return Live(
        bundle=bundle, served=served, ledger=ledger, pseudonyms=Pseudonyms.beside(ledger_path),
        first_page=form_page(served.schema, bundle.manifest),
    )  # fmt: skip
