"""What may be done to a mask after the network: from probabilities, and without stray pieces."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Labels = NDArray[np.uint8]


def likeliest(probabilities: NDArray[np.floating]) -> Labels:
    """The structure [*spatial] with the highest of probabilities [K + 1, *spatial]; of equals the
    first, so background before any structure.
    """
    mask: Labels = np.argmax(probabilities, axis=0).astype(np.uint8)
    return mask


def largest_component(mask: Labels, structures: Iterable[int]) -> Labels:
    """Of each structure named the largest piece alone; the rest becomes background.

    For organs of which there is one. Pieces hold together across faces, edges and corners; of
    pieces of one size the first in the array stays.

    >>> largest_component(np.array([[1, 0, 1, 1, 0, 2]], np.uint8), [1]).tolist()
    [[0, 0, 1, 1, 0, 2]]
    """
    cleaned = mask.copy()
    together = ndimage.generate_binary_structure(mask.ndim, mask.ndim)
    boxes = ndimage.find_objects(mask)
    for structure in structures:
        box = boxes[structure - 1] if 0 < structure <= len(boxes) else None
        if box is not None:
            pieces, _ = ndimage.label(mask[box] == structure, together)
            sizes = np.bincount(pieces.ravel())
            sizes[0] = 0
            stray = (pieces > 0) & (pieces != sizes.argmax())
            cleaned[box][stray] = 0
    return cleaned
