"""How well a model holds as images get worse, and whether it falls silent before it is wrong.

    judge = OutcomeJudge(truth=truth, policy=policy)
    curves = judge_corruptions(predict, images, judge, asked, record=record)

Each corruption of `methods.corruption.ladder` at each severity goes through the model on the same
patients, and every number has an interval by patient, on the same resamples.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.core.spec import Plain
from bedside.methods.corruption.ladder import LADDER, SEVERITIES, corrupt, corrupt_mask, within
from bedside.methods.corruption.spread import Spread, spread_of
from bedside.methods.evaluation.record import Record, clean
from bedside.methods.evaluation.truth import Truth, primary_measure
from bedside.methods.intervals import Interval, Resamples, resample, summarise
from bedside.methods.label_policy import AnyPolicy, LabelPolicies, together
from bedside.methods.measures import FloatArray, IntArray, Measure, primary

Images = NDArray[np.generic]
Bools = NDArray[np.bool_]
Predict = Callable[[Images, IntArray], tuple[NDArray[np.generic], NDArray[np.floating]]]
"""From images [n, C, *spatial] and their rows [n] to `value` and `novelty` [n]. `value` is [n, K]
as the graph gives it, or for a segmentation the labels [n, *spatial]."""
Turn = Callable[[NDArray[np.generic], IntArray], NDArray[np.generic]]
"""What the corruption does to the true masks of some rows."""
ORDER = (3, 5, 1, 4, 2)
"""Severities in the order in which they are measured, each of all corruptions or of none: where
time runs out, all curves are coarser, and what is averaged over severities is not told."""
CLEAN = "clean"


class Judge(Protocol):
    """What is true of N rows, and how an answer is held against it."""

    @property
    def measure(self) -> str:
        """The primary measure's name."""

    @property
    def higher_is_better(self) -> bool:
        """Its direction."""

    @property
    def patients(self) -> int:
        """How many are judged."""

    def rows(self, rows: IntArray) -> Judge:
        """The same for some rows."""

    def resamples(self, replicates: int, seed: int) -> Resamples:
        """Patients drawn with replacement."""

    def kept(self, value: NDArray[np.generic], rows: IntArray, turn: Turn) -> FloatArray:
        """[n, ...] what is remembered of the answers to some rows."""

    def measured(self, kept: FloatArray) -> Measure:
        """The primary measure of what was kept of all N rows."""

    def said(self, value: NDArray[np.generic], novelty: FloatArray) -> tuple[IntArray, Bools]:
        """[n] which answer was given, and whether the model abstains from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeJudge:
    """Outcomes of patients: every task but segmentation."""

    truth: Truth
    policy: AnyPolicy
    edges: FloatArray | None = None

    @property
    def measure(self) -> str:
        """See `measures.primary`."""
        return primary(self.truth.task).measure

    @property
    def higher_is_better(self) -> bool:
        """See `measures.primary`."""
        return primary(self.truth.task).higher_is_better

    @property
    def patients(self) -> int:
        """With a known outcome."""
        return self.truth.patients()

    def rows(self, rows: IntArray) -> OutcomeJudge:
        """The same for some rows."""
        return replace(self, truth=self.truth.rows(rows))

    def resamples(self, replicates: int, seed: int) -> Resamples:
        """Patients drawn with replacement, as everywhere."""
        return self.truth.resamples(replicates, seed)

    def kept(self, value: NDArray[np.generic], rows: IntArray, turn: Turn) -> FloatArray:
        """The values themselves."""
        del rows, turn
        return np.asarray(value, np.float64)

    def measured(self, kept: FloatArray) -> Measure:
        """The primary measure; an answer that is no number counts as the mean of the others."""
        finite: Bools = np.asarray(np.isfinite(kept).all(axis=1))
        if finite.any() and not finite.all():
            kept = np.where(finite[:, None], kept, kept[finite].mean(axis=0))
        return primary_measure(self.truth, kept, self.edges)

    def said(self, value: NDArray[np.generic], novelty: FloatArray) -> tuple[IntArray, Bools]:
        """Above the threshold or not (of each label), or the likeliest class; a regression always
        says the same."""
        if isinstance(self.policy, LabelPolicies):
            return _labels_said(self.policy, value, novelty)
        decisions = self.policy.decide(value, novelty, np.zeros(len(novelty)))
        answer = np.zeros(len(novelty), np.int64)
        if self.policy.task == "multiclass":
            answer = np.nan_to_num(decisions.value, nan=-1.0).astype(np.int64)
        elif self.policy.threshold is not None:
            answer = (decisions.value >= self.policy.threshold).astype(np.int64)
        return answer, decisions.abstain


def _labels_said(
    policies: LabelPolicies, value: NDArray[np.generic], novelty: FloatArray
) -> tuple[IntArray, Bools]:
    """One number for what is acted on of all labels; silent where nothing is said of any."""
    decided = policies.decide(value, novelty, np.zeros(len(novelty)))
    answer = np.zeros(len(novelty), np.int64)
    for k, (policy, one) in enumerate(zip(policies.labels, decided, strict=True)):
        if policy.threshold is not None:
            answer |= (one.value >= policy.threshold).astype(np.int64) << k
    return answer, together(decided).abstain


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapJudge:
    """True masks: Dice, the mean of the structures, of images, then of patients.

    Dice is 1 where a structure is neither there nor predicted, 0 where it is one of the two.
    """

    masks: NDArray[np.generic]
    """[N, *spatial] 0 is background, k the k-th structure."""
    subjects: IntArray
    """[N]"""
    structures: int
    novelty_limit: float = float("inf")
    measure: str = "dice"
    higher_is_better: bool = True

    @property
    def patients(self) -> int:
        """All of them."""
        return len(np.unique(self.subjects))

    def rows(self, rows: IntArray) -> OverlapJudge:
        """The same for some rows."""
        return replace(self, masks=self.masks[rows], subjects=self.subjects[rows])

    def resamples(self, replicates: int, seed: int) -> Resamples:
        """Patients drawn with replacement."""
        return resample(self.subjects, replicates, seed)

    def kept(self, value: NDArray[np.generic], rows: IntArray, turn: Turn) -> FloatArray:
        """[n] Dice against the masks as they lie after the corruption."""
        truth = turn(self.masks[rows], rows)
        by_structure = [_dice(truth, value, k + 1) for k in range(self.structures)]
        return np.asarray(np.mean(by_structure, axis=0), np.float64)

    def measured(self, kept: FloatArray) -> Measure:
        """Every patient counts alike, however many images there are."""
        _, patient, images = np.unique(self.subjects, return_inverse=True, return_counts=True)
        share = 1.0 / images[patient]

        def measure(weights: FloatArray) -> dict[str, FloatArray]:
            with np.errstate(invalid="ignore"):
                return {self.measure: (weights @ (share * kept)) / (weights @ share)}

        return measure

    def said(self, value: NDArray[np.generic], novelty: FloatArray) -> tuple[IntArray, Bools]:
        """No answer of a few; silent above the limit, and where novelty is not a number."""
        return np.zeros(len(value), np.int64), ~(novelty <= self.novelty_limit)


def _dice(truth: NDArray[np.generic], found: NDArray[np.generic], label: int) -> FloatArray:
    one, other = (side.reshape(len(side), -1) == label for side in (truth, found))
    both = np.count_nonzero(one & other, axis=1)
    total = np.count_nonzero(one, axis=1) + np.count_nonzero(other, axis=1)
    ones = np.ones(len(total))
    return np.asarray(np.divide(2.0 * both, total, out=ones, where=total > 0), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How much is done."""

    spread: Spread
    """Of the training images."""
    seed: int
    rows: int = 400
    """Images at most, drawn by the seed."""
    seconds: float = 300.0
    """Of processor time: no severity is begun that would take longer than what is left; what is
    left out is named."""
    extents: NDArray[np.int32] | None = None
    """[N, axes] how much of each array is image; None: all of it."""
    alone: bool = False
    """Strength is by each image's own spread where it has one: so for volumes, whose values have no
    unit in common."""
    batch: int = 256
    replicates: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """To all rows, under one corruption."""

    kept: FloatArray
    answer: IntArray
    silent: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class _Condition:
    """What one corruption at one severity did: numbers with intervals."""

    value: Interval
    answered: Interval
    """The measure among the rows that the model answers."""
    abstained: Interval
    losses: FloatArray
    """[1 + B] how much worse the measure is than without corruption. The first, here and below, is
    of the patients as they are."""
    changes: FloatArray
    """[1 + B] answers that changed."""
    silenced: FloatArray
    """[1 + B] those of them from which the model abstains."""


