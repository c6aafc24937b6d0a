"""From images to patients: measures of masks as functions of bootstrap weights.

A patient with several images counts once, with the mean of theirs. Lesions are pooled: found ones
over true ones of all patients together, so that each lesion counts alike, while patients are what
is resampled.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.methods.intervals import Resamples
from bedside.methods.masks.table import MaskTable
from bedside.methods.measures import FloatArray, Measure, mean

MEDIANS = ("dice", "nsd", "hd95")
"""Measures whose median is told beside their mean: a few lost cases move the mean of HD95 far."""
ALL = "all"


class Patients:
    """The table of one model by patient: [S, K] of each measure, patients in sorted order."""

    def __init__(self, table: MaskTable, resamples: Resamples) -> None:
        if len(table) != len(resamples):
            raise DataError(
                "masks", expected=f"one row for each of {len(resamples)} subjects' names",
                found=f"{len(table)} images",
            )  # fmt: skip
        self.table = table
        patients, self.first, self.of_row = np.unique(
            resamples.subject, return_index=True, return_inverse=True
        )
        self.count = len(patients)
        self.values = {name: self._mean(values) for name, values in table.values.items()}
        self.present = self._mean(table.present) > 0

    def slices(self) -> Iterator[tuple[str, list[int], NDArray[np.bool_]]]:
        """Name, structures and patients [S] of each slice.

        `all` is the mean over the structures. A structure that some patients lack is told once more
        for those who have it.
        """
        everybody = np.ones(self.count, np.bool_)
        names = self.table.structures
        yield ALL, list(range(len(names))), everybody
        for place, name in enumerate(names):
            if len(names) > 1:
                yield name, [place], everybody
            if not self.present[:, place].all():
                yield f"{name} & present", [place], self.present[:, place]

    def measure(self, structures: list[int], among: NDArray[np.bool_]) -> Measure:
        """Mean and median of each measure over `structures`, of the patients `among` [S]."""
        chosen = {
            name: np.where(among, _mean_known(values[:, structures], axis=1), np.nan)
            for name, values in self.values.items()
        }

        def measure(weights: FloatArray) -> dict[str, FloatArray]:
            weights_BS = weights[:, self.first]
            found = {name: mean(values, weights_BS) for name, values in chosen.items()}
            medians = {f"{name}_median": median(chosen[name], weights_BS) for name in MEDIANS}
            return found | medians

        return measure

    def known(self, structures: list[int], among: NDArray[np.bool_]) -> dict[str, int]:
        """Patients for whom each measure is defined."""
        counts = {
            name: int((among & np.isfinite(values[:, structures]).any(axis=1)).sum())
            for name, values in self.values.items()
        }
        return counts | {f"{name}_median": counts[name] for name in MEDIANS}

    def lesion_measure(self, structures: list[int], stratum: int | None = None) -> Measure:
        """`lesion_sensitivity` (pooled); of all sizes `lesion_fp` by patient and `lesion_f1`."""
        there, found, spurious = self._lesions(structures, stratum)

        def measure(weights: FloatArray) -> dict[str, FloatArray]:
            weights_BS = weights[:, self.first]
            sums = weights_BS @ np.stack([there, found, spurious], axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                measures = {"lesion_sensitivity": sums[:, 1] / sums[:, 0]}
                if stratum is None:
                    total = sums[:, 0] + sums[:, 1] + sums[:, 2]
                    measures["lesion_fp"] = sums[:, 2] / weights_BS.sum(axis=1)
                    measures["lesion_f1"] = 2 * sums[:, 1] / total
            return measures

        return measure

    def lesion_slices(self) -> Iterator[tuple[str, list[int], int | None]]:
        """Name, structures and stratum of size (None: all sizes) of each slice for lesions."""
        names = self.table.structures
        several = [(name, [place]) for place, name in enumerate(names) if len(names) > 1]
        for name, structures in [(ALL, list(range(len(names)))), *several]:
            yield name, structures, None
            for stratum, size in enumerate(self._sizes()):
                yield size if name == ALL else f"{name} & {size}", structures, stratum

    def known_lesions(self, structures: list[int], stratum: int | None = None) -> dict[str, int]:
        """Patients with a true lesion; with a lesion in either mask; all."""
        there, _, spurious = self._lesions(structures, stratum)
        with_one, either = int((there > 0).sum()), int((there + spurious > 0).sum())
        of_all = {"lesion_fp": self.count, "lesion_f1": either}
        return {"lesion_sensitivity": with_one} | (of_all if stratum is None else {})

    def _sizes(self) -> list[str]:
        """Strata as slices have them: `size_ml=[0.1, 1)`."""
        bounds = self.table.rule.sizes if self.table.rule else ()
        if not bounds:
            return []
        unit = "size_ml" if self.table.axes == 3 else "size_cm2"
        lower = [0.0, *bounds]
        inner = [f"{unit}=[{a:g}, {b:g})" for a, b in zip(lower, bounds, strict=False)]
        return [*inner, f"{unit}={bounds[-1]:g} and above"]

    def _lesions(
        self, structures: list[int], stratum: int | None
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        table = self.table
        if table.lesions is None or table.found is None or table.spurious is None:
            raise DataError("lesions", expected="a rule of what a lesion is", found="none")
        chosen = slice(None) if stratum is None else slice(stratum, stratum + 1)
        there, found = (
            self._mean(counts[:, structures, chosen].sum(axis=(1, 2)))
            for counts in (table.lesions, table.found)
        )
        return there, found, self._mean(table.spurious[:, structures].sum(axis=1))

    def _mean(self, values: FloatArray) -> FloatArray:
        """Of each patient's images [N, ...] to [S, ...]; images without a value are left out."""
        known = np.isfinite(values)
        sums = np.zeros((self.count, *values.shape[1:]))
        counts = np.zeros_like(sums)
        np.add.at(sums, self.of_row, np.where(known, values, 0.0))
        np.add.at(counts, self.of_row, known)
        return _shares(sums, counts)


def median(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Median of `values` [S], each taken as often as `weights` [B, S] say; NaN values are left out.

    >>> median(np.array([1.0, 2.0, 9.0, np.nan]), np.array([[1.0, 1, 1, 1], [0, 2, 2, 0]])).tolist()
    [2.0, 5.5]
    """
    order = np.argsort(values)[: np.isfinite(values).sum()]
    if not len(order):
        return np.full(len(weights), np.nan)
    sorted_values = values[order]
    reached = np.cumsum(weights[:, order], axis=1)
    half = reached[:, -1:] / 2
    last = len(order) - 1
    lower = np.minimum((reached < half).sum(axis=1), last)
    upper = np.minimum((reached <= half).sum(axis=1), last)
    middle = (sorted_values[lower] + sorted_values[upper]) / 2
    return np.where(reached[:, -1] > 0, middle, np.nan)


def _mean_known(values: FloatArray, axis: int) -> FloatArray:
    known = np.isfinite(values)
    return _shares(np.where(known, values, 0.0).sum(axis=axis), known.sum(axis=axis))


def _shares(sums: FloatArray, counts: NDArray[np.number]) -> FloatArray:
    """Their quotient; NaN where nothing was counted."""
    shares = np.full(sums.shape, np.nan)
    np.divide(sums, counts, where=counts > 0, out=shares)
    return shares
