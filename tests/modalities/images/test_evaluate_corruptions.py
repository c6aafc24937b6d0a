"""Corruption curves of models whose weakness is known."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bedside.core.evidence import Evidence
from bedside.methods.corruption.ladder import CORRUPTIONS, corrupt
from bedside.methods.corruption.spread import spread_of
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.truth import Truth
from bedside.methods.policy import Policy
from bedside.modalities.images.evaluate_corruptions import (
    Asked,
    OutcomeJudge,
    OverlapJudge,
    judge_corruptions,
    worst,
)

N = 120


@pytest.fixture(scope="module")
def spots() -> tuple[np.ndarray, np.ndarray]:
    """Images with a spot in the middle (1) or not (0), and the labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(N) % 2
    images = rng.normal(100, 10, (N, 1, 24, 24))
    images[labels == 1, :, 9:15, 9:15] += 60
    return images.clip(0, 255).astype(np.uint8), labels


def by_brightness(images: np.ndarray, _: object = None) -> tuple[np.ndarray, np.ndarray]:
    """A risk from how bright the middle is; novelty from how bright everything is."""
    whole = images.astype(np.float64).mean(axis=(1, 2, 3))
    middle = images[:, 0, 9:15, 9:15].astype(np.float64).mean(axis=(1, 2))
    risk = 1 / (1 + np.exp(-(middle - 130) / 10))
    return risk[:, None].astype(np.float32), np.abs(whole - 102)


def policy(limit: float = np.inf) -> Policy:
    return Policy(
        task="binary", threshold=0.5, coverage=0.9, quantiles=(1.0, 1.0), novelty_limit=limit,
        most_missing=1.0, patients=N,
    )  # fmt: skip


def truth_of(labels: np.ndarray) -> Truth:
    return Truth(
        task="binary", subjects=np.arange(len(labels)) // 2, target=labels.astype(float),
        counts=np.ones(len(labels)),
    )  # fmt: skip


def asked(images: np.ndarray, **options: object) -> Asked:
    return Asked(spread=spread_of(images), seed=3, replicates=60, batch=50, **options)  # type: ignore[arg-type]


def run(
    spots: tuple[np.ndarray, np.ndarray], limit: float = 8.0, **options: object
) -> tuple[list[Evidence], dict[str, object]]:
    images, labels = spots
    record = Record("held_out", level=0.9)
    judge = OutcomeJudge(truth=truth_of(labels), policy=policy(limit))
    curves = judge_corruptions(
        by_brightness, images, judge, asked(images, **options), record=record, model="m"
    )
    return record.lines, curves


