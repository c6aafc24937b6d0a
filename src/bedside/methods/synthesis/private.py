"""Differentially private marginals: a tree of noisy two-way tables, in the manner of MST.

McKenna, Miklau and Sheldon, Winning the NIST contest, J Priv Confid 2021. Neighbours differ by one
patient who is there or not. The whole is rho-zCDP (Bun and Steinke, TCC 2016), a third of rho each
for one-way tables (Gaussian), for choosing the tree (exponential mechanism) and for two-way tables
(Gaussian); rho follows from epsilon and delta.

Bins and categories come from a public codebook, never from the data, and missing is a bin of its
own whether or not anybody's value is. The noise is drawn by a generator (PCG64) whose seed, 128
bits of the operating system's entropy, is kept nowhere: with a seed that can be guessed it could be
taken off again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bedside.methods.synthesis.codebook import Domain
from bedside.methods.synthesis.mixed import Mixed, Values

Counts = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be learnt of one patient."""

    epsilon: float
    delta: float = 1e-5

    @property
    def rho(self) -> float:
        """The zCDP parameter that gives (epsilon, delta): rho + 2 sqrt(rho ln(1/delta))."""
        log = float(np.log(1 / self.delta))
        return float((np.sqrt(log + self.epsilon) - np.sqrt(log)) ** 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A branch of the tree: `child` given `parent`."""

    parent: int
    child: int
    table: Counts
    """[parent's bins, child's bins], noisy; may be negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marginals:
    """Fitted. All of it may be published: it is what the privacy promise is about."""

    domains: tuple[Domain, ...]
    singles: tuple[Counts, ...]
    """Noisy one-way tables."""
    edges: tuple[Edge, ...]
    noise: tuple[float, float] = field(default=(0.0, 0.0))
    """Standard deviations of the one-way and the two-way noise."""

    @property
    def patients(self) -> int:
        """How many there were, as far as the noisy tables tell."""
        return max(0, round(float(np.mean([single.sum() for single in self.singles]))))

    def draw(self, count: int, rng: np.random.Generator) -> Values:
        """`count` new rows [count, D], numbers spread evenly over their bin."""
        codes = np.zeros((count, len(self.domains)), np.int64)
        codes[:, 0] = _pick(np.tile(_shares(self.singles[0]), (count, 1)), rng)
        for edge in self.edges:
            given = np.stack([
                _shares(row, self.singles[edge.child]) for row in edge.table
            ])  # fmt: skip
            codes[:, edge.child] = _pick(given[codes[:, edge.parent]], rng)
        parts = [
            domain.values(codes[:, at], rng.random(count)) for at, domain in enumerate(self.domains)
        ]
        return np.stack(parts, axis=1)


def fit_private(
    mixed: Mixed, domains: tuple[Domain, ...], budget: Budget,
    *, noise: np.random.Generator | None = None,
) -> Marginals:  # fmt: skip
    """Noisy tables of the rows. `noise` is for tests: whoever knows it can take it off.

    Raises DataError where the codebook does not cover the data.
    """
    rng = noise or np.random.Generator(np.random.PCG64(secrets.randbits(128)))
    codes = [domain.codes(values) for domain, values in zip(domains, mixed.values.T, strict=True)]
    width, third = len(domains), budget.rho / 3
    first = float(np.sqrt(width / (2 * third)))
    singles = tuple(
        np.bincount(code, minlength=domain.size) + rng.normal(0, first, domain.size)
        for code, domain in zip(codes, domains, strict=True)
    )
    if width == 1:
        return Marginals(domains=domains, singles=singles, edges=(), noise=(first, 0.0))
    second = float(np.sqrt((width - 1) / (2 * third)))
    step = float(np.sqrt(8 * third / (width - 1)))
    edges = []
    for parent, child in _tree(codes, singles, step, rng):
        shape = (domains[parent].size, domains[child].size)
        table = _table(codes[parent], codes[child], shape) + rng.normal(0, second, shape)
        edges.append(Edge(parent=parent, child=child, table=table))
    return Marginals(domains=domains, singles=singles, edges=tuple(edges), noise=(first, second))


def _tree(
    codes: list[Codes], singles: tuple[Counts, ...], epsilon: float, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Branches from a first column to all others, each chosen with `epsilon`.

    A score is how far a two-way table is from what its margins say, in patients: one patient more
    moves it by one at most, as the margins are the noisy ones.
    """
    score = _scores(codes, singles)
    reached, branches = [0], []
    while len(reached) < len(codes):
        open_ = [(i, j) for i in reached for j in range(len(codes)) if j not in reached]
        chance = np.array([score[pair] for pair in open_]) * epsilon / 2
        branches.append(open_[int(np.argmax(chance + rng.gumbel(size=len(open_))))])
        reached.append(branches[-1][1])
    return branches


def _scores(codes: list[Codes], singles: tuple[Counts, ...]) -> dict[tuple[int, int], float]:
    total = max(float(np.mean([single.sum() for single in singles])), 1.0)
    found = {}
    for i, first in enumerate(singles):
        for j, second in enumerate(singles):
            if i != j:
                table = _table(codes[i], codes[j], (len(first), len(second)))
                expected = total * np.outer(_shares(first), _shares(second))
                found[i, j] = float(np.abs(table - expected).sum())
    return found


def _table(first: Codes, second: Codes, shape: tuple[int, int]) -> Counts:
    flat = np.bincount(first * shape[1] + second, minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(np.float64)


def _shares(counts: Counts, instead: Counts | None = None) -> Counts:
    """Noisy counts as probabilities; `instead` where nothing is left of them."""
    kept = np.maximum(counts, 0)
    if kept.sum() > 0:
        return np.asarray(kept / kept.sum(), np.float64)
    return np.full(len(counts), 1 / len(counts)) if instead is None else _shares(instead)


def _pick(chances: Counts, rng: np.random.Generator) -> Codes:
    """One place for each row of probabilities [N, K]."""
    ends = np.cumsum(chances, axis=1)
    place = (rng.random(len(ends))[:, None] > ends).sum(axis=1)
    return np.asarray(np.minimum(place, ends.shape[1] - 1), np.int64)
