"""Text drawn into the pixels of an image: where it is, and covering it.

Drawn text differs from anatomy in four ways that are looked for together: strokes are thin, their
edges rise within a pixel or two, all letters have one and the same ink, and letters of one height
stand side by side on a line. Nothing is read: what is found is a place that looks like writing.

Method: a top-hat (F. Meyer, 1979) leaves what is thinner than a stroke may be; its connected parts
at several heights above the noise are letters if they look like it (in the spirit of the stroke
width transform of Epshtein, Ofek and Wexler, CVPR 2010); neighbours of like height and ink make a
line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Array = NDArray[np.generic]
Box = tuple[int, int, int, int]
"""First row, first column, and the row and column after the last."""

STROKES = {5: 1.05, 11: 0.92}
"""A stroke is thinner than so many pixels, and from what `_drawn` on a line is one. The small size
tells small letters from anatomy, and is asked for more. Set on MR slices without text, of which
about one in twenty still has a line."""
_LOWEST, _TALLEST = 5, 90
_LEVELS = (0.04, 0.12, 0.25, 0.5, 1.0)
"""Heights above the surroundings, in units of the frame's usual range."""
_CLIP = 4.0
_FAINT = 0.18
"""Least height for ink that is told by its value alone."""
_INKS, _FEWEST = 3, 25
"""How many frequent values are tried, and how many pixels make one."""
_GAP = 1.3
"""Between letters of a line, in letters' heights."""
_LETTERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A connected part that looks like a letter, or like letters that touch."""

    top: int
    left: int
    bottom: int
    right: int
    ink: float
    """Its typical value."""
    contrast: float
    """How far the ink stands off what is around it."""
    uneven: float
    """How much its values differ, as a share of the contrast."""
    edge: float
    """How much of the contrast its edges rise within two pixels."""

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A frame whose text is covered."""

    values: Array
    """As the frame, with each box filled from around it."""
    boxes: tuple[Box, ...]
    left: tuple[Box, ...]
    """What still looks like text after covering."""


def text_boxes(frame: Array) -> list[Box]:
    """Where a frame [H, W] or [H, W, 3] of whole or real numbers has lines that look like text.

    Text is found where it runs along rows, upright or upside down, in letters of 5 to 90 rows,
    lighter or darker than what is around it; at least three letters, of one colour.
    """
    boxes = [box for plane in _planes(frame) for box in _of_plane(plane)]
    return _apart(boxes)


def cover_text(frame: Array, looks: int = 3) -> Covered:
    """Cover what looks like text, and look again, up to `looks` times in all.

    >>> import numpy as np
    >>> cover_text(np.zeros((64, 64), np.uint8)).boxes
    ()
    """
    values, found, left = frame, [], text_boxes(frame)
    for _ in range(max(looks - 1, 1)):
        if not left:
            break
        found += left
        values = filled(values, left)
        left = text_boxes(values)
    return Covered(values=values, boxes=tuple(_apart(found)), left=tuple(left))


