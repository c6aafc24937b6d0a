"""Pictures of images for the report: sheets of examples, outlines, maps laid over, as small PNGs.

Nothing in them tells who a patient is; what a picture shows is said in words beside it. Values are
drawn from the 1 % to the 99 % of the training images (`methods.corruption.spread`). Truth and
prediction differ in their line (solid, dashed) as well as in colour, and maps go from blue to
yellow in steps that look alike (a straight line in the colour space OKLab, Ottosson 2020): nobody
needs to tell red from green.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.methods.corruption.spread import Spread
from bedside.modalities.images.pictures_contours import Colour, draw_paths, outlines
from bedside.modalities.images.pictures_tiles import (
    Bytes,
    Tile,
    Values,
    arranged,
    most_marked,
    png,
    shown,
    tile_of,
)

TILE, LARGE = 96, 144
"""Edge of a tile in pixels, and of one with lines or a map on it."""
TRUTH: Colour = (255, 200, 40)
FOUND: Colour = (70, 180, 255)
AROUND = 0.35
"""What is shown around a mask, as a share of the mask's longer side."""
BLUE, YELLOW = (0.34, -0.02, -0.16), (0.92, -0.02, 0.145)
"""Ends of the palette of maps in OKLab: lightness, green to red, blue to yellow."""
TOP = 0.995
"""The map's value at this share of its places is drawn as the most."""
VEIL = 0.85
"""How much of the image the most covers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture for the report."""

    png: bytes
    title: str
    """A sentence, with the answer where there is one."""
    alt: str
    """What is to be seen, for those who cannot."""
    note: str = ""


def of_label(label: str, picture: Picture) -> Picture:
    """The picture, saying of which label it is."""
    return replace(picture, title=f"{label}: {picture.title}", alt=f"{label}: {picture.alt}")


def sheet(
    images: Values, spread: Spread, *, title: str, note: str = "", masks: Values | None = None,
    extent: Values | None = None, columns: int = 8, size: int = TILE,
) -> Picture:  # fmt: skip
    """Images [N, C, *spatial] side by side; of a volume the plane with most of its mask.

    `extent` [N, axes] is how much of each array is image, from the first corner on; see the head of
    this package. Without it all of it is.
    """
    _check(images, masks)
    tiles = []
    for place, whole in enumerate(images):
        within = _within(extent, place)
        image = whole[(slice(None), *within)]
        mask = None if masks is None else masks[place][within]
        tiles.append(tile_of(_plane(image, spread, _at(image, mask)), size))
    alt = f"{title}. Images side by side: {len(tiles)}."
    return Picture(png=png(*arranged(tiles, columns)), title=title, alt=alt, note=note)


def planes(
    image: Values, spread: Spread, *, title: str, mask: Values | None = None,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
) -> Picture:  # fmt: skip
    """The three middle planes of a volume [C, D, H, W], or those with the most of its mask.

    Axial, coronal, sagittal; the head is up. The mask [D, H, W] is outlined, if it is given.
    """
    _check(image[None], None if mask is None else mask[None])
    if image.ndim != 4:
        raise DataError("planes", expected="a volume [C, D, H, W]", found=f"{list(image.shape)}")
    tiles = []
    for axis in range(3):
        marked = np.zeros(image.shape[1:]) if mask is None else np.asarray(mask)
        at = most_marked(np.moveaxis(marked, axis, 0))
        pixels = np.take(shown(image, spread), at, axis)
        part = np.take(marked, at, axis)
        if axis > 0:  # slices run from the feet to the head, pictures from top to bottom
            pixels, part = pixels[::-1], part[::-1]
        tall, wide = (spacing[other] for other in range(3) if other != axis)
        tile = tile_of(np.ascontiguousarray(pixels), LARGE, tall / wide)
        tiles.append(_outlined(tile, part, TRUTH, dash=False, aspect=tall / wide))
    alt = f"{title}. An axial, a coronal and a sagittal plane."
    return Picture(png=png(*arranged(tiles, 3)), title=title, alt=alt,
                   note="Axial, coronal, sagittal.")  # fmt: skip


