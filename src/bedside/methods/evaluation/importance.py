"""Which inputs mattered: the primary measure's drop when one field's values change hands.

Permutation importance (Breiman, Mach Learn 2001;45:5; Fisher et al., JMLR 2019;20:177), with an
interval by patient. It says what the model leans on, not what causes the outcome, and fields that
say the same share their importance. The control is a model trained on shuffled labels: an
importance that it has too comes from the method, not from the data (Adebayo et al., NeurIPS 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from bedside.core.spec import Plain
from bedside.methods.evaluation.comparison import Measured, measured
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.truth import Truth, measure_of, primary_measure
from bedside.methods.intervals import Interval, Resamples, summarise
from bedside.methods.measures import FloatArray, IntArray, primary

Arrays = Mapping[str, NDArray[np.generic]]
Predict = Callable[[Arrays], NDArray[np.float32]]
Permute = Callable[[Arrays, str, IntArray], Arrays]
"""The arrays with one field's values taken from other rows: row i gets those of `order[i]`."""
FEWEST_FIELDS = 3
"""Fewer fields than this have no order worth correlating."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What is permuted, how often, and on whom it is measured."""

    arrays: Arrays
    """Inputs of the graph, N rows."""
    fields: tuple[str, ...]
    permute: Permute
    truth: Truth
    resamples: Resamples
    repeats: int
    seed: int
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Drops of one model, by field."""

    base: Measured
    """The full measure set with nothing permuted."""
    drops: Mapping[str, Interval]
    replicates: FloatArray
    """[B, F] the drops in every resample."""


def importance(predict: Predict, probe: Probe, edges: FloatArray | None) -> Importance:
    """How much worse the primary measure is without each field, the mean over `repeats` orders."""
    name, higher = primary(probe.truth.task)
    sign = 1.0 if higher else -1.0
    # Drawn once for all fields; the rows are bounded, so that the weights fit into memory.
    weights_BN = np.concatenate(list(probe.resamples.chunks()))

    def judged(values: NDArray[np.float32]) -> tuple[float, FloatArray]:
        measure = primary_measure(probe.truth, values, edges)
        point = measure(np.ones((1, len(probe.truth))))[name]
        return float(point[0]), measure(weights_BN)[name]

    values = predict(probe.arrays)
    base = measured(measure_of(probe.truth, values, edges), probe.resamples, probe.level)
    whole, whole_B = judged(values)
    drops: dict[str, Interval] = {}
    columns = []
    for field in probe.fields:
        without = [judged(values) for values in _permuted(predict, probe, field)]
        # Differences before means: a field without influence loses exactly nothing.
        point = np.mean([whole - rest for rest, _ in without])
        drop_B = sign * np.mean([whole_B - rest_B for _, rest_B in without], axis=0)
        drops[field] = summarise(sign * float(point), drop_B, probe.level)
        columns.append(drop_B)
    return Importance(base=base, drops=drops, replicates=np.stack(columns, axis=1))


def _permuted(predict: Predict, probe: Probe, field: str) -> Iterator[NDArray[np.float32]]:
    """Predictions with the field permuted, all repeats in one batch through the graph."""
    rows = len(probe.truth)
    orders = [
        _order(rows, probe.seed, probe.fields.index(field), repeat)
        for repeat in range(probe.repeats)
    ]
    parts = [probe.permute(probe.arrays, field, order) for order in orders]
    batch = {name: np.concatenate([part[name] for part in parts]) for name in probe.arrays}
    values = predict(batch)
    return (values[at * rows : (at + 1) * rows] for at in range(probe.repeats))


def _order(rows: int, seed: int, field: int, repeat: int) -> IntArray:
    stream = np.random.Philox(key=seed, counter=[0, 0, field + 1, repeat])
    return np.random.Generator(stream).permutation(rows)


def resemblance(real: Importance, shuffled: Importance, level: float = 0.95) -> Interval:
    """Spearman correlation of the fields' importance in two models; undefined for few fields."""
    fields = list(real.drops)
    if len(fields) < FEWEST_FIELDS:
        return (float("nan"),) * 3
    points = [np.array([[item.drops[name][0] for name in fields]]) for item in (real, shuffled)]
    return summarise(
        float(_spearman(*points)[0]), _spearman(real.replicates, shuffled.replicates), level
    )


def _spearman(one_BF: FloatArray, other_BF: FloatArray) -> FloatArray:
    """[B] NaN where one side is constant or undefined."""
    defined = np.isfinite(one_BF).all(axis=1) & np.isfinite(other_BF).all(axis=1)
    found = np.full(len(one_BF), np.nan)
    one, other = (rankdata(side[defined], axis=1) for side in (one_BF, other_BF))
    one, other = (side - side.mean(axis=1, keepdims=True) for side in (one, other))
    size = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    found[defined] = np.divide(
        (one * other).sum(axis=1), size, out=np.full(len(one), np.nan), where=size > 0
    )
    return found


def told(
    real: Importance, shuffled: Importance | None, record: Record, *, subjects: int, model: str
) -> list[Plain]:
    """Evidence and the entries of `curves.json`, most important first.

    Lines of the control carry no model, so that they count for whichever model is released.
    """
    control: dict[str, dict[str, Plain]] = {}
    if shuffled is not None:
        for name, interval in shuffled.base.intervals().items():
            record.add(f"shuffled.{name}", interval, subjects=subjects)
        correlation = resemblance(real, shuffled, record.level)
        record.add("importance.shuffled_correlation", correlation, subjects=subjects)
        for field, drop in shuffled.drops.items():
            control[field] = record.add(
                "importance.shuffled", drop, subjects=subjects, slice_=field
            )
    order = sorted(real.drops, key=lambda field: -np.nan_to_num(real.drops[field][0]))
    entries: list[Plain] = []
    for field in order:
        found = record.add(
            "importance", real.drops[field], subjects=subjects, model=model, slice_=field
        )
        beside = {
            f"shuffled_{end}": control.get(field, {}).get(end) for end in ("value", "low", "high")
        }
        entries.append({"field": field, **found, **beside})
    return entries