def filled(frame: Array, boxes: list[Box], ring: int = 3) -> Array:
    """A copy in which what the boxes cover has the median of the `ring` pixels around it.

    Boxes that touch are filled as one; each channel is filled for itself.
    """
    values = np.array(frame)
    covered = covering(frame.shape[:2], boxes)
    labels, _ = ndimage.label(covered)
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        wide = (
            slice(max(rows.start - ring, 0), rows.stop + ring),
            slice(max(columns.start - ring, 0), columns.stop + ring),
        )
        inside = labels[wide] == number
        around = frame[wide][ndimage.binary_dilation(inside, iterations=ring) & ~covered[wide]]
        around = around if len(around) else frame.reshape(-1, *frame.shape[2:])
        values[wide][inside] = np.partition(around, len(around) // 2, axis=0)[len(around) // 2]
    return values


def covering(shape: tuple[int, ...], boxes: Iterable[Box]) -> NDArray[np.bool_]:
    """[H, W] where boxes lie."""
    covered = np.zeros(shape, bool)
    for top, left, bottom, right in boxes:
        covered[top:bottom, left:right] = True
    return covered


def _planes(frame: Array) -> Iterator[NDArray[np.float32]]:
    """The channels that differ, as real numbers without holes."""
    whole = np.nan_to_num(np.asarray(frame, np.float32), posinf=0.0, neginf=0.0)
    if whole.ndim == 2:
        yield whole
        return
    seen: list[NDArray[np.float32]] = []
    for channel in range(whole.shape[2]):
        plane = np.ascontiguousarray(whole[:, :, channel])
        if not any(np.array_equal(plane, other) for other in seen):
            seen.append(plane)
            yield plane


def _of_plane(plane: NDArray[np.float32]) -> list[Box]:
    low, high = np.percentile(plane, (0.5, 99.5))
    low, high = (low, high) if high > low else (plane.min(), plane.max())
    if not high > low:
        return []
    unit = np.clip((plane - low) / (high - low), -_CLIP, _CLIP)
    noise = float(np.median(np.abs(np.diff(unit, axis=1)))) * 1.05
    boxes: list[Box] = []
    for side in (unit, -unit):
        steep = ndimage.maximum_filter(side, 3) - ndimage.minimum_filter(side, 3)
        for stroke, least in STROKES.items():
            thin = ndimage.white_tophat(side, size=stroke, mode="nearest")
            boxes += _of_side(side, thin, steep, (3 * noise, least))
    return boxes


def _of_side(
    side: NDArray[np.float32],
    thin: NDArray[np.float32],
    steep: NDArray[np.float32],
    least: tuple[float, float],
) -> Iterator[Box]:
    height, drawn = least
    for mask in _masks(side, thin, height):
        for line in _lines(_letters(side, thin, steep, mask), drawn):
            yield _grown(_around(line, side.shape), line, side, thin)


def _masks(
    side: NDArray[np.float32], thin: NDArray[np.float32], least: float
) -> Iterator[NDArray[np.bool_]]:
    """Where there may be ink: above each level, and around each value that is strangely frequent.

    A drawn text has one value; where it lies on anatomy as bright, only that tells them apart.
    """
    for level in _LEVELS:
        if level >= least:
            yield thin > level
    least = max(least, _FAINT)
    candidates = thin > least
    values, heights = side[candidates], thin[candidates]
    counts, edges = np.histogram(values, bins=800, range=(-_CLIP, _CLIP))
    usual = ndimage.median_filter(counts, 15, mode="nearest")
    excess = counts - usual - 8 * np.sqrt(usual + 1)
    for number in np.argsort(excess)[::-1][:_INKS]:
        if excess[number] < _FEWEST:
            return
        ink = (edges[number] + edges[number + 1]) / 2
        near = np.abs(values - ink) <= edges[1] - edges[0]
        contrast = float(np.median(heights[near]))
        yield (side >= ink - 0.45 * contrast) & (side <= ink + 0.1 * contrast) & (thin > least)


def _letters(
    side: NDArray[np.float32],
    thin: NDArray[np.float32],
    steep: NDArray[np.float32],
    mask: NDArray[np.bool_],
) -> list[Letter]:
    labels, count = ndimage.label(mask, np.ones((3, 3), int))
    flat = labels.ravel()
    areas = np.bincount(flat, minlength=count + 1)
    rises = np.bincount(flat, steep.ravel(), count + 1) / np.maximum(
        np.bincount(flat, thin.ravel(), count + 1), 1e-9
    )
    letters: list[Letter] = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        if areas[number] < 5 or rises[number] < 0.5:
            continue
        rows, columns = place
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if not (_LOWEST <= height <= _TALLEST and width <= 4 * height):
            continue
        inside = labels[place] == number
        letters += _letter(side[place], thin[place], steep[place], inside, place)
    return letters


def _letter(
    side: NDArray[np.float32],
    thin: NDArray[np.float32],
    steep: NDArray[np.float32],
    inside: NDArray[np.bool_],
    place: tuple[slice, slice],
) -> Iterator[Letter]:
    """A letter, if ink is roughly even and edges are roughly steep."""
    values = np.sort(side[inside])
    contrast = _at(np.sort(thin[inside]), 0.8)
    ink = _at(values, 0.8)
    uneven = (_at(values, 0.95) - ink) / contrast
    edge = _at(np.sort(steep[inside]), 0.6) / contrast
    if uneven > 0.3 or edge < 0.5:
        return
    rows, columns = place
    yield Letter(
        top=rows.start, bottom=rows.stop, left=columns.start, right=columns.stop,
        ink=ink, contrast=contrast, uneven=uneven, edge=edge,
    )  # fmt: skip


def _lines(letters: list[Letter], drawn: float) -> list[list[Letter]]:
    """Groups of letters side by side, alike in height and ink, that look drawn."""
    if len(letters) < 2:
        return []
    order = sorted(letters, key=lambda letter: letter.left)
    one, two = _neighbours(order)
    size = len(order)
    near = coo_matrix((np.ones(len(one), bool), (one, two)), shape=(size, size))
    count, group_of = connected_components(near, directed=False)
    groups: list[list[Letter]] = [[] for _ in range(count)]
    for letter, number in zip(order, group_of, strict=True):
        groups[number].append(letter)
    return [group for group in groups if len(group) > 1 and _is_line(group, drawn)]


def _neighbours(order: list[Letter]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of letters, by number, that could follow each other; `order` runs from the left."""
    place = np.array([(a.top, a.left, a.bottom, a.right) for a in order], np.int32)
    shade = np.array([(a.ink, a.contrast) for a in order], np.float32)
    starts = place[:, 1]
    ends = np.searchsorted(starts, place[:, 3] + round(_GAP * _TALLEST), side="right")
    counts = np.maximum(ends - np.arange(len(order)) - 1, 0)
    one = np.repeat(np.arange(len(order)), counts)
    two = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
    heights = place[:, 2] - place[:, 0]
    tall, small = np.maximum(heights[one], heights[two]), np.minimum(heights[one], heights[two])
    gap = starts[two] - place[one, 3]
    overlap = np.minimum(place[one, 2], place[two, 2]) - np.maximum(place[one, 0], place[two, 0])
    unlike = np.abs(shade[one, 0] - shade[two, 0]) / np.maximum(shade[one, 1], shade[two, 1])
    fits = (gap <= _GAP * tall) & (tall <= 2.2 * small) & (overlap >= 0.5 * small)
    fits &= unlike <= 0.25
    return one[fits], two[fits]


def _is_line(group: list[Letter], drawn: float) -> bool:
    heights = np.array([letter.height for letter in group], float)
    tall = float(np.median(heights))
    across = max(letter.right for letter in group) - min(letter.left for letter in group)
    parts = sum(max(1.0, letter.width / (0.9 * letter.height)) for letter in group)
    if len(group) < 2 or parts < _LETTERS or across < 1.8 * tall:
        return False
    bottoms = np.array([letter.bottom for letter in group], float)
    tops = np.array([letter.top for letter in group], float)
    if bottoms.max() - tops.min() > 2.3 * tall:
        return False
    ragged = min(_spread(bottoms), _spread(tops)) / tall
    inks = np.array([letter.ink for letter in group])
    contrast = float(np.median([letter.contrast for letter in group]))
    if ragged > 0.16 or _spread(inks) / contrast > 0.12:
        return False
    return _drawn(group, ragged) >= drawn


def _drawn(group: list[Letter], ragged: float) -> float:
    """How much a line looks drawn: even ink that stands out, steep edges, many letters in line."""
    edge = float(np.median([letter.edge for letter in group]))
    uneven = float(np.median([letter.uneven for letter in group]))
    contrast = float(np.median([letter.contrast for letter in group]))
    heights = np.array([letter.height for letter in group], float)
    tall = float(np.median(heights))
    unlike = _spread(heights) / tall + 0.01 * max(tall - 24, 0)  # anatomy makes tall ones
    many = 0.04 * min(len(group), 8) + 0.3 * min(contrast, 0.6)
    return min(edge, 1.0) + many - 2 * uneven - 0.7 * ragged - 0.5 * unlike


def _at(ordered: NDArray[np.float32], share: float) -> float:
    return float(ordered[round(share * (len(ordered) - 1))])


def _spread(values: NDArray[np.floating]) -> float:
    """Median distance from the median."""
    return float(np.median(np.abs(values - np.median(values))))


def _around(line: list[Letter], shape: tuple[int, ...]) -> Box:
    """The box of a line with a margin for descenders, accents and soft edges."""
    top, bottom = min(item.top for item in line), max(item.bottom for item in line)
    left, right = min(item.left for item in line), max(item.right for item in line)
    tall = float(np.median([item.height for item in line]))
    up, side = 2 + round(0.3 * tall), 2 + round(0.5 * tall)
    return (
        max(top - up, 0), max(left - side, 0),
        min(bottom + up, shape[0]), min(right + side, shape[1]),
    )  # fmt: skip


def _grown(
    box: Box, line: list[Letter], side: NDArray[np.float32], thin: NDArray[np.float32]
) -> Box:
    """The box with what goes on in the same ink at either end, letters or not, to twice its width.

    At its ends a line may run over anatomy that letters cannot be told from one by one.
    """
    top, left, bottom, right = box
    ink = float(np.median([letter.ink for letter in line]))
    contrast = float(np.median([letter.contrast for letter in line]))
    tall = round(float(np.median([letter.height for letter in line])))
    rows = slice(min(item.top for item in line), max(item.bottom for item in line))
    inked = np.abs(side[rows] - ink) <= 0.15 * contrast
    columns = (inked & (thin[rows] > 0.2 * contrast)).any(axis=0)
    gap = round(_GAP * tall)
    reach = max(right - left, 4 * tall)
    end, last = right, min(right + reach, len(columns))
    while (found := np.flatnonzero(columns[end : min(end + gap, last)])).size:
        end += int(found[-1]) + 1
    begin, first = left, max(left - reach, 0)
    while (found := np.flatnonzero(columns[max(begin - gap, first) : begin])).size:
        begin = max(begin - gap, first) + int(found[0])
    margin = round(0.3 * tall)
    return (
        top, max(begin - (margin if begin < left else 0), 0),
        bottom, min(end + (margin if end > right else 0), side.shape[1]),
    )  # fmt: skip


def _apart(boxes: list[Box]) -> list[Box]:
    """Without boxes that lie within another."""
    apart: list[Box] = []
    for box in sorted(set(boxes), key=lambda b: (b[0] - b[2]) * (b[3] - b[1])):
        if not any(_within(box, other) for other in apart):
            apart.append(box)
    return sorted(apart)


def _within(one: Box, two: Box) -> bool:
    return one[0] >= two[0] and one[1] >= two[1] and one[2] <= two[2] and one[3] <= two[3]
