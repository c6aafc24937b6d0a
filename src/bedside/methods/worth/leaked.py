"""What made-up cases give away of the patients they were learnt from: the price beside the worth.

By the density attack (DOMIAS, van Breugel et al., AISTATS 2023): of the members of a budget, the
share that an attacker who knows other people of the kind catches at one false alarm in a hundred;
of as many copies of the members too, which is the most that there is to catch. Chance is 1 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

from bedside.core.randomness import stream
from bedside.methods.cases import Cases
from bedside.methods.privacy.attacks import ALARMS
from bedside.methods.privacy.measured import caught
from bedside.methods.privacy.membership import by_density
from bedside.methods.privacy.people import People
from bedside.methods.synthesis.form import Form
from bedside.methods.synthesis.mixed import Mixed
from bedside.methods.worth.verdict import Triple

MOST = 2_000
"""Rows of each role that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Of one fit: shares of members that are caught; NaN where there are too few others for one
    false alarm in a hundred."""

    caught: float
    """By the made-up cases."""
    copy: float
    """By a bootstrap of the members in their place."""


NONE = Leak(caught=math.nan, copy=math.nan)
Leaks = Mapping[tuple[int, int], Leak]
"""By repetition and budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaked:
    """At one budget, over the repetitions."""

    labels: int
    caught: Triple
    copy: float


def leaked(form: Form, made: Cases, *, members: Cases, others: Cases, seed: int) -> Leak:
    """Attack the cases `made` of a generator that learnt from `members` and not from `others`.

    Half of the others are whom the attacker must not take for members, half whom it knows.
    """
    patients = stream(seed, 78).permutation(np.unique(others.subjects))
    know = np.isin(others.subjects, patients[: len(patients) // 2])
    people = People(
        members=_some(form, members, seed), others=_some(form, others.rows(~know), seed),
        reference=_some(form, others.rows(know), seed),
    )  # fmt: skip
    if min(len(people.reference), ALARMS * len(people.others)) < 1:
        return NONE
    own = people.members
    copy = own.rows(stream(seed, 79).integers(0, len(own), len(own)))
    shares = [
        caught(by_density(people, table), ALARMS, seed=seed, replicates=1)[0]
        for table in (form.mixed(made), copy)
    ]
    return Leak(caught=shares[0], copy=shares[1])


def over_repetitions(leaks: Leaks, *, level: float) -> tuple[Leaked, ...]:
    """Means at each budget, with Student's t over the orders of the patients.

    >>> leaks = {(r, 400): Leak(caught=0.01 + 0.001 * r, copy=0.3) for r in range(3)}
    >>> [f"{end:.4f}" for end in over_repetitions(leaks, level=0.95)[0].caught]
    ['0.0110', '0.0085', '0.0135']
    """
    found = []
    for labels in sorted({labels for _, labels in leaks}):
        held = [leak for (_, budget), leak in leaks.items() if budget == labels]
        known = np.array([leak.caught for leak in held if not math.isnan(leak.caught)])
        if len(known) < 2:
            continue
        half = student.ppf(0.5 + level / 2, len(known) - 1) * known.std(ddof=1) / len(known) ** 0.5
        mean = float(known.mean())
        ends = mean, max(0.0, mean - float(half)), min(1.0, mean + float(half))
        copy = float(np.nanmean([leak.copy for leak in held]))
        found.append(Leaked(labels=labels, caught=ends, copy=copy))
    return tuple(found)


def _some(form: Form, cases: Cases, seed: int) -> Mixed:
    if len(cases) > MOST:
        cases = cases.rows(np.sort(stream(seed, 80).permutation(len(cases))[:MOST]))
    return replace(form.mixed(cases), subjects=cases.subjects)