def judge_corruptions(
    predict: Predict, images: Images, judge: Judge, asked: Asked, *, record: Record, model: str = ""
) -> dict[str, Plain]:
    """Evidence into `record`, and the curves for the report.

    `images` [N, C, *spatial] may be mapped from disk; `judge` knows the same N rows. Lines are
    `robustness.M` (M the primary measure), `robustness.answered` and `robustness.abstained` with
    the slice "noise 3", or "clean"; `robustness.mean_loss` and `robustness.silenced` with the slice
    "noise" or `all`. See docs/measures.md.
    """
    order = np.random.Generator(np.random.Philox(key=asked.seed)).permutation(len(images))
    chosen = np.sort(order[: asked.rows])
    work = _Work(
        predict=predict, images=images, chosen=chosen, judge=judge.rows(chosen), asked=asked,
        level=record.level,
    )  # fmt: skip
    base, found = work.measure_all()
    return _told(base, found, work.judge, record, model=model) | {"images": len(chosen)}


class _Work:
    """One model before all corruptions."""

    def __init__(
        self, *, predict: Predict, images: Images, chosen: IntArray, judge: Judge, asked: Asked,
        level: float,
    ) -> None:  # fmt: skip
        self.predict, self.images, self.chosen = predict, images, chosen
        self.judge, self.asked, self.level = judge, asked, level
        resamples = judge.resamples(asked.replicates, asked.seed)
        drawn = np.concatenate(list(resamples.chunks()))
        # The patients as they are come first, so that one product gives value and replicates.
        self.weights_BN = np.concatenate([np.ones((1, len(chosen))), drawn])
        self.base: _Answers | None = None

    def measure_all(self) -> tuple[_Condition, dict[tuple[str, int], _Condition]]:
        """Without corruption, and each (name, severity) that there was time for."""
        started = time.process_time()
        until = started + self.asked.seconds
        self.base = self._answers(LADDER[0].name, 0)
        base = self._condition(self.base)
        one_round = len(LADDER) * (time.process_time() - started)
        found: dict[tuple[str, int], _Condition] = {}
        for severity in ORDER:
            if time.process_time() + one_round > until:
                break
            for item in LADDER:
                answers = self._answers(item.name, severity)
                found[item.name, severity] = self._condition(answers)
        return base, found

    def _answers(self, name: str, severity: int) -> _Answers:
        asked = self.asked

        def worsened(images: Images, keys: IntArray) -> Images:
            spread = _own(images, asked.spread) if asked.alone else asked.spread
            return corrupt(images, name, severity, spread=spread, keys=keys, seed=asked.seed)

        def turned(masks: Images, keys: IntArray) -> Images:
            return corrupt_mask(masks, name, severity, keys=keys, seed=asked.seed)

        def turn(masks: NDArray[np.generic], rows: IntArray) -> NDArray[np.generic]:
            return self._within(turned, masks, self.chosen[rows])

        kept, answers, silences = [], [], []
        for rows in self._batches():
            keys = self.chosen[rows]
            worse = self._within(worsened, self.images[keys], keys)
            value, novelty = self.predict(worse, keys)
            answer, silent = self.judge.said(value, np.asarray(novelty, np.float64))
            kept.append(self.judge.kept(value, rows, turn))
            answers.append(answer)
            silences.append(silent)
        return _Answers(
            kept=np.concatenate(kept), answer=np.concatenate(answers),
            silent=np.concatenate(silences),
        )  # fmt: skip

    def _within(
        self, change: Callable[[Images, IntArray], Images], arrays: Images, keys: IntArray
    ) -> Images:
        asked = self.asked
        if asked.extents is None and not asked.alone:
            return change(arrays, keys)
        whole = np.tile(arrays.shape[-self.images.ndim + 2 :], (len(arrays), 1))
        return within(change, arrays, whole if asked.extents is None else asked.extents[keys], keys)

    def _batches(self) -> Iterator[IntArray]:
        size = self.asked.batch
        for first in range(0, len(self.chosen), size):
            yield np.arange(first, min(first + size, len(self.chosen)))

    def _condition(self, answers: _Answers) -> _Condition:
        base = self.base or answers
        weights, name = self.weights_BN, self.judge.measure
        sign = 1.0 if self.judge.higher_is_better else -1.0
        measure = self.judge.measured(answers.kept)
        value_B = measure(weights)[name]
        losses = sign * (self.judge.measured(base.kept)(weights)[name] - value_B)
        changed = answers.answer != base.answer
        return _Condition(
            value=self._interval(value_B),
            answered=self._interval(measure(weights * ~answers.silent)[name]),
            abstained=self._interval(weights @ answers.silent / weights.sum(axis=1)),
            losses=losses, changes=weights @ changed,
            silenced=weights @ (changed & answers.silent),
        )  # fmt: skip

    def _interval(self, values_B: FloatArray) -> Interval:
        return summarise(float(values_B[0]), values_B[1:], self.level)


