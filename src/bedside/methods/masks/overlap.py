"""How far two masks of a structure overlap: Dice, Jaccard, and the difference of their volumes.

Both empty: Dice and Jaccard are 1, since "nothing there" is the right answer; one empty: 0. (The
convention of the BraTS challenge: Isensee et al., arXiv:2011.00848. What else is done, and why it
must be said: Maier-Hein et al., Nat Methods 2024;21:195.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.methods.masks.pair import Structure


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Counts of voxels, and what follows from them."""

    predicted: int
    truth: int
    both: int
    element: float
    """Of one voxel in ml; of one pixel in square centimetres."""

    @property
    def dice(self) -> float:
        """Twice the common part over the sum of both (Dice, Ecology 1945;26:297)."""
        total = self.predicted + self.truth
        return 2.0 * self.both / total if total else 1.0

    @property
    def jaccard(self) -> float:
        """The common part over the union."""
        union = self.predicted + self.truth - self.both
        return self.both / union if union else 1.0

    @property
    def volume_error(self) -> float:
        """Predicted minus true, in ml (pictures: square centimetres)."""
        return (self.predicted - self.truth) * self.element

    @property
    def volume_error_relative(self) -> float:
        """Size of the difference over the true volume; NaN where nothing is there."""
        return abs(self.predicted - self.truth) / self.truth if self.truth else float("nan")


def overlap(structure: Structure) -> Overlap:
    """Count.

    >>> from bedside.methods.masks.pair import pair
    >>> masks = pair(np.array([[1, 1, 0]]), np.array([[0, 1, 1]]), (1.0, 1.0), 1)
    >>> overlap(next(masks.structures(1))).dice
    0.5
    """
    return Overlap(
        predicted=int(np.count_nonzero(structure.predicted)),
        truth=int(np.count_nonzero(structure.truth)),
        both=int(np.count_nonzero(structure.predicted & structure.truth)),
        element=structure.whole.element,
    )