def best_and_worst(
    images: Values, truth: Values, found: Values, scores: NDArray[np.floating], spread: Spread,
    *, measure: str = "Dice", count: int = 6, extent: Values | None = None,
) -> list[Picture]:  # fmt: skip
    """Two sheets with outlines, of the images with the lowest and with the highest scores [N].

    `truth` and `found` are masks [N, *spatial]; the outline of a structure is drawn wherever it
    meets another or the background. The part around the outlines is shown, of a volume in the
    plane with most of them. Images whose score is not a number are left out.
    """
    _check(images, truth)
    _check(images, found)
    order = np.argsort(scores, kind="stable")
    order = order[np.isfinite(scores[order])]
    worst, best = order[:count], order[::-1][:count]
    pictures = []
    for word, rows in (("worst", worst), ("best", best)):
        if len(rows):
            tiles = [
                _case(images[row], truth[row], found[row], spread, within=_within(extent, row))
                for row in rows
            ]
            title = f"The {len(rows)} {word} of {len(order)}: {measure} {_range(scores[rows])}"
            said = ", ".join(f"{float(scores[row]):.2f}" for row in rows)
            pictures.append(Picture(
                png=png(*arranged(tiles, 6)), title=title,
                alt=f"{title}. The outline of the truth is solid, that of the model dashed.",
                note="Solid, yellow: truth. Dashed, blue: the model. From left to right: "
                f"{measure} {said}.",
            ))  # fmt: skip
    return pictures


def right_and_wrong(
    images: Values, given: NDArray[np.floating], labels: Sequence[str], spread: Spread,
    *, count: int = 8,
) -> list[Picture]:  # fmt: skip
    """Two sheets: images whose true answer was given the least probability, and the most.

    `given` [N] is the probability of the true answer, `labels` [N] the true answer in words.
    """
    _check(images, None)
    order = np.argsort(given, kind="stable")
    order = order[np.isfinite(given[order])]
    found = []
    for word, rows in (("most wrong", order[:count]), ("surest and right", order[::-1][:count])):
        said = "; ".join(f"{labels[row]} {_percent(given[row])}" for row in rows)
        title = f"The {len(rows)} {word} of {len(order)} images"
        note = f"The true answer and the probability it was given, from left to right: {said}."
        found.append(sheet(images[rows], spread, title=title, note=note, columns=count))
    return found


def overlays(
    images: Values, maps: NDArray[np.floating], spread: Spread, *, title: str, note: str = "",
    extent: Values | None = None,
) -> Picture:  # fmt: skip
    """Images above, and below them the same under their maps [N, *spatial] (0: nothing)."""
    _check(images, maps)
    above, below = [], []
    for place, (whole, drawn_S) in enumerate(zip(images, maps, strict=True)):
        within = _within(extent, place)
        image, map_S = whole[(slice(None), *within)], drawn_S[within]
        at = _at(image, map_S)
        plane = _plane(image, spread, at)
        above.append(tile_of(plane, LARGE))
        veil = map_S if at is None else map_S[at]
        below.append(tile_of(_veiled(plane, veil, map_S), LARGE))
    alt = f"{title}. Above the image, below it the map: yellow where it is strongest."
    words = "Below: from blue (little) to bright yellow (most), each image by itself."
    drawn = png(*arranged([*above, *below], len(images)))
    return Picture(png=drawn, title=title, alt=alt, note=f"{note} {words}".strip())


def palette(shares: NDArray[np.floating]) -> Bytes:
    """[..., 3] colours of shares from 0 (blue) to 1 (yellow)."""
    ends = np.array([BLUE, YELLOW])
    place = np.clip(shares, 0, 1)[..., None]
    lightness, a, b = np.moveaxis(ends[0] + place * (ends[1] - ends[0]), -1, 0)
    # From OKLab to linear sRGB; the coefficients are the definition's.
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack([
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    ], axis=-1).clip(0, 1)  # fmt: skip
    gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(gamma * 255), np.uint8)


