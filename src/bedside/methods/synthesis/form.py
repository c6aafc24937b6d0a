"""What judges of made-up cases ask of a modality: cases as columns, as inputs, as a table."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.study import Study
from bedside.methods.cases import Cases
from bedside.methods.synthesis.generator import Where
from bedside.methods.synthesis.mixed import Mixed
from bedside.methods.tabular_inputs import Inputs

Picture = tuple[bytes, dict[str, str]]
"""A PNG, and its `title`, `alt` and `note`."""


class Form(Protocol):
    """How the cases of one data set look."""

    @property
    def attacks(self) -> tuple[str, ...]:
        """Names of the attacks that mean something for such cases."""

    @property
    def told(self) -> tuple[str, ...]:
        """Names of the columns of `mixed` that are told one by one."""

    def mixed(self, cases: Cases) -> Mixed:
        """Inputs and outcome, a row a case. DataError where a patient has several."""

    def matching(self, cases: Cases, where: Where) -> NDArray[np.bool_]:
        """[N] which cases satisfy the conditions. DataError for one that makes no sense."""

    def inputs(self, cases: Cases) -> Inputs:
        """Fields as trees take them."""

    def table(self, cases: Cases, study: Study) -> pl.DataFrame:
        """In the columns, units and words of the study's source."""

    def picture(self, real: Cases, made: Cases, *, seed: int) -> Picture | None:
        """Some real and made-up cases side by side; None where there is nothing to look at."""
