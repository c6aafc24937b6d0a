"""Tiles of a picture: a plane of an image in 8 bits, brought to size, set side by side, as PNG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bedside.methods.corruption.spread import Spread

Values = NDArray[np.generic]
Bytes = NDArray[np.uint8]
GAP = 4
GREYS, COLOURS = 63, 120
"""Shades kept: more are not told apart at this size, and cost bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A square with an image in its middle."""

    pixels: Bytes
    """[size, size, 3]"""
    inside: NDArray[np.bool_]
    """[size, size] where the image is; the rest is see-through."""
    factor: float
    """Pixels of the tile for one of the image."""
    corner: tuple[float, float]
    """Where the image begins: row, column."""


def shown(image: Values, spread: Spread) -> Bytes:
    """[*spatial, 3] in 8 bits of an image [C, *spatial], from the spread's low to its high.

    The channels of a colour share one window, so that their balance stays.
    """
    low, high = min(spread.low), max(spread.high)
    scaled = (np.asarray(image, np.float32) - low) / (high - low)
    bytes_CS = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    channels = bytes_CS if len(bytes_CS) == 3 else bytes_CS[:1].repeat(3, axis=0)
    return np.moveaxis(channels, 0, -1)


def most_marked(mask: Values) -> int:
    """Which plane of a volume [D, H, W] has the most that is not 0; the middle one if none has."""
    marked = np.asarray(mask, np.float64).clip(0).reshape(len(mask), -1).sum(axis=1)
    return int(marked.argmax()) if marked.any() else len(mask) // 2


def tile_of(plane: Bytes, size: int, aspect: float = 1.0) -> Tile:
    """A plane [H, W, 3] brought to the size; `aspect` is a pixel's height over its width."""
    tall, wide = plane.shape[0] * aspect, float(plane.shape[1])
    factor = size / max(tall, wide)
    rows, columns = max(1, round(tall * factor)), max(1, round(wide * factor))
    drawn = Image.fromarray(plane).resize((columns, rows), Image.Resampling.BICUBIC)
    top, left = (size - rows) // 2, (size - columns) // 2
    pixels = np.zeros((size, size, 3), np.uint8)
    inside = np.zeros((size, size), np.bool_)
    pixels[top : top + rows, left : left + columns] = np.asarray(drawn)
    inside[top : top + rows, left : left + columns] = True
    return Tile(pixels=pixels, inside=inside, factor=factor, corner=(top, left))


def arranged(tiles: Sequence[Tile], columns: int) -> tuple[Bytes, NDArray[np.bool_]]:
    """All tiles [H, W, 3] row by row with gaps, and where there is something to see [H, W]."""
    size = len(tiles[0].inside)
    columns = max(1, min(columns, len(tiles)))
    rows, step = math.ceil(len(tiles) / columns), size + GAP
    pixels = np.zeros((rows * step - GAP, columns * step - GAP, 3), np.uint8)
    inside = np.zeros(pixels.shape[:2], np.bool_)
    for at, tile in enumerate(tiles):
        top, left = at // columns * step, at % columns * step
        pixels[top : top + size, left : left + size] = tile.pixels
        inside[top : top + size, left : left + size] = tile.inside
    return pixels, inside


def png(pixels: Bytes, inside: NDArray[np.bool_]) -> bytes:
    """With a palette, see-through outside. Grey is kept in 63 shades, colour in 120."""
    if (pixels == pixels[..., :1]).all():
        index = np.rint(pixels[..., 0] / 255.0 * (GREYS - 1)).astype(np.uint8)
        shades = np.rint(np.linspace(0, 255, GREYS)).astype(np.uint8)[:, None].repeat(3, axis=1)
    else:
        few = Image.fromarray(pixels).quantize(COLOURS, dither=Image.Dither.NONE)
        index = np.asarray(few, np.uint8)
        palette = few.getpalette() or []
        shades = np.array(palette, np.uint8).reshape(-1, 3)[:COLOURS]
    picture = Image.fromarray(np.where(inside, index + 1, 0).astype(np.uint8))
    picture.putpalette([0, 0, 0, *shades.ravel().tolist()])
    held = BytesIO()
    picture.save(held, "PNG", optimize=True, transparency=0)
    return held.getvalue()
