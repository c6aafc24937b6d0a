"""Numbers and categories of some rows as one matrix: what every generator of tables learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError

Values = NDArray[np.float64]
LEAST_ROWS = 10
"""With fewer there is nothing to learn that is not one patient's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What one column of the matrix holds."""

    name: str
    kind: Literal["numeric", "category"] = "numeric"
    low: float | None = None
    """Impossible below; None: no bound was stated."""
    high: float | None = None
    names: tuple[str, ...] = ()
    """Of the categories, in the order of their codes 1, 2, ...; code 0 is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """N rows of D columns."""

    columns: tuple[Column, ...]
    values: Values
    """[N, D] float64: a number, NaN where it is missing; or a category's code, 0 where missing."""
    subjects: NDArray[np.int64] | None = None
    """[N] patients as integer codes; None: each row is a patient of its own."""

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Mixed:
        """The rows at `index`."""
        own = None if self.subjects is None else self.subjects[index]
        return replace(self, values=self.values[index], subjects=own)

    @property
    def patients(self) -> NDArray[np.int64]:
        """[N] whose each row is, as an integer code."""
        return np.arange(len(self)) if self.subjects is None else self.subjects

    def known(self) -> NDArray[np.bool_]:
        """[N, D] which cells are not missing."""
        category = np.array([column.kind == "category" for column in self.columns])
        return np.asarray(np.where(category, self.values > 0, ~np.isnan(self.values)), np.bool_)

    def at(self, name: str) -> int:
        """Place of the column of that name."""
        return [column.name for column in self.columns].index(name)


def require_rows(count: int) -> None:
    """DataError where there are too few rows to learn from."""
    if count < LEAST_ROWS:
        raise DataError(
            "synthesis", expected=f"at least {LEAST_ROWS} training patients to learn from",
            found=f"{count}" if count else "none",
            hint="a generator that saw fewer would hand out those very patients",
        )  # fmt: skip