def test_values_are_scikit_learns_on_the_same_corrupted_images(
    spots: tuple[np.ndarray, np.ndarray],
) -> None:
    images, labels = spots
    lines, curves = run(spots)
    for name in ("noise", "occlusion", "brightness"):
        worse = corrupt(images, name, 4, spread=spread_of(images), keys=np.arange(N), seed=3)
        value, novelty = by_brightness(worse)
        by_slice = {line.measure: line for line in lines if line.slice == f"{name} 4"}
        assert by_slice["robustness.auroc"].value == pytest.approx(roc_auc_score(labels, value))
        assert by_slice["robustness.abstained"].value == pytest.approx((novelty > 8).mean())
        low, high = by_slice["robustness.auroc"].low, by_slice["robustness.auroc"].high
        assert low is not None
        assert high is not None
        assert low <= by_slice["robustness.auroc"].value <= high
    assert curves["unmeasured"] == []
    assert curves["images"] == N
    assert {line.subjects for line in lines} == {N // 2}
    assert {line.model for line in lines} == {"m"}


def test_a_table_has_a_curve_for_each_corruption(spots: tuple[np.ndarray, np.ndarray]) -> None:
    _, curves = run(spots)
    listed = curves["corruptions"]
    assert isinstance(listed, list)
    assert [curve["name"] for curve in listed] == list(CORRUPTIONS)
    for curve in listed:
        assert curve["severity"] == [0, 1, 2, 3, 4, 5]
        assert {len(curve[key]) for key in ("value", "low", "high", "answered", "abstained")} == {6}
        assert curve["value"][0] == 1.0


def test_it_is_strong_where_it_should_be_and_weak_where_it_must(
    spots: tuple[np.ndarray, np.ndarray],
) -> None:
    lines, curves = run(spots)
    loss = {x.slice: x.value for x in lines if x.measure == "robustness.mean_loss"}
    assert worst(curves) == "polarity"
    assert loss["contrast up"] == pytest.approx(0.0, abs=0.01)
    assert loss["polarity"] is not None
    assert loss["polarity"] > 0.3
    assert loss["all"] == pytest.approx(np.mean([loss[name] for name in CORRUPTIONS]))


def test_changed_answers_that_are_kept_back_are_counted(
    spots: tuple[np.ndarray, np.ndarray],
) -> None:
    images, _ = spots
    lines, _ = run(spots)
    silenced = {x.slice: x.value for x in lines if x.measure == "robustness.silenced"}
    changed = kept_back = 0
    before = by_brightness(images)[0][:, 0] >= 0.5
    for severity in range(1, 6):
        worse = corrupt(
            images, "brightness", severity, spread=spread_of(images), keys=np.arange(N), seed=3
        )
        value, novelty = by_brightness(worse)
        flipped = (value[:, 0] >= 0.5) != before
        changed += flipped.sum()
        kept_back += (flipped & (novelty > 8)).sum()
    assert changed
    assert silenced["brightness"] == pytest.approx(kept_back / changed)


def test_it_follows_from_the_seed_and_not_from_the_batch(
    spots: tuple[np.ndarray, np.ndarray],
) -> None:
    images, labels = spots
    found = []
    for batch in (120, 7):
        record = Record("held_out", level=0.9)
        how = Asked(spread=spread_of(images), seed=3, replicates=20, batch=batch)
        judge = OutcomeJudge(truth=truth_of(labels), policy=policy(8.0))
        judge_corruptions(by_brightness, images, judge, how, record=record)
        found.append([line.value for line in record.lines])
    one, other = ([np.nan if x is None else x for x in side] for side in found)
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_cost_is_bounded(spots: tuple[np.ndarray, np.ndarray]) -> None:
    lines, curves = run(spots, rows=40, seconds=0.0)
    assert curves["images"] == 40
    assert isinstance(curves["unmeasured"], list)
    assert len(curves["unmeasured"]) == 5 * len(CORRUPTIONS)
    assert {line.slice for line in lines if line.value is not None} == {"clean"}
    told = {line.slice for line in lines if line.measure == "robustness.mean_loss"}
    assert told == {*CORRUPTIONS, "all"}  # asked for, and unknown
    assert worst(curves) is None  # type: ignore[arg-type]


def test_severities_are_measured_for_all_corruptions_or_for_none(
    spots: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10_000))  # a second passes whenever somebody looks
    monkeypatch.setattr("bedside.modalities.images.evaluate_corruptions.time.process_time",
                        lambda: float(next(clock)))  # fmt: skip
    lines, curves = run(spots, rows=30, seconds=18.0)
    assert isinstance(curves["corruptions"], list)
    for curve in curves["corruptions"]:
        assert [value is None for value in curve["value"]] == [
            False,
            True,
            True,
            False,
            True,
            False,
        ]
        assert curve["mean_loss"]["value"] is None
    assert isinstance(curves["unmeasured"], list)
    assert curves["unmeasured"][:3] == ["noise 1", "noise 2", "noise 4"]
    assert all(x.value is None for x in lines if x.measure == "robustness.mean_loss")


def test_nobody_answered_is_undefined_not_an_error(spots: tuple[np.ndarray, np.ndarray]) -> None:
    lines, _ = run(spots, limit=-1.0, rows=30)
    answered = [line for line in lines if line.measure == "robustness.answered"]
    assert {line.value for line in answered} == {None}
    assert {x.value for x in lines if x.measure == "robustness.abstained"} == {1.0}


