"""Who learns, who judges, and what was made up."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bedside.core.context import Context
from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import DataError
from bedside.core.randomness import stream
from bedside.core.spec import nearest
from bedside.core.study import Study
from bedside.methods.cases import Cases, Rows, cases_of
from bedside.methods.synthesis.conditions import where_of
from bedside.methods.synthesis.form import Form
from bedside.methods.synthesis.generator import Where
from bedside.methods.synthesis.private import Budget
from bedside.methods.synthesis.promise import Private, Promise
from bedside.methods.synthesis.public import Public

if TYPE_CHECKING:
    from bedside.stages.synthesize import Cell, Spec

FIT = "fit"
"""Folder in which a fit keeps what it goes on from, while the run is not finished."""
OWN = {"event": "event", "time": "duration", "target": "target"}
"""Keys of [task], and how made-up cases call what those columns hold."""
DEFAULT, PRIVATE = "flow", "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Made-up patients, and the real ones they are judged by."""

    name: str
    """Of the generator."""
    form: Form
    schema: Schema
    where: Where
    learnt: Cases
    """Training patients."""
    tune: Cases
    """Real patients whom the generator did not see; all of them sit the exam of utility."""
    judges: Cases
    """Half of `tune`: for likeness, and as others whom attacks must not tell from members."""
    known: Cases
    """A quarter: what an attacker knows of such patients."""
    apart: Cases
    """The last quarter: real people in the place of a released table."""
    synthetic: Cases
    seconds: float
    """Processor seconds of the fit."""
    private: Private | None = None

    @property
    def patients(self) -> int:
        """Whom the generator learnt from; each may have several rows."""
        return len(np.unique(self.learnt.subjects))

    def such(self, cases: Cases) -> Cases:
        """Those who satisfy the conditions: whom the table is about."""
        return cases.rows(self.form.matching(cases, self.where)) if self.where else cases


def make_up(spec: Spec, context: Context) -> Made:
    """Fit the generator to training patients and draw the table.

    Raises DataError where a patient has several rows, or nobody can satisfy the conditions.
    """
    cell: Cell = context.cell
    dataset, schema, seed = context.dataset(), context.kept_schema(), context.study.about.seed
    learnt = _cases(cell, dataset, schema, dataset.rows("train"))
    form = cell.form(schema, learnt)
    where = _where(spec, context.study, schema)
    form.matching(learnt.rows(np.arange(min(1, len(learnt)))), where)  # told before any work
    context.progress.advance(0, 3, "learning")
    started = time.process_time()
    private = None
    if spec.epsilon is None:
        name = spec.generator or DEFAULT
        generator = cell.fit(
            name, schema, learnt, seed=seed, rules=spec.rules, folder=_kept_in(context)
        )
    else:
        name, promise = PRIVATE, _promise(spec, context)
        private = cell.fit_private(schema, learnt, promise, rules=spec.rules)
        generator = private.generator
    seconds = time.process_time() - started
    context.progress.advance(1, 3, "making up")
    rows = spec.rows or (private.model.patients if private else len(learnt))
    synthetic = generator.sample(max(rows, 1), seed=seed, where=where or None)
    tune = _cases(cell, dataset, schema, dataset.rows("tune"))
    judges, known, apart = _parted(tune, seed)
    return Made(
        name=name, form=form, schema=schema, where=where, learnt=learnt, tune=tune,
        judges=judges, known=known, apart=apart, synthetic=synthetic, seconds=seconds,
        private=private,
    )  # fmt: skip


def _kept_in(context: Context) -> Path:
    folder = context.run.path(FIT)
    folder.mkdir(exist_ok=True)
    return folder


def _cases(cell: Cell, dataset: Dataset, schema: Schema, rows: Rows) -> Cases:
    return cases_of(dataset, cell.arrays(dataset, schema, rows), rows)


def _parted(cases: Cases, seed: int) -> tuple[Cases, Cases, Cases]:
    """A half and two quarters of the patients, by the seed."""
    patients = np.unique(cases.subjects)
    if len(patients) < 4:
        raise DataError("synthesis", expected="at least four tune patients to judge by",
                        found=f"{len(patients)}")  # fmt: skip
    order = stream(seed, 10).permutation(patients)
    half, three = len(order) // 2, 3 * len(order) // 4
    parts = (order[:half], order[half:three], order[three:])
    first, second, third = (cases.rows(np.isin(cases.subjects, part)) for part in parts)
    return first, second, third


def _where(spec: Spec, study: Study, schema: Schema) -> Where:
    """Conditions, with the columns of the task under their own names."""
    names = {getattr(study.task, key): own for key, own in OWN.items() if getattr(study.task, key)}
    found: dict[str, str | float] = {}
    fields = [field.name for field in schema.fields if not field.shape]
    for name, value in where_of(spec.where).items():
        if name not in (*fields, *names, *names.values()):
            raise DataError(
                f"where '{name}'", expected="a field of the study, or its outcome",
                found="none of that name", hint=nearest(name, [*fields, *names]),
            )  # fmt: skip
        own = names.get(name, name)
        found[own] = _own_word(own, value, study, schema)
    return found


def _own_word(own: str, value: str | float, study: Study, schema: Schema) -> str | float:
    """What the source calls dead, made-up cases call 1."""
    if own == "event" and study.task.occurred != "":
        return "1" if value in (str(study.task.occurred), "1") else "0"
    if own == "target" and len(schema.target.classes) == 2 and value in ("0", "1"):
        return schema.target.classes[int(value)]
    return value


def _promise(spec: Spec, context: Context) -> Promise:
    """The promise, with the codebook under the names of made-up columns."""
    study, dropped = context.study, _dropped(context)
    codebook: dict[str, Public] = {}
    for name, public in spec.codebook.items():
        own = {study.task.time: "duration", study.task.target: "target"}.get(name, name)
        if own not in dropped:
            codebook[own] = public
    stated = {
        name for name, column in study.columns.items()
        if column.categories or column.type == "boolean"
    }  # fmt: skip
    if study.task.type != "multiclass":
        stated |= {"target", "event"}  # whether it happened: two values, by what the study asks
    return Promise(
        budget=Budget(epsilon=spec.epsilon or 0.0, delta=spec.delta), codebook=codebook,
        declared=frozenset(stated),
    )  # fmt: skip


def _dropped(context: Context) -> set[str]:
    """Fields that the audit dropped: a codebook may tell of them."""
    kept: Mapping[str, object] = {item.name: item for item in context.kept_schema().fields}
    return {item.name for item in context.dataset().schema.fields} - set(kept)
