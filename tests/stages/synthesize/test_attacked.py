"""Attacks by patient: rows of a patient are carried to the judges, and counted as one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
from tests.methods.privacy.cohort import drawn

from bedside.methods.cases import Cases
from bedside.methods.privacy.attacks import ATTACKS
from bedside.methods.synthesis.mixed import Mixed
from bedside.stages.synthesize import Spec
from bedside.stages.synthesize.attacked import Attacked, leaks
from bedside.stages.synthesize.judged import _roles
from bedside.stages.synthesize.made import Made

ROWS = 5


def _cases(patients: int, seed: int) -> Cases:
    """Of each patient five rows that are alike."""
    values = np.repeat(drawn(patients, seed).values, ROWS, axis=0)
    values[:, 0] += np.random.default_rng(seed).normal(0, 0.05, len(values))
    nothing = np.full(len(values), np.nan)
    own = 1000 * seed + np.repeat(np.arange(patients), ROWS)
    return Cases(arrays={"values": values}, subjects=own, target=nothing, duration=nothing,
                 event=nothing)  # fmt: skip


def _made() -> Made:
    def mixed(cases: Cases) -> Mixed:
        return replace(drawn(1, 0), values=cases.arrays["values"])

    form = SimpleNamespace(mixed=mixed, attacks=tuple(ATTACKS))
    parts = {name: _cases(120, at) for at, name in enumerate(("learnt", "judges", "known"))}
    made = SimpleNamespace(
        form=form, such=lambda cases: cases, apart=_cases(120, 3), synthetic=_cases(120, 4), **parts
    )
    return cast("Made", made)


def test_rows_of_a_patient_are_one_patient_to_every_attack() -> None:
    people, tables, rest = _roles(_made(), seed=0)
    assert len(people.others) == 120 * ROWS
    assert len(np.unique(people.others.patients)) == 120
    assert len(np.unique(rest.patients)) == 240
    assert tables[0].subjects is None
    attacked = Attacked(people=people, tables=tables, by=tuple(ATTACKS))
    spec = Spec(replicates=50)
    found = list(leaks(spec, attacked, seed=0, told=lambda title: None))
    everybody = [leak for leak in found if leak.slice == "all"]
    assert {leak.others for leak in everybody} == {120}
    assert all(leak.members <= 120 for leak in found)
    by_row = replace(
        people, members=replace(people.members, subjects=None),
        others=replace(people.others, subjects=None),
    )  # fmt: skip
    counted = list(leaks(spec, replace(attacked, people=by_row), seed=0, told=lambda title: None))
    for leak, other in zip(everybody, (one for one in counted if one.slice == "all"), strict=True):
        if leak.attack.startswith("membership"):
            assert _width(leak.synthetic) > _width(other.synthetic)


def _width(interval: tuple[float, float, float]) -> float:
    return interval[2] - interval[1]