def test_an_answer_that_is_no_number_is_survived(spots: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = spots

    def fragile(given: np.ndarray, _: object) -> tuple[np.ndarray, np.ndarray]:
        value, novelty = by_brightness(given)
        return np.where(value > 0.9, np.nan, value), novelty

    record = Record("held_out", level=0.9)
    judge = OutcomeJudge(truth=truth_of(labels), policy=policy())
    judge_corruptions(fragile, images, judge, asked(images, rows=30), record=record)
    assert all(np.isfinite(x.value) for x in record.lines if x.measure == "robustness.auroc")


@pytest.mark.parametrize("shape", [(20, 20), (8, 20, 20)])
def test_masks_move_with_the_corruption(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    masks = np.zeros((12, *shape), np.uint8)
    masks[..., 5:14, 4:10], masks[..., 5:14, 10:16] = 1, 2
    images = (60.0 * masks + rng.normal(0, 2, masks.shape))[:, None].astype(np.float32)

    def segment(given: np.ndarray, _: object) -> tuple[np.ndarray, np.ndarray]:
        labels = (given[:, 0] > 30).astype(np.uint8) + (given[:, 0] > 90)
        return labels, np.zeros(len(given))

    record = Record("held_out", level=0.9)
    judge = OverlapJudge(masks=masks, subjects=np.arange(12) // 3, structures=2, novelty_limit=1.0)
    judge_corruptions(segment, images, judge, asked(images), record=record)
    dice = {x.slice: x.value for x in record.lines if x.measure == "robustness.dice"}
    assert dice["clean"] == 1.0
    assert dice["rotation 4"] > 0.8  # type: ignore[operator]  # the truth was turned as well
    assert dice["zoom 3"] > 0.85  # type: ignore[operator]
    assert dice["contrast down 5"] < 0.6  # type: ignore[operator]
    assert {x.subjects for x in record.lines} == {4}
    assert {x.value for x in record.lines if x.measure == "robustness.abstained"} == {0.0}


def test_each_image_gets_worse_within_its_own_extent() -> None:
    """What lies beyond is neither turned into the image nor taken for a part of it."""
    extents = np.tile(np.array([[20, 20], [12, 16]], np.int32), (6, 1))
    masks = np.zeros((12, 20, 20), np.uint8)
    masks[:, 3:9, 4:10] = 1
    images = (60.0 * masks + 20)[:, None].astype(np.float32)
    images[1::2, :, 12:], images[1::2, :, :, 16:] = -1, -1
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    def segment(given: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.append((given, rows))
        return (given[:, 0] > 50).astype(np.uint8), np.zeros(len(given))

    record = Record("held_out", level=0.9)
    judge = OverlapJudge(masks=masks, subjects=np.arange(12), structures=1)
    how = asked(images, extents=extents, rows=8)
    judge_corruptions(segment, images, judge, how, record=record)
    dice = {x.slice: x.value for x in record.lines if x.measure == "robustness.dice"}
    assert dice["rotation 5"] > 0.8  # type: ignore[operator]
    for given, rows in seen:
        small = rows % 2 == 1
        assert (given[small][:, :, 12:] == -1).all()
        assert (given[small][:, :, :, 16:] == -1).all()


def test_alone_strength_is_by_the_image_itself() -> None:
    """Scans of two scanners, one a thousand times as bright: noise must not drown the dark ones."""
    scale = np.where(np.arange(12) % 2, 1000.0, 1.0)
    masks = np.zeros((12, 16, 16), np.uint8)
    masks[:, 3:9, 4:10] = 1
    images = ((60.0 * masks + 20) * scale[:, None, None])[:, None].astype(np.float32)

    def segment(given: np.ndarray, _: object) -> tuple[np.ndarray, np.ndarray]:
        middle = np.quantile(given, [0.05, 0.95], axis=(1, 2, 3)).mean(axis=0)
        return (given[:, 0] > middle[:, None, None]).astype(np.uint8), np.zeros(len(given))

    def dice(*, alone: bool) -> float:
        record = Record("held_out", level=0.9)
        judge = OverlapJudge(masks=masks, subjects=np.arange(12), structures=1)
        judge_corruptions(segment, images, judge, asked(images, alone=alone), record=record)
        (found,) = (x.value for x in record.lines
                    if (x.measure, x.slice) == ("robustness.dice", "noise 2"))  # fmt: skip
        return float(found or 0.0)

    assert dice(alone=True) > 0.95
    assert dice(alone=False) < 0.8


def test_dice_of_nothing_and_of_one() -> None:
    truth = np.array([[[0, 0]], [[1, 1]], [[0, 0]]], np.uint8)
    judge = OverlapJudge(masks=truth, subjects=np.array([0, 0, 1]), structures=1)
    rows = np.arange(3)
    kept = judge.kept(np.array([[[0, 0]], [[0, 1]], [[1, 0]]]), rows, lambda masks, _: masks)
    np.testing.assert_allclose(kept, [1, 2 / 3, 0])
    value = judge.measured(kept)(np.ones((1, 3)))["dice"]
    np.testing.assert_allclose(value, [(1 + 2 / 3) / 2 / 2])  # by patient
    said = judge.said(truth, np.array([0.0, np.inf, np.nan]))[1]
    np.testing.assert_array_equal(said, [False, False, True])
