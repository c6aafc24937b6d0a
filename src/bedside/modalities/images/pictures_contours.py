"""Outlines of masks, solid or dashed, drawn with a dark edge so that they show on any grey."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Path = NDArray[np.float64]
"""[P, 2] row and column of each point, in pixels from the corner; the last joins the first."""
Colour = tuple[int, int, int]
FINE = 3
"""Lines are drawn this many times larger and then shrunk, so that their edges are smooth."""
WIDTH, EDGE = 1.7, 3.0
"""Of a line and of the dark line below it, in pixels."""
DASH = (7.0, 5.0)
"""On and off, in pixels."""
DARK: Colour = (0, 0, 0)


def outlines(mask: NDArray[np.bool_]) -> list[Path]:
    """Closed paths around the marked pixels of [H, W], through the middles of their edges.

    >>> [len(path) for path in outlines(np.array([[True, True, False]]))]
    [6]
    """
    following = _edges(mask)
    paths = []
    while following:
        start, ends = next(iter(following.items()))
        corners = [start]
        here = ends.pop()
        _drop_empty(following, start)
        while here != start:
            corners.append(here)
            before, here = here, following[here].pop()
            _drop_empty(following, before)
        points = np.array(corners, np.float64)
        paths.append((points + np.roll(points, -1, axis=0)) / 2)
    return paths


def _edges(mask: NDArray[np.bool_]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Edges between marked and unmarked pixels, from corner to corner, the marked to the right."""
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    sides = (
        (padded[:-2, 1:-1], (0, 0), (0, 1)), (padded[1:-1, 2:], (0, 1), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (1, 0)), (padded[1:-1, :-2], (1, 0), (0, 0)),
    )  # fmt: skip
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for neighbour, start, end in sides:
        for row, column in np.argwhere(inside & ~neighbour).tolist():
            corner = (row + start[0], column + start[1])
            found.setdefault(corner, []).append((row + end[0], column + end[1]))
    return found


def _drop_empty(
    following: dict[tuple[int, int], list[tuple[int, int]]], corner: tuple[int, int]
) -> None:
    if not following[corner]:
        del following[corner]


def draw_paths(
    picture: NDArray[np.uint8], paths: list[Path], colour: Colour, *, dash: bool
) -> NDArray[np.uint8]:
    """The picture [H, W, 3] with the paths, in its own pixels, drawn over it."""
    size = (picture.shape[1] * FINE, picture.shape[0] * FINE)
    large = Image.fromarray(picture).resize(size, Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(large)
    for path in paths:
        closed = np.concatenate([path, path[:1]])
        pieces = list(_dashes(closed)) if dash else [closed]
        for shade, width in ((DARK, EDGE), (colour, WIDTH)):
            for piece in pieces:
                points = [(float(x) * FINE, float(y) * FINE) for y, x in piece]
                pen.line(points, fill=shade, width=round(width * FINE), joint="curve")
    shrunk = large.resize((picture.shape[1], picture.shape[0]), Image.Resampling.BOX)
    return np.asarray(shrunk, np.uint8)


def _dashes(path: Path) -> Iterator[Path]:
    """Pieces of a path, DASH[0] long and DASH[1] apart."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    period = sum(DASH)
    count = max(1, round(along[-1] / period))
    for number in range(count):
        start = number * along[-1] / count
        end = start + along[-1] / count * DASH[0] / period
        places = np.concatenate([[start], along[(along > start) & (along < end)], [end]])
        yield np.stack([np.interp(places, along, path[:, axis]) for axis in (0, 1)], axis=1)
