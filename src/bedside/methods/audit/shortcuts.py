"""A field that tells the site: a model can use it to learn the hospital instead of the patient."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bedside.core.finding import Finding
from bedside.methods.audit.separation import Estimate, held_out_rate, macro_auroc, quantile_codes
from bedside.methods.audit.training import Bools, Column, Ints, Training, evenly
from bedside.methods.words import interval

STRONG = 0.9
MOST_SITES = 20
FEWEST = 20
MOST_ROWS = 20_000
WHY = (
    "A field that tells the site lets a model read off how often the outcome occurs there. It then "
    "fails at the next site, where the field means something else."
)


def shortcut_findings(
    columns: Iterable[Column], training: Training, site: NDArray[np.str_] | None
) -> list[Finding]:
    """Fields whose AUROC for the site (mean over sites, each against the rest) reaches `STRONG`."""
    if site is None or len(np.unique(site)) < 2:
        sentence = "There is one site only, so whether a field tells the site cannot be said."
        return [Finding(kind="shortcut", state="unknown", sentence=sentence, why=WHY)]
    labels = _labels(site[evenly(len(site), MOST_ROWS)])
    measured = [(column.name, tells_site(column, training, labels)) for column in columns]
    defined = [(name, value) for name, value in measured if np.isfinite(value.value)]
    found = [_finding(name, value, training) for name, value in defined if value.low >= STRONG]
    if found or not defined:
        return found
    name, value = max(defined, key=lambda pair: pair[1].value)
    words = interval(value.value, value.low, value.high)
    return [Finding(
        kind="shortcut", state="clear", why=WHY,
        sentence=f"No field tells the site; the closest is '{name}' (AUROC {words}).",
        evidence=tuple(training.measured("shortcut", v, n) for n, v in defined),
    )]  # fmt: skip


def tells_site(column: Column, training: Training, labels: tuple[Bools, ...]) -> Estimate:
    """How well the value, or its absence, tells the sites, from rates in the other folds."""
    rows = evenly(len(training.rows), MOST_ROWS)
    code: Ints = (
        column.codes[rows] if column.codes is not None else quantile_codes(column.values[rows], 32)
    )
    fold, subject = training.fold[rows], training.subject[rows]
    rates = tuple(held_out_rate(code, label.astype(float), fold) for label in labels)
    return macro_auroc(labels, rates, subject)


def _labels(site: NDArray[np.str_]) -> tuple[Bools, ...]:
    names, counts = np.unique(site, return_counts=True)
    common = names[np.argsort(-counts, kind="stable")][:MOST_SITES]
    return tuple(site == name for name in common if (site == name).sum() >= FEWEST)


def _finding(name: str, value: Estimate, training: Training) -> Finding:
    return Finding(
        kind="shortcut", state="found", field=name, why=WHY, short="tells the site",
        sentence=f"'{name}' tells the site (AUROC {interval(value.value, value.low, value.high)}).",
        look="Is it another device, another unit, another habit of charting? Hold a site apart: "
        "external_sites in [prepare].",
        severity=value.value, evidence=(training.measured("shortcut", value, name),),
    )  # fmt: skip
