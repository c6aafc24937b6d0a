"""Synthesize: what the stage asks of a modality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bedside.core.dataset import Schema
    from bedside.methods.cases import Cases
    from bedside.methods.synthesis.generator import Generator


class Cell(Protocol):
    """What synthesize asks of a modality."""

    def fit(
        self, name: str, schema: Schema, cases: Cases, *, seed: int, rules: Sequence[str] = ()
    ) -> Generator:
        """A generator of that name, fitted to training cases; it keeps the rules."""
