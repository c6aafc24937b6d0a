"""What a generator is: it learnt from training cases, and makes up new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bedside.methods.cases import Cases

Where = Mapping[str, str | float]
"""Fixed values by field name (or `target`): make up only such cases."""


class Generator(Protocol):
    """A fitted generator. The same seed gives the same cases, and the first n of more are the n."""

    def sample(self, count: int, *, seed: int, where: Where | None = None) -> Cases:
        """`count` new cases with the arrays of those it learnt from, on their grids and in their
        units, and subjects below 0, each its own.

        Raises DataError where no case can satisfy `where` or the study's rules.
        """
