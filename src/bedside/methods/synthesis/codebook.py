"""A public codebook: what a column may hold, known before anybody looked at the data.

Bounds or categories taken from the data would give away what a private generator hides (Ganev et
al., The elusive pursuit of reproducing PATE-GAN, 2024; Understanding the impact of data domain
extraction, 2025).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError, StudyError
from bedside.core.spec import nearest
from bedside.methods.synthesis.mixed import Column, Values
from bedside.methods.synthesis.public import Public

CLOSE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The bins of one column; code 0 is missing."""

    name: str
    edges: tuple[float, ...] = ()
    """Of a number; of a category none."""
    categories: int = 0
    decimals: int = 0
    fill: float | None = None
    low: float = -np.inf
    """What is possible at all; edges may reach further."""
    high: float = np.inf

    @property
    def size(self) -> int:
        """How many codes, missing among them."""
        return 1 + (len(self.edges) - 1 if self.edges else self.categories)

    def codes(self, values: Values) -> NDArray[np.int64]:
        """[N] codes of values. Raises DataError where one lies outside the codebook."""
        if not self.edges:
            return values.astype(np.int64)
        if self.fill is not None:
            values = np.where(np.isnan(values), self.fill, values)
        ends, slack = np.array(self.edges), CLOSE * max(abs(self.edges[0]), abs(self.edges[-1]), 1)
        with np.errstate(invalid="ignore"):
            outside = (values < ends[0] - slack) | (values > ends[-1] + slack)
        if outside.any():
            raise DataError(
                f"codebook '{self.name}'", expected="edges that cover every value",
                found=f"{int(outside.sum()):,} training patients outside them",
                hint="widen them to what is possible at all, by what is public",
            )  # fmt: skip
        code = np.clip(np.searchsorted(ends, values, "right"), 1, len(ends) - 1)
        return np.where(np.isnan(values), 0, code).astype(np.int64)

    def values(self, codes: NDArray[np.int64], uniform: Values) -> Values:
        """[N] values of codes; `uniform` [N] says where within a bin."""
        if not self.edges:
            return codes.astype(np.float64)
        low = np.array(self.edges)[np.maximum(codes - 1, 0)]
        high = np.array(self.edges)[np.maximum(codes, 1)]
        value = np.round(low + (high - low) * uniform, self.decimals)
        return np.where(
            codes > 0,
            np.clip(value, max(self.edges[0], self.low), min(self.edges[-1], self.high)),
            np.nan,
        )


def domains_of(
    columns: tuple[Column, ...], codebook: Mapping[str, Public], declared: Collection[str]
) -> tuple[Domain, ...]:
    """The domain of each column; `declared` names those whose categories the study states.

    Raises StudyError for a column of which nothing is public, edges that do not rise, and an entry
    that names no column.
    """
    names = [column.name for column in columns]
    for name in codebook:
        if name not in names:
            raise StudyError(
                f"[synthesize.codebook.{name}]", expected="a column that is synthesised",
                found="none of that name", hint=nearest(name, names),
            )  # fmt: skip
    return tuple(_domain(column, codebook.get(column.name), declared) for column in columns)


def _domain(column: Column, public: Public | None, declared: Collection[str]) -> Domain:
    if column.kind == "category":
        if column.name not in declared:
            raise StudyError(
                f"[columns.{column.name}] categories",
                expected="the categories, stated: a private generator may not learn them",
                found="none", hint=f'add categories = ["...", "..."] to [columns.{column.name}]',
            )  # fmt: skip
        return Domain(name=column.name, categories=len(column.names))
    public = public or Public()
    edges = public.edges or _even(column, public.bins)
    where = f"[synthesize.codebook.{column.name}]"
    if len(edges) < 2 or (np.diff(edges) <= 0).any() or not np.isfinite(edges).all():
        raise StudyError(f"{where} edges", expected="two finite numbers or more, rising",
                         found="others")  # fmt: skip
    if public.fill is not None and not edges[0] <= public.fill <= edges[-1]:
        raise StudyError(f"{where} fill", expected="a number within the edges", found="another")
    decimals = _decimals(edges) if public.decimals is None else public.decimals
    return Domain(
        name=column.name, edges=tuple(edges), decimals=decimals, fill=public.fill,
        low=-np.inf if column.low is None else column.low,
        high=np.inf if column.high is None else column.high,
    )  # fmt: skip


def _even(column: Column, bins: int) -> tuple[float, ...]:
    if column.low is None or column.high is None or bins < 1:
        raise StudyError(
            f"[synthesize.codebook.{column.name}]",
            expected="edges, or a range in [columns]: a private generator may not learn them",
            found="neither",
            hint=f"add edges = [...] there, or range = [low, high] to [columns.{column.name}]",
        )  # fmt: skip
    return tuple(np.linspace(column.low, column.high, bins + 1).tolist())


def _decimals(edges: tuple[float, ...]) -> int:
    """Decimals of the first and the last edge: those between may come of a division."""
    ends = (edges[0], edges[-1])
    return next(n for n in range(10) if all(abs(e - round(e, n)) < 1e-9 for e in ends) or n == 9)
