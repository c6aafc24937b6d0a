"""How far apart the surfaces of two masks lie: NSD, HD95 and ASSD, all from the same surface.

A surface lies between voxels. It is held as elements (surfels) at the corners where voxels meet,
each with the area that marching cubes gives it, so that a slanted surface, or one in coarse
slices, counts for what it is; counting border voxels instead depends on both and shifts distances
by up to a voxel (Podobnik and Vrtovec, arXiv:2410.02630). Definitions are those of Nikolov et al.
(J Med Internet Res 2021;23:e26151), whose normalised surface distance this is.

Distances are exact: each element of one surface to the nearest element of the other.

Both masks empty: NSD 1, distances 0. One empty: NSD 0, distances the diagonal of the image, so that
a model gains nothing by staying silent. (BraTS does so, too: its 373 mm are its images' diagonal;
Isensee et al., arXiv:2011.00848.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.methods.masks.nearest import nearest
from bedside.methods.masks.pair import Bools, Structure
from bedside.methods.masks.surfel import corners, surfel_sizes

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surfaces:
    """Two surfaces, each with the size of its elements and their distance to the other."""

    predicted: Floats
    """[P] area in mm^2 (pictures: length in mm) of each element."""
    from_predicted: Floats
    """[P] mm to the nearest element of the true surface."""
    truth: Floats
    """[T]"""
    from_truth: Floats
    """[T]"""
    diagonal: float
    """Of the image, mm."""

    def nsd(self, tolerance: float) -> float:
        """Share of both surfaces within `tolerance` mm of the other."""
        if self._alone:
            return 0.0
        total = self.predicted.sum() + self.truth.sum()
        near = self.predicted[self.from_predicted <= tolerance].sum()
        near += self.truth[self.from_truth <= tolerance].sum()
        return float(near / total) if total else 1.0

    def hausdorff(self, share: float = 0.95) -> float:
        """Distance in mm within which that share of either surface lies of the other; 1: all.

        Of the two directions the larger (Huttenlocher et al., IEEE TPAMI 1993;15:850).
        """
        if self._alone:
            return self.diagonal
        return max(
            _quantile(self.from_predicted, self.predicted, share),
            _quantile(self.from_truth, self.truth, share),
        )

    def assd(self) -> float:
        """Mean distance in mm over both surfaces together (symmetric)."""
        if self._alone:
            return self.diagonal
        total = self.predicted.sum() + self.truth.sum()
        moved = self.predicted @ self.from_predicted + self.truth @ self.from_truth
        return float(moved / total) if total else 0.0

    @property
    def _alone(self) -> bool:
        """Whether one mask is empty and the other is not."""
        return (len(self.predicted) == 0) != (len(self.truth) == 0)


def surfaces(structure: Structure) -> Surfaces:
    """Both surfaces of a structure, at the cost of the box around it.

    >>> from bedside.methods.masks.pair import pair
    >>> masks = np.zeros((2, 5, 5), np.uint8)
    >>> masks[0, 1:3, 1:3] = masks[1, 1:3, 2:4] = 1
    >>> found = surfaces(next(pair(masks[0], masks[1], (1.0, 1.0), 1).structures(1)))
    >>> found.hausdorff(1.0), found.nsd(1.0)
    (1.0, 1.0)
    """
    sizes = surfel_sizes(structure.spacing)
    codes = [_codes(mask) for mask in (structure.predicted, structure.truth)]
    at = [np.flatnonzero((code != 0) & (code != len(sizes) - 1)) for code in codes]
    distances = [np.zeros(len(index)) for index in at]
    if len(at[0]) and len(at[1]):
        for this, other in ((0, 1), (1, 0)):
            distances[this] = nearest(at[this], at[other], codes[0].shape, structure.spacing)
    return Surfaces(
        predicted=sizes[codes[0].ravel()[at[0]]], from_predicted=distances[0],
        truth=sizes[codes[1].ravel()[at[1]]], from_truth=distances[1],
        diagonal=structure.whole.diagonal,
    )  # fmt: skip


def _codes(mask: Bools) -> NDArray[np.uint8]:
    """Of each corner between voxels, which of the voxels around it are inside; one more an axis."""
    padded = np.pad(mask, 1).view(np.uint8)
    code = np.zeros([n + 1 for n in mask.shape], np.uint8)
    for bit, offset in enumerate(corners(mask.ndim)):
        part = tuple(slice(o, o + n) for o, n in zip(offset, code.shape, strict=True))
        code |= padded[part] << bit
    return code


def _quantile(distances: Floats, sizes: Floats, share: float) -> float:
    """The smallest distance within which at least `share` of the surface lies."""
    if not len(distances):
        return 0.0
    order = np.argsort(distances, kind="stable")
    reached = np.cumsum(sizes[order])
    place = np.searchsorted(reached, share * reached[-1])
    return float(distances[order[min(int(place), len(order) - 1)]])
