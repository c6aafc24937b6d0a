"""What a stage tells while it works. A library is silent; the command line listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of each change of state; must be cheap to call."""

    def begin(self, stage: str) -> None:
        """A stage starts."""

    def advance(self, done: int, total: int, what: str) -> None:
        """`done` of `total` steps; `what` is the one at work."""

    def end(self, stage: str, headline: str, seconds: float, *, repeated: bool) -> None:
        """A stage is done, or was already (`repeated`); `headline` is its main finding."""


class Silent:
    """Says nothing."""

    def begin(self, stage: str) -> None:
        """Nothing."""

    def advance(self, done: int, total: int, what: str) -> None:
        """Nothing."""

    def end(self, stage: str, headline: str, seconds: float, *, repeated: bool) -> None:
        """Nothing."""
