"""Synthesis of tables: a generator for fields and outcome, with the study's rules and ranges kept.

A column with a stated range never leaves it, numbers come on the grid of the real ones, gaps are
made up like values, and rows that break a rule are drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.errors import StudyError
from bedside.core.spec import nearest
from bedside.methods.cases import Cases
from bedside.methods.one_thread import one_thread
from bedside.methods.synthesis.codebook import domains_of
from bedside.methods.synthesis.conditions import all_hold, conditions_of
from bedside.methods.synthesis.copula import fit_copula
from bedside.methods.synthesis.flow import fit_flow
from bedside.methods.synthesis.generator import Generator, Where
from bedside.methods.synthesis.mixed import Mixed, Values, require_rows
from bedside.methods.synthesis.private import fit_private as fit_private_marginals
from bedside.methods.synthesis.promise import Private, Promise
from bedside.methods.synthesis.rules import Rule, all_kept, require_kept, rules_of
from bedside.methods.synthesis.sampling import Sampler, sampled
from bedside.methods.synthesis.trees import fit_trees
from bedside.modalities.tables.synthesize_columns import Layout, layout_of, taken_names
from bedside.modalities.tables.train import arrays

__all__ = ["GENERATORS", "arrays", "fit", "fit_private", "form"]

GENERATORS: dict[str, Callable[..., Sampler]] = {
    "flow": fit_flow,
    "trees": fit_trees,
    "copula": fit_copula,
    "preview": fit_trees,
}
"""By name: the default, two quicker ones, and a first look. `private` has settings of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """A fitted generator of cases; satisfies `Generator`."""

    layout: Layout
    sampler: Sampler
    rules: tuple[Rule, ...]

    def sample(self, count: int, *, seed: int, where: Where | None = None) -> Cases:
        """As `Generator` says. `where` names fields, or `target`, `event`, `duration`."""
        view = self.layout.view
        columns = view(np.zeros((0, len(self.layout.columns)))).columns
        conditions = conditions_of(where or {}, columns)

        def wanted(values: Values) -> NDArray[np.bool_]:
            rows = view(values)
            return all_kept(self.rules, rows) & all_hold(conditions, rows)

        with one_thread():
            return self.layout.cases(sampled(self.sampler, wanted, count, seed=seed))


def fit(
    name: str, schema: Schema, cases: Cases, *, seed: int, rules: Sequence[str] = (),
    folder: Path | None = None,  # noqa: ARG001  # a fit takes seconds: there is nothing to resume
) -> Generator:  # fmt: skip
    """A generator of that name (flow, trees, copula, preview), fitted to training cases.

    Raises StudyError for an unknown name, DataError for too few cases, several of one patient, or
    a rule that they break.
    """
    if name not in GENERATORS:
        raise StudyError("[synthesize] generator", expected="a known generator", found=f"'{name}'",
                         hint=nearest(name, GENERATORS))  # fmt: skip
    layout = taken_names(layout_of(schema, cases))
    mixed = layout.mixed(cases)
    stated = _stated(layout, mixed, rules)
    with one_thread():
        sampler = GENERATORS[name](mixed, seed=seed)
    return Tables(layout=layout, sampler=sampler, rules=stated)


def fit_private(
    schema: Schema, cases: Cases, promise: Promise, *, rules: Sequence[str] = ()
) -> Private:
    """Differentially private marginals. They take no seed: their noise must be nobody's to know.

    Raises StudyError where something is not public, DataError for too few cases, several of one
    patient, or values that the codebook does not cover. Rules are not held against the data.
    """
    layout = taken_names(layout_of(schema, cases))
    mixed = layout.mixed(cases)
    require_rows(len(mixed))
    domains = domains_of(layout.columns, promise.codebook, promise.declared)
    model = fit_private_marginals(mixed, domains, promise.budget)
    stated = rules_of(rules, layout.view(mixed.values[:0]).columns)
    return Private(
        generator=Tables(layout=layout, sampler=model, rules=stated), model=model, domains=domains
    )


def form(schema: Schema, cases: Cases) -> Layout:
    """How cases with this schema, of which these are some, look to their judges."""
    return taken_names(layout_of(schema, cases))


def _stated(layout: Layout, mixed: Mixed, texts: Sequence[str]) -> tuple[Rule, ...]:
    seen = layout.view(mixed.values)
    rules = rules_of(texts, seen.columns)
    require_kept(rules, seen)
    return rules
