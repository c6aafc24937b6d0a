"""By what an image is known again: a hash of all its pixels, as models see them."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


def pixel_hashes(
    images: NDArray[np.generic], extents: NDArray[np.generic] | None = None
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Of images [N, C, *shape]: the hashes [N], and whether an image says anything [N]: those of
    one value are alike.

    `extents` [N, axes]: how much of each array is image; None: all of it. What is beyond does not
    count, as it depends on the other images of the array.
    """
    whole, known = np.zeros(len(images), np.uint64), np.zeros(len(images), bool)
    for row in range(len(images)):
        inside = () if extents is None else tuple(slice(0, int(n)) for n in extents[row])
        image = np.ascontiguousarray(images[row][(slice(None), *inside)])
        whole[row] = int.from_bytes(blake2b(image.data, digest_size=8).digest(), "little")
        known[row] = not (image == image.flat[0]).all()
    return whole, known
