"""The made-up table before its judges: likeness, use, and what attacks gain, as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bedside.core.context import Context
from bedside.core.errors import DataError
from bedside.core.evidence import Evidence
from bedside.core.randomness import stream
from bedside.core.spec import Plain
from bedside.methods.cases import Cases
from bedside.methods.evaluation.record import Record, clean, target_units
from bedside.methods.evaluation.truth import truth_of
from bedside.methods.fidelity.utility import Exam, Utility, utility
from bedside.methods.intervals import Interval
from bedside.methods.one_thread import one_thread
from bedside.methods.privacy.copies import closest_share
from bedside.methods.privacy.people import People
from bedside.methods.survival import time_grid_of
from bedside.methods.synthesis.mixed import Mixed
from bedside.stages.synthesize.attacked import Attacked, Tables, leaks, provable, proved
from bedside.stages.synthesize.likeness import Likeness, likeness_of
from bedside.stages.synthesize.made import Made
from bedside.stages.synthesize.verdict import Leak, Verdict

if TYPE_CHECKING:
    from bedside.stages.synthesize import Spec

MOST = 5000
"""Members who are attacked at most."""
FEWEST = 4
"""With fewer people in a role there is nothing to say."""
INTERVALS = 12
"""Survival: of the trees' time grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that the page and the record tell."""

    synthetic: Likeness
    real: Likeness
    """The floor: other real patients before the same judges."""
    judges: int
    utility: Utility | None
    """None where there is nothing to learn: why is in `useless`."""
    useless: str
    verdict: Verdict
    closest: Interval
    lines: Sequence[Evidence]

    def to_json(self) -> dict[str, Plain]:
        """As `synthesis.json`."""
        said = self.verdict
        used = self.utility
        return {
            "leaves": said.leaves, "sentence": said.sentence(), "reasons": list(said.reasons),
            "epsilon": said.epsilon, "epsilon_proved": said.proved,
            "epsilon_provable": said.provable, "promise_tested": said.tested, "judges": self.judges,
            "likeness": {"synthetic": _likeness(self.synthetic), "real": _likeness(self.real)},
            "utility": None if used is None else {
                "measure": used.measure, "real": _plain(used.real),
                "synthetic": _plain(used.synthetic),
                "synthetic_minus_real": _plain(used.synthetic_minus_real),
                "both_minus_real": _plain(used.both_minus_real), "subjects": used.subjects,
            },
            "useless": self.useless, "closest_share": _plain(self.closest),
            "attacks": [_leak(leak) for leak in said.leaks],
        }  # fmt: skip


def judge(spec: Spec, context: Context, made: Made) -> Found:
    """Measure everything on tune patients; nobody held out is looked at.

    Raises DataError where hardly any real patient is of those that were asked for.
    """
    seed = context.study.about.seed
    people, tables, rest = _roles(made, seed)
    advance = context.progress.advance
    advance(2, 4, "likeness")
    with one_thread():
        synthetic, real = (
            likeness_of(table, people.others, made.form.told, seed=seed, replicates=spec.replicates)
            for table in (tables[0], rest)
        )
        used, useless = _used(spec, context, made)
        patients = len(np.unique(people.others.patients))
        attacked = Attacked(people=people, tables=tables, by=made.form.attacks)
        found = list(leaks(spec, attacked, seed=seed, told=lambda t: advance(3, 4, t)))
        advance(3, 4, "canaries")
        verdict = Verdict(
            leaks=found, epsilon=spec.epsilon, proved=proved(spec, made), **provable(spec)
        )
        closest = closest_share(people, tables[0], seed=seed, replicates=spec.replicates)
    told = Found(
        synthetic=synthetic, real=real, judges=patients, utility=used, useless=useless,
        verdict=verdict, closest=closest, lines=(),
    )  # fmt: skip
    return replace(told, lines=_lines(told, made, context))


def _roles(made: Made, seed: int) -> tuple[People, Tables, Mixed]:
    """People of the attacks, the three tables, and real people as the floor of likeness."""
    members, others, known, apart = (
        _some(_of_patients(made, made.such(cases)), seed)
        for cases in (made.learnt, made.judges, made.known, made.apart)
    )
    if min(len(members), len(others), len(known), len(apart)) < FEWEST:
        raise DataError(
            "synthesis", expected="real patients who satisfy the conditions, to judge by",
            found=f"{len(members)} who were learnt from and {len(others)} judges",
            hint="ask for a larger group; of a handful of patients nothing may leave",
        )  # fmt: skip
    people = People(members=members, others=others, reference=known)
    rest = replace(
        apart, values=np.concatenate([known.values, apart.values]),
        subjects=np.concatenate([known.patients, apart.patients]),
    )  # fmt: skip
    return people, (made.form.mixed(made.synthetic), members, apart), rest


