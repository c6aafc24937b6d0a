"""Real and made-up pictures side by side, a row of each for every class; masks as outlines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.randomness import stream
from bedside.methods.cases import Cases
from bedside.methods.corruption.spread import Spread
from bedside.modalities.images.pictures import TRUTH
from bedside.modalities.images.pictures_contours import draw_paths, outlines
from bedside.modalities.images.pictures_tiles import Tile, arranged, png, shown, tile_of

SIZE = 88
"""Edge of a tile in pixels."""
COLUMNS = 10
_PICK = 0x5EE7


def sheet(schema: Schema, real: Cases, made: Cases, *, seed: int) -> tuple[bytes, dict[str, str]]:
    """A PNG, and its title, alternative text and note. Which are shown is drawn by the seed.

    A row of real pictures, below it a row of made-up ones, for each class in its order; for a
    segmentation there is one pair of rows.
    """
    spread = _spread(real.arrays["image"])
    tiles: list[Tile] = []
    names = []
    for name, rows in _pairs(schema, real, made):
        count = min(COLUMNS, *(len(of) for _, of in rows))
        if count < COLUMNS:
            continue
        names.append(name)
        for cases, of in rows:
            drawn = stream(seed, _PICK, len(names)).permutation(of)[:count]
            tiles += [_tile(cases, row, spread) for row in drawn.tolist()]
    classes = f", in this order: {'; '.join(names)}" if len(names) > 1 else ""
    words = {
        "title": "Real and made-up pictures",
        "alt": f"{len(names)} pairs of rows{classes}. In each pair the first row shows {COLUMNS} "
        f"real training pictures, the second {COLUMNS} made-up ones.",
        "note": f"Pairs of rows, real above made-up{classes}. Drawn by the seed, not chosen."
        + (" Outlined: the masks." if "mask" in real.arrays else ""),
    }
    if not tiles:
        tiles = [tile_of(np.zeros((1, 1, 3), np.uint8), SIZE)]
    return png(*arranged(tiles, COLUMNS)), words


def _pairs(
    schema: Schema, real: Cases, made: Cases
) -> Iterator[tuple[str, list[tuple[Cases, NDArray[np.int64]]]]]:
    if schema.target.type == "segmentation":
        yield "", [(cases, np.arange(len(cases))) for cases in (real, made)]
        return
    for kind, name in enumerate(schema.target.classes):
        yield name, [(cases, np.flatnonzero(cases.target == kind)) for cases in (real, made)]


def _spread(images: NDArray[np.generic]) -> Spread:
    some = np.asarray(images[:: max(1, len(images) // 200)], np.float64)
    low, middle, high = np.quantile(some, [0.01, 0.5, 0.99]).tolist()
    high, count = high if high > low else low + 1.0, images.shape[1]
    return Spread(low=(low,) * count, high=(high,) * count, centre=(middle,) * count)


def _tile(cases: Cases, row: int, spread: Spread) -> Tile:
    tile = tile_of(shown(cases.arrays["image"][row], spread), SIZE)
    if "mask" not in cases.arrays:
        return tile
    mask, corner = cases.arrays["mask"][row], np.array(tile.corner)
    paths = [
        path * tile.factor + corner
        for label in np.unique(mask[mask > 0])
        for path in outlines(np.asarray(mask == label))
    ]
    pixels = draw_paths(tile.pixels, paths, TRUTH, dash=False) if paths else tile.pixels
    return Tile(pixels=pixels, inside=tile.inside, factor=tile.factor, corner=tile.corner)
