"""Lesions as things to be found: which of the true ones a mask finds, and what it finds in vain.

A lesion is a connected component of a structure. Voxels are neighbours across faces, edges and
corners (26 in a volume, 8 in a picture) unless faces alone are asked for. A predicted and a true
lesion may match when their intersection over union reaches a threshold; each matches at most once,
chosen so that as many as possible match, and among those choices so that they overlap most (Kuhn,
Naval Res Logist Q 1955;2:83). Why counting needs such a rule: Maier-Hein et al., Nat Methods
2024;21:195.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from bedside.core.errors import DataError
from bedside.methods.masks.pair import Bools, Structure

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionRule:
    """What counts as a lesion, and as finding it."""

    overlap: float = 0.1
    """Least intersection over union of a match. Low: small lesions are found or not, however well
    they are drawn. 0: any common voxel."""
    neighbours: Literal["all", "faces"] = "all"
    least: float = 0.0
    """Smaller lesions of either mask do not exist, in ml (pictures: square centimetres)."""
    sizes: tuple[float, ...] = ()
    """Bounds of the size strata of true lesions, rising, in the same unit; empty: one stratum."""

    def __post_init__(self) -> None:
        if not 0 <= self.overlap <= 1 or self.least < 0:
            raise DataError(
                "lesions", expected="an overlap from 0 to 1 and a least size of at least 0",
                found=f"{self.overlap} and {self.least}",
            )  # fmt: skip
        if list(self.sizes) != sorted(set(self.sizes)) or any(size <= 0 for size in self.sizes):
            raise DataError("lesions", expected="rising bounds above 0", found=str(self.sizes))

    @property
    def strata(self) -> int:
        """How many groups of size there are."""
        return len(self.sizes) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesions:
    """Lesions of one structure in one image."""

    sizes: NDArray[np.float64]
    """[T] of the true ones, ml (pictures: square centimetres)."""
    found: Bools
    """[T] whether a predicted one matches it."""
    predicted: int
    """How many were predicted."""

    @property
    def spurious(self) -> int:
        """Predicted ones that match none."""
        return self.predicted - int(self.found.sum())

    @property
    def sensitivity(self) -> float:
        """Share of the true ones that is found; NaN where there are none."""
        return float(self.found.mean()) if len(self.found) else float("nan")

    @property
    def f1(self) -> float:
        """Twice the matches over the lesions of both masks; 1 where neither has any."""
        total = self.predicted + len(self.found)
        return 2.0 * int(self.found.sum()) / total if total else 1.0


def lesions(structure: Structure, rule: LesionRule | None = None) -> Lesions:
    """Label, match and count.

    >>> from bedside.methods.masks.pair import pair
    >>> masks = pair(np.array([[1, 1, 0, 0, 1]]), np.array([[0, 1, 0, 0, 0]]), (10.0, 10.0), 1)
    >>> found = lesions(next(masks.structures(1)))
    >>> found.sizes.tolist(), found.found.tolist(), found.spurious
    ([1.0], [True], 1)
    """
    rule = rule or LesionRule()
    element = structure.whole.element
    truth, sizes_T = _components(structure.truth, rule, element)
    predicted, sizes_P = _components(structure.predicted, rule, element)
    true_Q, predicted_Q, common_Q = _shared(truth, predicted, len(sizes_P))
    overlap_Q = common_Q / (sizes_T[true_Q] + sizes_P[predicted_Q] - common_Q)
    may = overlap_Q >= rule.overlap
    found = np.zeros(len(sizes_T), np.bool_)
    found[_matched(true_Q[may], predicted_Q[may], overlap_Q[may])] = True
    return Lesions(
        sizes=(sizes_T * element).astype(np.float64), found=found, predicted=len(sizes_P)
    )


def _components(mask: Bools, rule: LesionRule, element: float) -> tuple[Ints, Ints]:
    """Labels from 1, 0 elsewhere, and voxels of each; those below the least size are gone."""
    reach = mask.ndim if rule.neighbours == "all" else 1
    labels, count = ndimage.label(mask, ndimage.generate_binary_structure(mask.ndim, reach))
    sizes = np.bincount(labels[mask], minlength=count + 1)[1:]
    kept = sizes * element >= rule.least
    if not kept.all():
        labels = np.concatenate([[0], np.cumsum(kept) * kept])[labels]
    return labels, sizes[kept]


def _shared(truth: Ints, predicted: Ints, columns: int) -> tuple[Ints, Ints, Ints]:
    """Pairs [Q] of a true and a predicted lesion that share voxels, and how many."""
    both = (truth > 0) & (predicted > 0)
    index = (truth[both].astype(np.int64) - 1) * max(columns, 1) + (predicted[both] - 1)
    pairs, voxels = np.unique(index, return_counts=True)
    return pairs // max(columns, 1), pairs % max(columns, 1), voxels


def _matched(true_Q: Ints, predicted_Q: Ints, overlap_Q: NDArray[np.float64]) -> Ints:
    """The true lesions that are matched: as many as can be, then those that overlap most."""
    true, row_Q = np.unique(true_Q, return_inverse=True)
    predicted, column_Q = np.unique(predicted_Q, return_inverse=True)
    worth = np.zeros((len(true), len(predicted)))
    # All overlaps together weigh less than one match.
    worth[row_Q, column_Q] = 1.0 + overlap_Q / (1 + min(worth.shape))
    rows, columns = linear_sum_assignment(worth, maximize=True)
    chosen: Ints = true[rows[worth[rows, columns] > 0]]
    return chosen
