"""What every attack gains from the table, from a copy of the members, from independent people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from bedside.methods.intervals import Interval
from bedside.methods.privacy.attacks import ATTACKS, RAREST, Attack, among_rarest, gained
from bedside.methods.privacy.canary import audit_promise, fits_to_test, most_provable
from bedside.methods.privacy.people import Found, People
from bedside.methods.synthesis.mixed import Mixed
from bedside.methods.synthesis.private import Budget, Marginals, fit_private
from bedside.stages.synthesize.made import Made
from bedside.stages.synthesize.verdict import Leak

if TYPE_CHECKING:
    from bedside.stages.synthesize import Spec

FEWEST_RARE = 20
"""With fewer of the rarest people to compare with, nothing may leave."""
Tables = tuple[Mixed, Mixed, Mixed]
"""The made-up one, a copy of the members, independent people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """Who is attacked, with what, and by which attacks."""

    people: People
    tables: Tables
    by: tuple[str, ...]
    """Names in `ATTACKS`."""


def leaks(
    spec: Spec, attacked: Attacked, *, seed: int, told: Callable[[str], None]
) -> Iterator[Leak]:
    """Each attack on all, and on the rarest tenth where it goes by patient."""
    for attack in (ATTACKS[name] for name in attacked.by):
        told(attack.title.lower())
        found = [attack.run(attacked.people, table, seed) for table in attacked.tables]
        yield _leak(spec, attack, found, seed=seed)
        if found[0].by_patient:
            rare = [among_rarest(one, attacked.people) for one in found]
            yield _leak(spec, attack, rare, seed=seed, rare=True)


def proved(spec: Spec, made: Made) -> float | None:
    """The epsilon that planted canaries prove; None where none was promised."""
    if made.private is None or spec.epsilon is None:
        return None
    domains, budget = made.private.domains, Budget(epsilon=spec.epsilon, delta=spec.delta)

    def fit(mixed: Mixed) -> Marginals:
        return fit_private(mixed, domains, budget)

    audit = audit_promise(
        fit, made.form.mixed(made.learnt), domains, fits=spec.audit_fits, delta=spec.delta
    )
    return audit.epsilon


class Provable(TypedDict, total=False):
    """Of `Verdict`."""

    provable: float
    fits_to_test: int | None
    accepted: bool


def provable(spec: Spec) -> Provable:
    """The most that these canaries could prove, how many could prove more than the promise, and
    whether the study accepts that they cannot; nothing where nothing was promised."""
    if spec.epsilon is None:
        return {}
    return {
        "provable": most_provable(spec.audit_fits, delta=spec.delta),
        "fits_to_test": fits_to_test(spec.epsilon, delta=spec.delta),
        "accepted": spec.accept_untested,
    }


def _leak(spec: Spec, attack: Attack, found: list[Found], *, seed: int, rare: bool = False) -> Leak:
    synthetic, copy, real = (_gain(one, spec, seed=seed, rare=rare) for one in found)
    caught = found[0].kind == "scores"
    limit: float | None = spec.most_caught if caught else spec.most_excess
    if attack.name == "few_copies":
        limit = spec.most_copies
    if rare:
        limit = spec.most_caught_rare if caught else None
    return Leak(
        attack=attack.name, title=attack.title, asks=attack.asks, slice=RAREST if rare else "all",
        unit="caught" if caught else "excess", synthetic=synthetic, copy=copy, real=real,
        limit=limit, members=_count(found[0].patients[0]), others=_count(found[0].patients[1]),
        fewest=FEWEST_RARE if rare else spec.fewest_subjects,
    )  # fmt: skip


def _count(patients: NDArray[np.int64]) -> int:
    return len(np.unique(patients))


def _gain(found: Found, spec: Spec, *, seed: int, rare: bool) -> Interval:
    if not np.size(found.members) or not np.size(found.others):
        return float("nan"), float("nan"), float("nan")
    return gained(found, rare=rare, seed=seed, replicates=spec.replicates)
