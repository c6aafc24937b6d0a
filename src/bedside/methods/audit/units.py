"""Two units in one column: a second hump where a known conversion would put the first one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.core.finding import Finding
from bedside.methods.audit.separation import Estimate, share
from bedside.methods.audit.training import Column, Floats, Reals, Training, evenly
from bedside.methods.words import interval, patients

FACTORS = {
    10.0: "a factor of ten (g/dL and g/L, cm and mm)",
    100.0: "a factor of 100 (share and per cent)",
    1000.0: "a factor of 1,000 (mg and g, mL and L)", 88.4: "creatinine in mg/dL and µmol/L",
    18.016: "glucose in mmol/L and mg/dL", 38.67: "cholesterol in mmol/L and mg/dL",
    88.57: "triglycerides in mmol/L and mg/dL", 17.1: "bilirubin in mg/dL and µmol/L",
    59.48: "uric acid in mg/dL and µmol/L", 2.8: "urea nitrogen in mmol/L and mg/dL",
    7.5006: "pressure in kPa and mmHg", 2.2046: "weight in kg and lb",
    2.54: "length in inch and cm",
}  # fmt: skip
NEAR = 0.08
"""How far the second hump may lie from where the conversion puts it, as a share."""
FEWEST_VALUES = 20
FEWEST_ROWS = 100
MOST_ROWS = 20_000
WHY = "A model that reads mg/dL as µmol/L sees a healthy patient in kidney failure, or the reverse."


@dataclass(frozen=True, slots=True, kw_only=True)
class Humps:
    """A second hump: which conversion explains it, and the share of values in it."""

    words: str
    share: Estimate


def unit_finding(column: Column, training: Training) -> Finding | None:
    """A finding where a numeric field looks like two units."""
    if column.numeric is None:
        return None
    found = second_unit(column.numeric)
    if found is None:
        return None
    part = found.share
    return Finding(
        kind="units", state="found", field=column.name, why=WHY, short="two units in one column?",
        sentence=f"'{column.name}' has two humps, as {found.words} would make: "
        f"{interval(part.value, part.low, part.high, 'share')} of {patients(part.subjects)} are "
        f"in the smaller one{training.sampled}.",
        look="Convert the source to one unit and state it with its range: unit and range in "
        f'[columns."{column.name}"].',
        severity=part.value, evidence=(training.measured("units", part, column.name),),
    )  # fmt: skip


def second_unit(values: Floats) -> Humps | None:
    """Look on both sides of the larger hump where each conversion would put a second one."""
    there = values[np.isfinite(values) & (values > 0)].astype(np.float64)
    there = there[evenly(len(there), MOST_ROWS)]
    if len(there) < FEWEST_ROWS or len(np.unique(there)) < FEWEST_VALUES:
        return None
    if _fahrenheit(there):
        return _humps("temperature in °C and °F", int((there > 60).sum()), there)
    logs = np.log10(there)
    fewest = max(20, round(0.01 * len(there)))
    humps = [
        (*hump, words)
        for factor, words in FACTORS.items()
        for step in (np.log10(factor), -np.log10(factor))
        if (hump := _second_hump(logs, step, fewest)) is not None
    ]
    if not humps:
        return None
    _, size, words = min(humps)
    return _humps(words, size, there)


def _second_hump(logs: Reals, step: float, fewest: int) -> tuple[float, int] | None:
    """A hump one step away from the larger one: how far off its place, and how many values."""
    cut = float(np.median(logs)) + step / 2
    beyond = logs > cut if step > 0 else logs < cut
    if not fewest <= beyond.sum() <= 0.5 * len(logs):
        return None
    first, second = np.median(logs[~beyond]), np.median(logs[beyond])
    spreads = [_spread(logs[~beyond]), _spread(logs[beyond])]
    alike = 0.4 <= (spreads[1] + 1e-3) / (spreads[0] + 1e-3) <= 2.5
    off = float(abs(second - first - step))
    apart = abs(step) >= 2 * sum(spreads)
    valley = (np.abs(logs - (first + second) / 2) < abs(step) / 8).sum()
    here = alike and off <= np.log10(1 + NEAR) and apart and valley < 0.1 * beyond.sum()
    return (off, int(beyond.sum())) if here else None


def _fahrenheit(there: Reals) -> bool:
    cold, warm = there[there <= 60], there[there > 60]
    fewest = max(20, round(0.01 * len(there)))
    if min(len(cold), len(warm)) < fewest:
        return False
    body = 30 < np.median(cold) < 43 and np.quantile(cold, 0.01) > 25
    return bool(body and abs((np.median(warm) - 32) / 1.8 - np.median(cold)) < 1.0)


def _spread(logs: Reals) -> float:
    low, high = np.quantile(logs, [0.25, 0.75])
    return float(high - low) / 1.349


def _humps(words: str, size: int, there: Reals) -> Humps:
    low, high = share(size, len(there))
    part = Estimate(value=size / len(there), low=low, high=high, subjects=len(there))
    return Humps(words=words, share=part)