def _case(
    image: Values, truth: Values, found: Values, spread: Spread, *, within: tuple[slice, ...]
) -> Tile:
    image = image[(slice(None), *within)]
    one, other = np.asarray(truth)[within], np.asarray(found)[within]
    at = _at(image, one.astype(np.bool_) | other.astype(np.bool_))
    plane = _plane(image, spread, at)
    if at is not None:
        one, other = one[at], other[at]
    window = _window(one.astype(np.bool_) | other.astype(np.bool_))
    tile = tile_of(np.ascontiguousarray(plane[window]), LARGE)
    tile = _outlined(tile, one[window], TRUTH, dash=False)
    return _outlined(tile, other[window], FOUND, dash=True)


def _window(marked: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The part around what is marked; everything where nothing is."""
    places = np.argwhere(marked)
    if not len(places):
        return (slice(None), slice(None))
    low, high = places.min(axis=0), places.max(axis=0) + 1
    middle, reach = (low + high) / 2, (0.5 + AROUND) * float((high - low).max()) + 3
    return tuple(
        slice(max(0, round(at - reach)), min(size, round(at + reach)))
        for at, size in zip(middle, marked.shape, strict=True)
    )


def _within(extent: Values | None, place: int) -> tuple[slice, ...]:
    """Of an array's spatial axes, what is image."""
    if extent is None:
        return (Ellipsis,)  # type: ignore[return-value]  # numpy's own name for all of them
    return tuple(slice(0, int(size)) for size in np.asarray(extent[place], np.int64))


def _outlined(tile: Tile, mask: Values, colour: Colour, *, dash: bool, aspect: float = 1.0) -> Tile:
    """The tile with each structure of a mask [H, W] outlined."""
    corner = np.array(tile.corner)
    scale = np.array([tile.factor * aspect, tile.factor])
    labels = np.unique(mask[mask.astype(np.bool_)])
    paths = [
        path * scale + corner for label in labels for path in outlines(np.asarray(mask == label))
    ]
    pixels = draw_paths(tile.pixels, paths, colour, dash=dash) if paths else tile.pixels
    return Tile(pixels=pixels, inside=tile.inside, factor=tile.factor, corner=tile.corner)


def _veiled(plane: Bytes, veil: Values, whole: NDArray[np.floating]) -> Bytes:
    """A plane under its part of a map, coloured by the whole map's own scale."""
    most = float(np.quantile(whole.clip(0), TOP)) or float(whole.max())
    share = np.clip(np.asarray(veil, np.float64) / most, 0, 1) if most > 0 else np.zeros(veil.shape)
    cover = VEIL * np.sqrt(share)[..., None]
    return np.rint((1 - cover) * plane * 0.8 + cover * palette(share)).astype(np.uint8)


def _at(image: Values, mask: Values | None) -> int | None:
    """Which plane of a volume is shown; None for a picture."""
    if image.ndim == 3:
        return None
    return image.shape[1] // 2 if mask is None else most_marked(mask)


def _plane(image: Values, spread: Spread, at: int | None) -> Bytes:
    return shown(image if at is None else image[:, at], spread)


def _check(images: Values, masks: Values | None) -> None:
    if images.ndim not in (4, 5) or not len(images):
        raise DataError(
            "pictures", expected="images [N, C, H, W] or [N, C, D, H, W], N at least 1",
            found=f"shape {list(images.shape)}",
        )  # fmt: skip
    if masks is not None and masks.shape != (len(images), *images.shape[2:]):
        raise DataError(
            "pictures", expected=f"masks or maps {[len(images), *images.shape[2:]]}",
            found=f"shape {list(masks.shape)}",
        )  # fmt: skip


def _range(scores: NDArray[np.floating]) -> str:
    low, high = f"{float(scores.min()):.2f}", f"{float(scores.max()):.2f}"
    return low if low == high else f"{low} to {high}"


def _percent(share: np.floating) -> str:
    if share > 0.995:
        return "over 99.5 %"
    return f"{100 * float(share):.0f} %" if share >= 0.01 else f"{100 * float(share):.2g} %"
