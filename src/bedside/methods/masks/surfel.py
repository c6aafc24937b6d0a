"""How much surface lies between neighbouring voxels: the area of each of the 256 ways in which the
eight voxels around a corner can be inside or outside (in pictures: the length of each of the 16).

The surface is that of marching cubes (Lorensen and Cline, SIGGRAPH 1987) through the middles of the
edges that join an inner with an outer voxel. The table is derived here, for any spacing: on each
face of the cell the cut edges are joined in pairs, the pairs close to loops, and a loop is filled
with triangles around its middle. Where a face could be cut in two ways, the inner voxels are kept
apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Corner = tuple[int, ...]
Edge = frozenset[Corner]
Link = tuple[Edge, Edge]


@lru_cache(maxsize=64)
def surfel_sizes(spacing: tuple[float, ...]) -> Floats:
    """Surface in a cell by its code: [256] mm^2 for three axes, [16] mm for two.

    Bit b of a code is the b-th of `corners(len(spacing))`, set where that voxel is inside.
    """
    places = corners(len(spacing))
    steps = np.asarray(spacing)
    sizes = np.zeros(1 << len(places))
    for code in range(1, len(sizes) - 1):
        inside = {place for bit, place in enumerate(places) if code >> bit & 1}
        links = [link for face in _faces(len(spacing)) for link in _cut(face, inside)]
        if len(spacing) == 2:
            sizes[code] = sum(_length(link, steps) for link in links)
        else:
            sizes[code] = sum(_area(loop, steps) for loop in _loops(links))
    sizes.flags.writeable = False
    return sizes


def corners(axes: int) -> tuple[Corner, ...]:
    """The voxels of a cell, by offset along each axis."""
    return tuple(product((0, 1), repeat=axes))


def _faces(axes: int) -> Iterator[tuple[Corner, ...]]:
    """Each face as its four corners in a circle."""
    circle = ((0, 0), (0, 1), (1, 1), (1, 0))
    if axes == 2:
        yield circle
        return
    for axis, side in product(range(3), (0, 1)):
        yield tuple((*place[:axis], side, *place[axis:]) for place in circle)


def _cut(face: tuple[Corner, ...], inside: set[Corner]) -> list[Link]:
    """The lines in which the surface meets a face: none, one or two."""
    edges = [frozenset((face[i], face[(i + 1) % 4])) for i in range(4)]
    cut = [edge for edge in edges if len(edge & inside) == 1]
    if len(cut) < 4:
        return [(cut[0], cut[1])] if cut else []
    # Corners alternate: edges i - 1 and i meet at corner i; a line about each inner corner.
    return [(edges[i - 1], edges[i]) for i in range(4) if face[i] in inside]


def _loops(links: list[Link]) -> Iterator[list[Edge]]:
    """Lines end to end until they close; each edge ends two of them."""
    rest = list(links)
    while rest:
        start, end = rest.pop()
        loop = [start]
        while end != start:
            following = next(link for link in rest if end in link)
            rest.remove(following)
            loop.append(end)
            end = following[1] if following[0] == end else following[0]
        yield loop


def _middle(edge: Edge, steps: Floats) -> Floats:
    middle: Floats = np.mean([*edge], axis=0) * steps
    return middle


def _length(link: Link, steps: Floats) -> float:
    return float(np.linalg.norm(_middle(link[0], steps) - _middle(link[1], steps)))


def _area(loop: list[Edge], steps: Floats) -> float:
    points = np.array([_middle(edge, steps) for edge in loop])
    arms = points - points.mean(axis=0)
    return float(np.linalg.norm(np.cross(arms, np.roll(arms, -1, axis=0)), axis=1).sum() / 2)
