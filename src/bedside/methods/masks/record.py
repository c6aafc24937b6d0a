"""Masks as evidence: each model by structure, and each less the simple one, on the same patients.

said = {name: measure_masks(masks_of(name), asked) for name in race.models}
resamples = resample(subjects, replicates=1000, seed=7)
record = Record("held_out@1f3a", level=0.95, units=mask_units(axes=3))
found = judge_mask_race(race, said, resamples, record)
verdict = judge(mask_contest(race, found, resamples, enough=True))
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bedside.methods.evaluation.comparison import Measured, measured
from bedside.methods.evaluation.race import UNDEFINED, Race
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.verdict import Contest
from bedside.methods.intervals import Interval, Resamples
from bedside.methods.masks.patients import ALL, Patients
from bedside.methods.masks.table import MaskTable
from bedside.methods.pretraining.start import scratch_name
from bedside.methods.proportion import wilson

PRIMARY = "dice"
_UNSPACED = (("pixels", "hundred pixels"), ("voxels", "thousand voxels"))
"""Of pictures, of volumes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One model on one slice."""

    measured: Measured
    subjects: Mapping[str, int]
    """Patients behind each measure."""


Slices = dict[str, Judged]


def mask_units(*, axes: int, spaced: bool = True) -> dict[str, str]:
    """Units for `Record`: of volumes (3 axes) or pictures (2), whose spacing is known or not.

    >>> mask_units(axes=2)["volume_error"], mask_units(axes=2, spaced=False)["hd95"]
    ('cm2', 'pixels')
    """
    volume = axes == 3
    length, size = ("mm", "ml" if volume else "cm2") if spaced else _UNSPACED[volume]
    return {
        "hd95": length, "hd95_median": length, "assd": length, "volume_error": size,
        "volume_error_relative": "share", "lesion_sensitivity": "share",
        "lesion_fp": "per patient",
    }  # fmt: skip


def judge_masks(
    table: MaskTable, resamples: Resamples, record: Record, *, model: str = ""
) -> Slices:
    """Evidence on one model: every slice's measures with intervals by patient.

    `resamples` are of the subjects of the table's rows, in their order. Gives what was measured, by
    slice, for comparisons.
    """
    patients = Patients(table, resamples)
    found: Slices = {}
    for name, structures, among in patients.slices():
        measure = patients.measure(structures, among)
        found[name] = Judged(
            measured=measured(measure, resamples, record.level),
            subjects=patients.known(structures, among),
        )
    if table.rule is not None:
        for name, structures, stratum in patients.lesion_slices():
            measure = patients.lesion_measure(structures, stratum)
            of_slice = Judged(
                measured=measured(measure, resamples, record.level),
                subjects=patients.known_lesions(structures, stratum),
            )
            found[name] = _joined(found[name], of_slice) if name in found else of_slice
    for name, judged in found.items():
        for key, interval in _doubted(judged, record.level).items():
            record.add(key, interval, subjects=judged.subjects[key], model=model, slice_=name)
    return found


def judge_mask_race(
    race: Race, tables: Mapping[str, MaskTable], resamples: Resamples, record: Record
) -> dict[str, Slices]:
    """Evidence on every model, and on the differences that the race asks for, on one set of
    draws."""
    found = {
        name: judge_masks(table, resamples, record, model=name) for name, table in tables.items()
    }
    for name, of_model in found.items():
        if scratch := found.get(scratch_name(name)):
            _compare(of_model, scratch, record, family="pretrained_minus_scratch", model=name)
    if race.simple not in found:
        return found
    for name, of_model in found.items():
        if name != race.simple:
            _compare(of_model, found[race.simple], record, family="minus_simple", model=name)
    if race.deep in found:
        _compare(found[race.deep], found[race.simple], record, family="deep_minus_simple")
    return found


def mask_contest(
    race: Race, found: Mapping[str, Slices], resamples: Resamples, *, enough: bool
) -> Contest:
    """What the verdict needs to know: mean Dice over the structures, deep against simple."""
    gap = UNDEFINED
    if race.deep in found and race.simple in found:
        deep, simple = found[race.deep][ALL], found[race.simple][ALL]
        gap = deep.measured.minus(simple.measured)[PRIMARY]
    return Contest(
        task="segmentation", deep=race.deep, simple=race.simple, gap=gap, enough=enough,
        of_deep=_dice(found, race.deep), of_simple=_dice(found, race.simple),
        subjects=resamples.subjects,
    )  # fmt: skip


def _compare(
    first: Slices, second: Slices, record: Record, *, family: str, model: str = ""
) -> None:
    """Paired differences of every slice that both have."""
    for name in first:
        if name in second:
            gaps = first[name].measured.minus(second[name].measured)
            for measure, interval in gaps.items():
                record.add(
                    f"{family}.{measure}", interval, subjects=first[name].subjects[measure],
                    model=model, slice_=name,
                )  # fmt: skip


def _joined(first: Judged, second: Judged) -> Judged:
    a, b = first.measured, second.measured
    return Judged(
        measured=Measured(
            points={**a.points, **b.points}, replicates={**a.replicates, **b.replicates},
            level=a.level,
        ),
        subjects={**first.subjects, **second.subjects},
    )  # fmt: skip


def _doubted(judged: Judged, level: float) -> dict[str, Interval]:
    """Intervals, also where every resample says the same: no lesion, or all, or none in vain.

    Sensitivity: Wilson's, over patients with lesions. None in vain: what a Poisson count could
    still hide (Hanley and Lippman-Hand, JAMA 1983;249:1743).
    """
    found = judged.measured.intervals()
    value, low, high = found.get("lesion_sensitivity", UNDEFINED)
    patients = judged.subjects.get("lesion_sensitivity", 0)
    if value == low == high and value in (0.0, 1.0):
        found["lesion_sensitivity"] = wilson(round(value * patients), patients, level)
    if found.get("lesion_fp", UNDEFINED) == (0.0, 0.0, 0.0):
        most = -math.log((1 - level) / 2) / judged.subjects["lesion_fp"]
        found["lesion_fp"] = (0.0, 0.0, most)
    return found


def _dice(found: Mapping[str, Slices], model: str) -> Interval:
    if model not in found:
        return UNDEFINED
    return found[model][ALL].measured.intervals()[PRIMARY]