def _own(image: Images, spread: Spread) -> Spread:
    """Of one image [1, C, *spatial]; `spread` where it is the same everywhere."""
    try:
        return spread_of(image)
    except DataError:
        return spread


def _told(
    base: _Condition, found: Mapping[tuple[str, int], _Condition], judge: Judge, record: Record,
    *, model: str,
) -> dict[str, Plain]:  # fmt: skip
    subjects = judge.patients

    def add(measure: str, interval: Interval, slice_: str) -> dict[str, Plain]:
        name = f"robustness.{measure}"
        return record.add(name, interval, subjects=subjects, model=model, slice_=slice_)

    def lines(condition: _Condition, slice_: str) -> dict[str, dict[str, Plain]]:
        return {
            "value": add(judge.measure, condition.value, slice_),
            "answered": add("answered", condition.answered, slice_),
            "abstained": add("abstained", condition.abstained, slice_),
        }

    first = lines(base, CLEAN)
    curves: list[Plain] = []
    for item in LADDER:
        at = [found.get((item.name, severity + 1)) for severity in range(SEVERITIES)]
        told = [first] + [
            lines(one, f"{item.name} {place + 1}") if one else {} for place, one in enumerate(at)
        ]
        complete = [one for one in at if one]
        summary = _summary(complete if len(complete) == SEVERITIES else [], record.level)
        curves.append({
            "name": item.name, "means": item.means, "levels": list(item.levels),
            "severity": list(range(SEVERITIES + 1)), **_columns(told),
            **{name: add(name, interval, item.name) for name, interval in summary.items()},
        })  # fmt: skip
    everything = list(found.values()) if len(found) == len(LADDER) * SEVERITIES else []
    overall = _summary(everything, record.level)
    return {
        "measure": judge.measure, "higher_is_better": judge.higher_is_better, "model": model,
        "subjects": subjects, "clean": first["value"], "corruptions": curves,
        **{name: add(name, interval, "all") for name, interval in overall.items()},
        "unmeasured": [
            f"{item.name} {severity}" for item in LADDER for severity in range(1, SEVERITIES + 1)
            if (item.name, severity) not in found
        ],
    }  # fmt: skip


