"""A privacy promise, and what was fitted under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bedside.methods.synthesis.codebook import Domain
from bedside.methods.synthesis.generator import Generator
from bedside.methods.synthesis.private import Budget, Marginals
from bedside.methods.synthesis.public import Public


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How much may be learnt of one patient, and what is public anyway."""

    budget: Budget
    codebook: Mapping[str, Public]
    declared: frozenset[str]
    """Columns whose categories the study states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """A private generator, and the tables that the promise is about."""

    generator: Generator
    model: Marginals
    domains: tuple[Domain, ...]
