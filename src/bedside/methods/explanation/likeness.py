"""How alike two maps are, and whether a map points at what was marked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from bedside.core.errors import DataError

Doubles = NDArray[np.float64]
WINDOW = 1.5
"""Standard deviation of the window of structural similarity, in elements."""


def rank_correlation(one: ArrayLike, other: ArrayLike) -> Doubles:
    """[N] Spearman correlation over the places of maps [N, *spatial]; NaN where one is constant.

    1: the same order of places; 0: nothing in common.
    """
    ranks = []
    for maps_NS in _pair(one, other):
        rank_NP = rankdata(maps_NS.reshape(len(maps_NS), -1), axis=1)
        ranks.append(rank_NP - rank_NP.mean(axis=1, keepdims=True))
    first, second = ranks
    size = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    product = (first * second).sum(axis=1)
    return np.asarray(
        np.divide(product, size, out=np.full(len(first), np.nan), where=size > 0), np.float64
    )


def structural_similarity(one: ArrayLike, other: ArrayLike) -> Doubles:
    """[N] SSIM of maps [N, *spatial], each scaled to its own ends (Wang et al., 2004)."""
    x, y = (_scaled(maps_NS) for maps_NS in _pair(one, other))
    sigma = (0.0, *[WINDOW] * (x.ndim - 1))

    def around(values: Doubles) -> Doubles:
        return np.asarray(gaussian_filter(values, sigma, mode="reflect"), np.float64)

    mean_x, mean_y = around(x), around(y)
    spread_x, spread_y = around(x * x) - mean_x**2, around(y * y) - mean_y**2
    both = around(x * y) - mean_x * mean_y
    light, texture = 0.01**2, 0.03**2
    found = (2 * mean_x * mean_y + light) * (2 * both + texture)
    found /= (mean_x**2 + mean_y**2 + light) * (spread_x + spread_y + texture)
    return np.asarray(found.reshape(len(found), -1).mean(axis=1), np.float64)


def points_at(maps: ArrayLike, masks: ArrayLike) -> Doubles:
    """[N] 1 where the largest value of a map lies within the mask, else 0; NaN without a mask.

    The pointing game (Zhang et al., ECCV 2016), without a margin. Of several largest places, the
    share that lies within.
    """
    maps_NS, marked_NS = _pair(maps, np.asarray(masks) > 0)
    flat, marked = (side.reshape(len(side), -1) for side in (maps_NS, marked_NS))
    largest = flat == flat.max(axis=1, keepdims=True)
    share = (largest & (marked > 0)).sum(axis=1) / largest.sum(axis=1)
    return np.asarray(np.where(marked.any(axis=1), share, np.nan), np.float64)


def chance_of_pointing(masks: ArrayLike) -> Doubles:
    """[N] share of the places that are marked: how often a blind map would point right."""
    marked = np.asarray(masks) > 0
    share = marked.reshape(len(marked), -1).mean(axis=1)
    return np.asarray(np.where(share > 0, share, np.nan), np.float64)


def _scaled(maps_NS: Doubles) -> Doubles:
    axes = tuple(range(1, maps_NS.ndim))
    low = maps_NS.min(axis=axes, keepdims=True)
    wide = maps_NS.max(axis=axes, keepdims=True) - low
    return np.asarray((maps_NS - low) / np.where(wide > 0, wide, 1.0), np.float64)


def _pair(one: ArrayLike, other: ArrayLike) -> tuple[Doubles, Doubles]:
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if first.shape != second.shape or first.ndim < 2:
        raise DataError(
            "maps", expected="two arrays [N, *spatial] of one shape",
            found=f"{list(first.shape)} and {list(second.shape)}",
        )  # fmt: skip
    return first, second
