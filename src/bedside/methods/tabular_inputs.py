"""What every model of a table is given: numbers with gaps and category codes, row for row.

Missing values stay missing until they are inside a model, so that what is exported is whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError

Floats = NDArray[np.float32]
Values = NDArray[np.float64]
"""Predictions. Scores are float32, as in the exported graph; from the link on all is float64: a
probability of nearly 1 keeps its distance to 1 on its way through a calibrator."""
Rows = NDArray[np.int64] | NDArray[np.bool_] | slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Fields of N samples.

    >>> inputs = Inputs(numeric=np.array([[71.0], [np.nan]], np.float32),
    ...                 codes=np.array([[1], [0]]), cardinalities=(2,))
    >>> len(inputs), inputs.fields
    (2, 2)
    """

    numeric: Floats
    """[N, P]; NaN is missing."""
    codes: NDArray[np.int64]
    """[N, C]; 0 is missing, k is category k - 1."""
    cardinalities: tuple[int, ...]
    """[C] how many categories each column has, missing not counted."""

    def __post_init__(self) -> None:
        if len(self.numeric) != len(self.codes) or self.codes.shape[1] != len(self.cardinalities):
            raise DataError(
                "inputs of a model", expected="numeric [N, P], codes [N, C] and C cardinalities",
                found=f"{self.numeric.shape}, {self.codes.shape} and {len(self.cardinalities)}",
            )  # fmt: skip

    def __len__(self) -> int:
        return len(self.numeric)

    @property
    def fields(self) -> int:
        """P + C."""
        return int(self.numeric.shape[1] + self.codes.shape[1])

    def rows(self, index: Rows) -> Inputs:
        """The samples at `index`."""
        return Inputs(
            numeric=self.numeric[index], codes=self.codes[index], cardinalities=self.cardinalities
        )

    def known_codes(self) -> NDArray[np.int64]:
        """[N, C] codes with whatever is not a known category as missing."""
        known = (self.codes >= 0) & (self.codes <= np.array(self.cardinalities, np.int64))
        return np.where(known, self.codes, 0)


class Predictor(Protocol):
    """A fitted model of a table."""

    def predict(self, inputs: Inputs) -> Values:
        """`value` [N, K]: probability, class probabilities, number or survival curve."""

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""
