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

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.generic]
Box = tuple[int, int, int, int]
"""First row, first column, and the row and column after the last."""

STROKE = 11
"""Pixels: a stroke is thinner than this."""
_LOWEST, _TALLEST = 5, 90
_LEVELS = (0.12, 0.25, 0.5)
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
    return _merged(boxes)


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
    return Covered(values=values, boxes=tuple(_merged(found)), left=tuple(left))


def filled(frame: Array, boxes: list[Box], ring: int = 3) -> Array:
    """A copy in which each box has the median of the `ring` pixels around it, in each channel."""
    values = np.array(frame)
    for top, left, bottom, right in boxes:
        outer = np.zeros(frame.shape[:2], bool)
        outer[max(top - ring, 0) : bottom + ring, max(left - ring, 0) : right + ring] = True
        outer[top:bottom, left:right] = False
        around = frame[outer] if outer.any() else frame.reshape(-1, *frame.shape[2:])
        middle = np.partition(around, len(around) // 2, axis=0)[len(around) // 2]
        values[top:bottom, left:right] = middle
    return values


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
    unit = np.clip((plane - low) / (high - low), -1, 3)
    noise = float(np.median(np.abs(np.diff(unit, axis=1)))) * 1.05
    boxes: list[Box] = []
    for side in (unit, -unit):
        thin = ndimage.white_tophat(side, size=STROKE, mode="nearest")
        steep = ndimage.grey_dilation(side, 3) - ndimage.grey_erosion(side, 3)
        for level in _LEVELS:
            if level > 3 * noise:
                letters = _letters(side, thin, steep, level)
                boxes += [_around(line, unit.shape) for line in _lines(letters)]
    return boxes


def _letters(
    side: NDArray[np.float32],
    thin: NDArray[np.float32],
    steep: NDArray[np.float32],
    level: float,
) -> list[Letter]:
    labels, count = ndimage.label(thin > level, np.ones((3, 3), int))
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    letters = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        rows, columns = place
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if not (_LOWEST <= height <= _TALLEST and width <= 4 * height and areas[number] >= 5):
            continue
        inside = labels[place] == number
        letter = _letter(side[place], thin[place], steep[place], inside, place)
        if letter is not None:
            letters.append(letter)
    return letters


def _letter(
    side: NDArray[np.float32],
    thin: NDArray[np.float32],
    steep: NDArray[np.float32],
    inside: NDArray[np.bool_],
    place: tuple[slice, slice],
) -> Letter | None:
    """A letter if ink is even and edges are steep, else None."""
    values, heights = side[inside], thin[inside]
    contrast = float(np.percentile(heights, 80))
    ink = float(np.percentile(values, 80))
    uneven = float(np.percentile(values, 95) - ink) / contrast
    edge = float(np.percentile(steep[inside], 60)) / contrast
    if uneven > 0.25 or edge < 0.6:
        return None
    rows, columns = place
    return Letter(
        top=rows.start, bottom=rows.stop, left=columns.start, right=columns.stop,
        ink=ink, contrast=contrast,
    )  # fmt: skip


def _lines(letters: list[Letter]) -> Iterator[list[Letter]]:
    """Groups of letters side by side, alike in height and ink."""
    order = sorted(letters, key=lambda letter: letter.left)
    parent = list(range(len(order)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for number, one in enumerate(order):
        for other in range(number + 1, len(order)):
            two = order[other]
            if two.left - one.right > 1.3 * _TALLEST:
                break
            if _neighbours(one, two):
                parent[root(other)] = root(number)
    groups: dict[int, list[Letter]] = {}
    for number, letter in enumerate(order):
        groups.setdefault(root(number), []).append(letter)
    yield from (group for group in groups.values() if _is_line(group))


def _neighbours(one: Letter, two: Letter) -> bool:
    tall, small = max(one.height, two.height), min(one.height, two.height)
    gap = max(one.left, two.left) - min(one.right, two.right)
    overlap = min(one.bottom, two.bottom) - max(one.top, two.top)
    return (
        gap <= 1.3 * tall
        and tall <= 2.2 * small
        and overlap >= 0.5 * small
        and abs(one.ink - two.ink) <= 0.25 * max(one.contrast, two.contrast)
    )


def _is_line(group: list[Letter]) -> bool:
    heights = np.array([letter.height for letter in group], float)
    tall = float(np.median(heights))
    across = max(letter.right for letter in group) - min(letter.left for letter in group)
    parts = sum(max(1.0, letter.width / (0.9 * letter.height)) for letter in group)
    if parts < _LETTERS or across < 1.4 * tall:
        return False
    bottoms = np.array([letter.bottom for letter in group], float)
    tops = np.array([letter.top for letter in group], float)
    ragged = min(_spread(bottoms), _spread(tops)) / tall
    inks = np.array([letter.ink for letter in group])
    contrast = float(np.median([letter.contrast for letter in group]))
    return ragged <= 0.16 and _spread(inks) / contrast <= 0.12


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


def _merged(boxes: list[Box]) -> list[Box]:
    """Boxes that overlap become one, until none overlap."""
    merged: list[Box] = []
    for box in sorted(boxes):
        one = box
        while touching := [other for other in merged if _touch(one, other)]:
            merged = [other for other in merged if other not in touching]
            several = [one, *touching]
            one = (
                min(b[0] for b in several), min(b[1] for b in several),
                max(b[2] for b in several), max(b[3] for b in several),
            )  # fmt: skip
        merged.append(one)
    return sorted(merged)


def _touch(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
