"""Masks as evidence: names, slices, units, paired differences, and the verdict."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.evaluation.race import Race
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.verdict import judge
from bedside.methods.intervals import resample
from bedside.methods.masks import (
    LesionRule,
    MaskTable,
    judge_mask_race,
    judge_masks,
    mask_contest,
    mask_units,
)
from bedside.methods.masks.table import MEASURES
from bedside.methods.measures.primary import PRIMARY, Primary

RACE = Race(models=("unet", "threshold"), deep="unet", simple="threshold")


def table(dice, structures=("head", "tail"), **lesions):
    dice = np.clip(np.stack([dice] * len(structures), axis=1), 0, 1)
    return MaskTable(
        structures=structures, axes=3, values=dict.fromkeys(MEASURES, dice),
        present=np.ones_like(dice), **lesions,
    )  # fmt: skip


def fresh():
    return Record("held_out@1f3a", level=0.95, units=mask_units(axes=3))


def dice_of(seed, mean, patients=60):
    return np.random.default_rng(seed).normal(mean, 0.05, patients)


def test_each_measure_is_a_line_for_each_slice():
    record, resamples = fresh(), resample(np.repeat(np.arange(30), 2), 200, 1)
    judge_masks(table(dice_of(0, 0.8)), resamples, record, model="unet")
    lines = {(line.measure, line.slice): line for line in record.lines}
    assert len(lines) == len(record.lines)
    assert {slice_ for _, slice_ in lines} == {"all", "head", "tail"}
    dice = lines["dice", "head"]
    assert dice.low < dice.value < dice.high
    assert (dice.subjects, dice.model, dice.stage, dice.data) == (
        30, "unet", "evaluate", "held_out@1f3a"
    )  # fmt: skip
    units = {measure: lines[measure, "all"].unit for measure in (*MEASURES, "hd95_median")}
    assert units["hd95"] == units["assd"] == units["hd95_median"] == "mm"
    assert (units["volume_error"], units["dice"]) == ("ml", "")


@pytest.mark.parametrize(
    ("axes", "spaced", "length", "size"),
    [(3, True, "mm", "ml"), (2, True, "mm", "cm2"), (2, False, "pixels", "hundred pixels"),
     (3, False, "voxels", "thousand voxels")],
)  # fmt: skip
def test_units_are_what_the_spacing_allows(axes, spaced, length, size):
    units = mask_units(axes=axes, spaced=spaced)
    assert (units["assd"], units["volume_error"]) == (length, size)


def test_of_one_structure_all_says_it():
    record = fresh()
    judge_masks(table(dice_of(0, 0.8), ("organ",)), resample(np.arange(60), 100, 1), record)
    assert {line.slice for line in record.lines} == {"all"}


def judged(deep, simple, patients=60):
    record, resamples = fresh(), resample(np.arange(patients), 300, 1)
    tables = {"unet": table(deep), "threshold": table(simple)}
    found = judge_mask_race(RACE, tables, resamples, record)
    return record, mask_contest(RACE, found, resamples, enough=True)


def test_differences_are_paired():
    simple = dice_of(1, 0.7)
    record, contest = judged(simple + 0.05, simple)
    lines = {(line.measure, line.slice, line.model): line for line in record.lines}
    line = lines["deep_minus_simple.dice", "all", ""]
    assert (line.low, line.value, line.high) == pytest.approx((0.05, 0.05, 0.05), abs=1e-9)
    assert lines["minus_simple.dice", "head", "unet"].value == pytest.approx(0.05)
    assert lines["deep_minus_simple.hd95", "all", ""].unit == "mm"
    assert not any(m.startswith("minus_simple") and who == "threshold" for m, _, who in lines)
    assert contest.of_simple[0] == pytest.approx(simple.mean())


def test_a_pretrained_network_is_compared_with_the_same_from_scratch():
    scratch, record = dice_of(1, 0.7), fresh()
    race = Race(models=("threshold", "unet", "unet_pretrained"), deep="unet", simple="threshold")
    tables = {
        "unet": table(scratch), "unet_pretrained": table(scratch + 0.03),
        "threshold": table(dice_of(4, 0.6)),
    }  # fmt: skip
    judge_mask_race(race, tables, resample(np.arange(60), 300, 1), record)
    lines = {(one.measure, one.slice): one for one in record.lines if "scratch" in one.measure}
    line = lines["pretrained_minus_scratch.dice", "all"]
    assert (line.low, line.value, line.high) == pytest.approx((0.03, 0.03, 0.03), abs=1e-9)
    assert {one.model for one in lines.values()} == {"unet_pretrained"}
    assert ("pretrained_minus_scratch.hd95", "head") in lines


@pytest.mark.parametrize(
    ("gain", "spread", "answer"),
    [(0.08, 0.02, "warranted"), (0.001, 0.005, "not warranted"), (0.02, 0.2, "not decidable")],
)
def test_the_verdict_is_on_mean_dice(monkeypatch, gain, spread, answer):
    monkeypatch.setitem(PRIMARY, "segmentation", Primary("dice", True))
    simple = dice_of(2, 0.6)
    noise = np.random.default_rng(3).normal(0, spread, 60)
    _, contest = judged(simple + gain + noise - noise.mean(), simple)
    verdict = judge(contest)
    assert verdict.answer == answer
    assert verdict.record()["measure"] == "dice"
    assert verdict.released == ("unet" if answer == "warranted" else "threshold")


def test_without_a_simple_model_nothing_is_compared():
    record, resamples = fresh(), resample(np.arange(60), 100, 1)
    found = judge_mask_race(RACE, {"unet": table(dice_of(1, 0.7))}, resamples, record)
    assert not any("minus" in line.measure for line in record.lines)
    assert np.isnan(mask_contest(RACE, found, resamples, enough=True).gap).all()


def lesions(found, spurious, patients=40):
    there = np.ones((patients, 1, 2))
    return table(
        dice_of(0, 0.8, patients), ("lesion",), rule=LesionRule(sizes=(0.5,)), lesions=there,
        found=there * np.asarray(found).reshape(-1, 1, 1),
        spurious=np.full((patients, 1), spurious),
    )  # fmt: skip


def test_lesions_are_told_by_size():
    record = fresh()
    half = np.arange(40) % 2
    judge_masks(lesions(half, 2.0), resample(np.arange(40), 200, 1), record)
    lines = {(line.measure, line.slice): line for line in record.lines}
    for slice_ in ("all", "size_ml=[0, 0.5)", "size_ml=0.5 and above"):
        line = lines["lesion_sensitivity", slice_]
        assert (line.value, line.unit, line.subjects) == (0.5, "share", 40)
        assert 0.2 < line.low < 0.5 < line.high < 0.8
    false = lines["lesion_fp", "all"]
    assert (false.value, false.unit) == (2.0, "per patient")
    assert ("lesion_fp", "size_ml=[0, 0.5)") not in lines
    assert lines["dice", "all"].value is not None


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_none_or_all_found_still_leaves_doubt(share):
    record = fresh()
    judge_masks(lesions(np.full(40, share), 0.0), resample(np.arange(40), 200, 1), record)
    lines = {(line.measure, line.slice): line for line in record.lines}
    line = lines["lesion_sensitivity", "all"]
    assert line.high - line.low > 0.05
    false = lines["lesion_fp", "all"]
    # 95 %: a Poisson mean of 3.69 over 40 patients would show none once in forty times.
    assert (false.value, false.low) == (0.0, 0.0)
    assert false.high == pytest.approx(3.689 / 40, abs=1e-4)
    assert np.exp(-false.high * 40) == pytest.approx(0.025)


def test_patients_without_lesions_leave_sensitivity_undefined():
    record, nothing = fresh(), lesions(np.zeros(40), 0.0)
    empty = MaskTable(
        structures=nothing.structures, axes=3, values=nothing.values, present=nothing.present,
        rule=nothing.rule, lesions=np.zeros((40, 1, 2)), found=np.zeros((40, 1, 2)),
        spurious=nothing.spurious,
    )  # fmt: skip
    judge_masks(empty, resample(np.arange(40), 100, 1), record)
    line = next(one for one in record.lines if one.measure == "lesion_sensitivity")
    assert (line.value, line.low, line.high, line.subjects) == (None, None, None, 0)