def _columns(told: list[dict[str, dict[str, Plain]]]) -> dict[str, Plain]:
    """By severity: the measure with its interval, and the middle of the other two."""
    of = {
        name: [one.get("value", {}).get(name) for one in told] for name in ("value", "low", "high")
    }
    beside = {
        name: [one.get(name, {}).get("value") for one in told] for name in ("answered", "abstained")
    }
    return {**of, **beside}


def _summary(conditions: list[_Condition], level: float) -> dict[str, Interval]:
    """Mean loss of the measure, and the share of changed answers that were not given.

    Undefined unless all severities were measured: a mean over others would be another number.
    """
    if not conditions:
        return {"mean_loss": (float("nan"),) * 3, "silenced": (float("nan"),) * 3}
    losses = np.mean([one.losses for one in conditions], axis=0)
    changes = np.sum([one.changes for one in conditions], axis=0)
    silenced = np.sum([one.silenced for one in conditions], axis=0)
    share_B = np.divide(silenced, changes, out=np.full(len(changes), np.nan), where=changes > 0)
    return {
        "mean_loss": summarise(float(losses[0]), losses[1:], level),
        "silenced": summarise(float(share_B[0]), share_B[1:], level),
    }


def worst(curves: Mapping[str, Plain]) -> str | None:
    """The name of the corruption with the largest mean loss; None where none was measured."""
    listed = curves.get("corruptions")
    losses: dict[str, float] = {}
    for curve in listed if isinstance(listed, list) else []:
        loss = curve.get("mean_loss") if isinstance(curve, dict) else None
        value = loss.get("value") if isinstance(loss, dict) else None
        if isinstance(curve, dict) and isinstance(value, (int, float)):
            losses[str(curve["name"])] = clean(float(value)) or 0.0
    return max(losses, key=lambda name: losses[name]) if losses else None
