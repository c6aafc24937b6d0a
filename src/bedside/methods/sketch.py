"""What training patients were like, in aggregates: the reference that monitoring compares with.

No row of a patient, no smallest and largest value, no category or bar of fewer than ten patients.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Field, Schema, Target
from bedside.core.spec import Plain
from bedside.methods.multilabel import label_target
from bedside.methods.served import Arrays, Outputs, labels_of

FEWEST = 10
"""Patients behind any number that is kept."""
_GRID = (0.001, 0.01, *(round(0.05 * k, 2) for k in range(1, 20)), 0.99, 0.999)
_BARS = 20


def sketch(schema: Schema, arrays: Arrays, outputs: Outputs) -> dict[str, Plain]:
    """Fields and predictions of N training samples as plain values, for `reference.json`."""
    fields: dict[str, Plain] = {}
    for column, field in enumerate(schema.numeric):
        fields[field.name] = _numbers(np.asarray(arrays["numeric"][:, column], np.float32))
    for column, field in enumerate(schema.category):
        fields[field.name] = _categories(np.asarray(arrays["codes"][:, column], np.int64), field)
    for field in schema.fields:
        if field.kind == "image":
            fields[field.name] = _images(arrays[field.name])
    decisions = outputs.decisions
    return {
        "samples": len(outputs.novelty),
        "fewest": FEWEST,
        "fields": fields,
        "prediction": _predictions(schema.target, outputs),
        "novelty": quantiles(outputs.novelty),
        "abstained": _share(int(decisions.abstain.sum()), len(outputs.novelty)),
        "acted": _share(int(decisions.act.sum()), len(outputs.novelty)),
    }


def quantiles(values: NDArray[np.floating]) -> dict[str, Plain]:
    """Quantiles of the finite values, only those with ten patients or more beyond them."""
    known = values[np.isfinite(values)].astype(np.float64)
    probs = [p for p in _GRID if len(known) * min(p, 1 - p) >= FEWEST]
    found = np.quantile(known, probs).tolist() if probs else []
    return {"probabilities": cast("Plain", probs), "values": cast("Plain", _rounded(found))}


def histogram(values: NDArray[np.floating], edges: NDArray[np.float64]) -> dict[str, Plain]:
    """Counts between edges; neighbouring bars are joined until each holds ten patients."""
    counts = np.histogram(values[np.isfinite(values)], edges)[0]
    kept_edges, kept, waiting = [float(edges[0])], [], 0
    for count, right in zip(counts.tolist(), edges[1:].tolist(), strict=True):
        waiting += count
        if waiting >= FEWEST:
            kept.append(waiting)
            kept_edges.append(right)
            waiting = 0
    if kept:
        kept[-1] += waiting
        kept_edges[-1] = float(edges[-1])
    return {"edges": cast("Plain", kept_edges), "counts": cast("Plain", kept)}


def _numbers(values: NDArray[np.float32]) -> dict[str, Plain]:
    missing = int(np.isnan(values).sum())
    return {"kind": "numeric", "missing": _share(missing, len(values)), **quantiles(values)}


def _images(values: NDArray[np.generic]) -> dict[str, Plain]:
    """How bright images are, and how much contrast they have: quantiles over samples."""
    flat = values.reshape(len(values), -1)
    mean = np.array([row.mean(dtype=np.float64) for row in flat])
    spread = np.array([row.std(dtype=np.float64) for row in flat])
    return {"kind": "image", "brightness": quantiles(mean), "contrast": quantiles(spread)}


def _categories(codes: NDArray[np.int64], field: Field) -> dict[str, Plain]:
    counts = np.bincount(codes, minlength=len(field.categories) + 1)
    named = dict(zip(field.categories, counts[1:].tolist(), strict=True))
    shares: dict[str, Plain] = {
        name: round(count / max(len(codes), 1), 4)
        for name, count in named.items()
        if count >= FEWEST
    }
    rest = sum(count for count in named.values() if count < FEWEST)
    return {
        "kind": "category",
        "missing": _share(int(counts[0]), len(codes)),
        "shares": shares,
        "other": _share(rest, len(codes)),
    }


def _predictions(target: Target, outputs: Outputs) -> dict[str, Plain]:
    """Of the one value, or of each label."""
    if not outputs.labels:
        return _prediction(target, outputs.decisions.value)
    pairs = zip(target.classes, outputs.labels, strict=True)
    return {name: _prediction(label_target(target, name), one.value) for name, one in pairs}


def _prediction(target: Target, value: NDArray[np.float64]) -> dict[str, Plain]:
    if target.type == "multiclass":
        names = labels_of(target)
        known = value[np.isfinite(value)].astype(np.int64)
        counts = np.bincount(known, minlength=len(names)).tolist()
        shares = {name: _share(n, len(value)) for name, n in zip(names, counts, strict=True)}
        return {"shares": cast("Plain", shares)}
    if target.type != "regression":
        return histogram(value, np.linspace(0, 1, _BARS + 1))
    finite = value[np.isfinite(value)]
    if len(finite) < 2 * FEWEST:
        return {"edges": [], "counts": []}
    low, high = np.quantile(finite, [FEWEST / len(finite), 1 - FEWEST / len(finite)])
    return histogram(np.clip(value, low, high), np.linspace(low, high, _BARS + 1))


def _share(count: int, total: int) -> float | None:
    """A share; null where it is that of one to nine patients."""
    return None if 0 < count < FEWEST else round(count / max(total, 1), 4)


def _rounded(values: list[float]) -> list[float]:
    return [float(f"{value:.4g}") for value in values]
