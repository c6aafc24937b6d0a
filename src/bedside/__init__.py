"""bedside: a deep-learning model for health care, from the research bench to the bedside.

    from bedside import Order, execute, read_study
    result = execute(Order(study=read_study(Path("study.toml")), out=Path("runs/mine")))

The names below are the whole public interface, each loaded on first use.
"""

from __future__ import annotations

from importlib import import_module

_PUBLIC = {
    "BedsideError": "bedside.core.errors",
    "Bundle": "bedside.core.bundle",
    "Dataset": "bedside.core.dataset",
    "Evidence": "bedside.core.evidence",
    "Gate": "bedside.core.gate",
    "Ledger": "bedside.core.ledger",
    "Order": "bedside.core.chain",
    "Result": "bedside.core.chain",
    "Study": "bedside.core.study",
    "execute": "bedside.core.chain",
    "find_study": "bedside.core.study",
    "read_evidence": "bedside.core.evidence",
    "read_study": "bedside.core.study",
}

__all__ = sorted(_PUBLIC)  # noqa: PLE0605  # one list of names, not two


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'bedside' has no attribute '{name}'")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