def _of_patients(made: Made, cases: Cases) -> Mixed:
    """The matrix of real cases, with whose each row is."""
    return replace(made.form.mixed(cases), subjects=cases.subjects)


def _some(mixed: Mixed, seed: int) -> Mixed:
    if len(mixed) <= MOST:
        return mixed
    return mixed.rows(np.sort(stream(seed, 11).permutation(len(mixed))[:MOST]))


def _used(spec: Spec, context: Context, made: Made) -> tuple[Utility | None, str]:
    if made.where:
        return None, "the table is of some patients only, from whom no model for all can learn"
    if made.schema.target.type == "segmentation":
        return None, "outlines are learnt by networks, which this stage does not train"
    dataset = context.dataset()
    exam = Exam(
        cases=made.tune, truth=truth_of(dataset, made.schema, dataset.rows("tune")),
        target=made.schema.target, edges=time_grid_of(dataset, made.schema, INTERVALS),
        inputs=made.form.inputs, replicates=spec.replicates,
    )  # fmt: skip
    try:
        return utility(made.learnt, made.synthetic, exam, seed=context.study.about.seed), ""
    except DataError as error:
        return None, f"nothing can be learnt from it: expected {error.expected}"


def _lines(found: Found, made: Made, context: Context) -> list[Evidence]:
    """Evidence: of the table as model `synthetic`, of its floor `real`, of its ceiling `copy`."""
    units = target_units(made.schema.target.type, made.schema.target.unit)
    unit = units.get(found.utility.measure, "") if found.utility else ""
    named = ("trained_on_synthetic", "trained_on_real", "synthetic_minus_real", "both_minus_real")
    record = Record(
        context.dataset().label("tune"), level=0.95,
        units={f"synthesis.{name}": unit for name in named},
    )  # fmt: skip
    for model, like in (("synthetic", found.synthetic), ("real", found.real)):
        _tell_likeness(record, like, found.judges, model)
    if found.utility is not None:
        _tell_use(record, found.utility)
    for leak in found.verdict.leaks:
        for model, gain in (("synthetic", leak.synthetic), ("copy", leak.copy),
                            ("real", leak.real)):  # fmt: skip
            record.add(f"privacy.{leak.attack}", gain, subjects=leak.others, model=model,
                       slice_=leak.slice)  # fmt: skip
    record.add("privacy.closest_share", found.closest, subjects=found.judges, model="synthetic")
    if found.verdict.proved is not None:
        record.add("privacy.epsilon_proved", _point(found.verdict.proved),
                   subjects=len(made.learnt), model="synthetic")  # fmt: skip
    return record.lines


def _tell_likeness(record: Record, like: Likeness, judges: int, model: str) -> None:
    for name, value in like.overall().items():
        record.add(f"synthesis.{name}", value, subjects=judges, model=model)
    for name, value in like.columns.items():
        record.add("synthesis.column_likeness", value, subjects=judges, model=model,
                   slice_=name)  # fmt: skip
    record.add("synthesis.detection", like.detection, subjects=judges, model=model)


def _tell_use(record: Record, used: Utility) -> None:
    for name, gain in (
        ("trained_on_real", used.real), ("trained_on_synthetic", used.synthetic),
        ("synthetic_minus_real", used.synthetic_minus_real),
        ("both_minus_real", used.both_minus_real),
    ):  # fmt: skip
        record.add(f"synthesis.{name}", gain, subjects=used.subjects, model="synthetic")


def _point(value: float) -> Interval:
    """A number that has no interval."""
    return value, float("nan"), float("nan")


def _plain(interval: Interval) -> list[Plain]:
    return [clean(end) for end in interval]


def _likeness(one: Likeness) -> dict[str, Plain]:
    return {
        **{name: _plain(value) for name, value in one.overall().items()},
        "detection": _plain(one.detection), "rows": one.rows,
        "columns": {name: _plain(value) for name, value in one.columns.items()},
        "pairs": [
            {"first": first, "second": second, "likeness": _plain(value)}
            for (first, second), value in one.pairs.items()
        ],
    }  # fmt: skip


def _leak(leak: Leak) -> dict[str, Plain]:
    return {
        "attack": leak.attack, "slice": leak.slice, "unit": leak.unit, "limit": leak.limit,
        "standing": leak.standing, "members": leak.members, "others": leak.others,
        "synthetic": _plain(leak.synthetic), "copy": _plain(leak.copy),
        "real": _plain(leak.real),
    }  # fmt: skip
