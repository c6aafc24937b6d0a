"""All that raced before the same patients: each measured, and each against the simple one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bedside.core.errors import RunError
from bedside.core.spec import Plain
from bedside.methods.evaluation.comparison import Measured, measured
from bedside.methods.evaluation.judged import Said
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.truth import Truth, measure_of
from bedside.methods.evaluation.verdict import Contest, Verdict
from bedside.methods.intervals import Interval, Resamples
from bedside.methods.measures import primary
from bedside.methods.pretraining.start import scratch_name

UNDEFINED: Interval = (float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Who raced, and the pair that was chosen by the select score before evaluation."""

    models: tuple[str, ...]
    deep: str
    """Best deep model; empty where none raced."""
    simple: str


def read_race(record: Plain) -> Race:
    """From `race.json`: models in order, and `released_candidates`."""
    table = record if isinstance(record, dict) else {}
    entries, chosen = table.get("models"), table.get("released_candidates")
    if not isinstance(entries, list) or not entries or not isinstance(chosen, dict):
        raise RunError(
            "race.json", expected="models and released_candidates", found="no such",
            hint="remove the train run and run again",
        )  # fmt: skip
    names = tuple(str(entry["name"]) for entry in entries if isinstance(entry, dict))
    return Race(
        models=names, deep=str(chosen.get("deep") or ""), simple=str(chosen.get("simple") or "")
    )


def judge_race(
    race: Race, said: Sequence[Said], truth: Truth, resamples: Resamples, record: Record
) -> dict[str, Measured]:
    """Evidence on every model, and on every model less the best simple one, on one set of draws."""
    patients = truth.patients()
    found: dict[str, Measured] = {}
    for one in said:
        measure = measure_of(truth, one.values, one.edges)
        found[one.name] = measured(measure, resamples, record.level)
        record.add_all(found[one.name].intervals(), subjects=patients, model=one.name)
    for name, of_model in found.items():
        if scratch := found.get(scratch_name(name)):
            gaps = _named("pretrained_minus_scratch", of_model.minus(scratch))
            record.add_all(gaps, subjects=patients, model=name)
    if race.simple not in found:
        return found
    for name, of_model in found.items():
        if name != race.simple:
            gaps = _named("minus_simple", of_model.minus(found[race.simple]))
            record.add_all(gaps, subjects=patients, model=name)
    if race.deep in found:
        gaps = _named("deep_minus_simple", found[race.deep].minus(found[race.simple]))
        record.add_all(gaps, subjects=patients)
    return found


def contest(race: Race, found: Mapping[str, Measured], truth: Truth, *, enough: bool) -> Contest:
    """What the verdict needs to know."""
    name = primary(truth.task).measure
    gap = UNDEFINED
    if race.deep in found and race.simple in found:
        gap = found[race.deep].minus(found[race.simple]).get(name, UNDEFINED)
    return Contest(
        task=truth.task, deep=race.deep, simple=race.simple, gap=gap, enough=enough,
        of_deep=_primary(found, race.deep, name), of_simple=_primary(found, race.simple, name),
        subjects=truth.patients(),
    )  # fmt: skip


def record_need(verdict: Verdict, record: Record) -> None:
    """How many patients would settle it, as evidence."""
    if verdict.patients_needed is not None:
        needed = (float(verdict.patients_needed), float("nan"), float("nan"))
        record.add("deep_minus_simple.patients_needed", needed, subjects=verdict.contest.subjects)


def _primary(found: Mapping[str, Measured], model: str, measure: str) -> Interval:
    return found[model].intervals().get(measure, UNDEFINED) if model in found else UNDEFINED


def _named(family: str, found: Mapping[str, Interval]) -> dict[str, Interval]:
    return {f"{family}.{name}": interval for name, interval in found.items()}
