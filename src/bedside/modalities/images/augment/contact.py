"""The contact sheet: each row an original, and augmented versions of it; masks as outlines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset
from bedside.core.spec import Plain
from bedside.methods.corruption.spread import Spread
from bedside.modalities.images.augment.record import chain_from
from bedside.modalities.images.augment.sample import Sample
from bedside.modalities.images.pictures import TRUTH
from bedside.modalities.images.pictures_contours import draw_paths, outlines
from bedside.modalities.images.pictures_tiles import (
    Tile,
    arranged,
    most_marked,
    png,
    shown,
    tile_of,
)

SIZE = 112
"""Edge of a tile in pixels."""


def contact_sheet(
    dataset: Dataset, rows: NDArray[np.int64], record: Plain, *, seed: int, versions: int
) -> tuple[bytes, dict[str, str]]:
    """A PNG, and its title, alternative text and note."""
    images = dataset.array("image")
    masks = dataset.array("mask") if (dataset.folder / "mask.npy").is_file() else None
    chain = chain_from(record, images.shape[2:])
    tiles: list[Tile] = []
    for row in rows.tolist():
        image = np.asarray(images[row])
        labels = None if masks is None else np.asarray(masks[row], np.uint8)
        spread = _spread(image)
        at = _plane(image, labels)
        tiles.append(_tile(image, labels, spread, at))
        for version in range(versions):
            params = chain.draw(seed=seed, epoch=version, sample=row)
            made = chain.apply(Sample(image=image, labels=labels), params)
            tiles.append(_tile(made.image, made.labels, spread, at))
    words = {
        "title": "What augmentation does to training images",
        "alt": f"{len(rows)} training images, one a row: the original first, then {versions} "
        "augmented versions of it.",
        "note": "Left: as prepared. Others: as training sees them, one for each epoch."
        + (" Outlined: the masks, which are moved with the image." if masks is not None else ""),
    }
    return png(*arranged(tiles, versions + 1)), words


def _spread(image: NDArray[np.generic]) -> Spread:
    low, middle, high = np.nanquantile(np.asarray(image, np.float64), [0.01, 0.5, 0.99]).tolist()
    high, count = high if high > low else low + 1.0, len(image)
    return Spread(low=(low,) * count, high=(high,) * count, centre=(middle,) * count)


def _plane(image: NDArray[np.generic], labels: NDArray[np.uint8] | None) -> int | None:
    if image.ndim == 3:
        return None
    return image.shape[1] // 2 if labels is None else most_marked(labels)


def _tile(
    image: NDArray[np.generic], labels: NDArray[np.uint8] | None, spread: Spread, at: int | None
) -> Tile:
    plane = shown(image if at is None else image[:, at], spread)
    tile = tile_of(plane, SIZE)
    if labels is None:
        return tile
    part = labels if at is None else labels[at]
    corner = np.array(tile.corner)
    paths = [
        path * tile.factor + corner
        for label in np.unique(part[part > 0])
        for path in outlines(np.asarray(part == label))
    ]
    pixels = draw_paths(tile.pixels, paths, TRUTH, dash=False) if paths else tile.pixels
    return Tile(pixels=pixels, inside=tile.inside, factor=tile.factor, corner=tile.corner)
