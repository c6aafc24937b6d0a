"""Hand-crafted features of pictures and volumes, as a torch module that is exported like a network.

Grey values, bands of a difference-of-Gaussians pyramid and their extremes (Marr and Hildreth 1980;
Lindeberg 1998), edges by direction (after Dalal and Triggs 2005), local binary patterns (Ojala et
al. 2002), co-occurrence at a distance (after Haralick 1973), coarse layout and rings. Fixed, but
for the range of grey values that training has: nothing is fitted to an outcome.

All is sums, products and sorts in float32. Blurring is a product with a matrix, edges repeated, so
that its cost does not grow with its width. An image with more than 2^18 elements is first halved
along its longest axes until it has fewer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bedside.core.errors import DataError

Part = tuple[Sequence[str], Tensor]
"""Names [P] and their values [N, P]."""

WIDTHS = (0.8, 1.6, 3.2, 6.4)
"""Standard deviations of the blurs, in elements."""
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
TAIL = 0.01
"""Share of the elements that counts as a band's tail."""
OFFSETS = (1, 2, 4)
RINGS = 4
CELLS = {2: (4, 4), 3: (2, 3, 3)}
"""Cells of the layout along each axis."""
MOST, MOST_SORTED = 1 << 18, 1 << 14
"""Elements that are looked at, and those that are sorted for quantiles; more are averaged first."""
FURTHEST = 8.0
"""Grey values end so many training ranges away from the range."""
LEAST = 8
"""Rows and columns at least."""
SPREAD, LEAST_SPREAD = 3.0, 1e-20
"""Deviations from an image's mean where its own usual range ends, and what is no number at all."""
APART = 10.0
"""How many times the usual range may differ between training images that have one scale."""
TINY = 1e-6
"""Added to variances that are divided by: rounding in a constant image is no texture."""
_CIRCLE = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))


class ImageFeatures(nn.Module):
    """From `image` [N, C, H, W] or [N, C, D, H, W] of any number type to `numeric` [N, P].

    >>> features = ImageFeatures((1, 16, 16), low=0.0, high=255.0)
    >>> features(torch.zeros(3, 1, 16, 16, dtype=torch.uint8)).shape[0], features.names[:2]
    (3, ('mean', 'deviation'))
    """

    def __init__(self, shape: Sequence[int], *, low: float, high: float, own: bool = False) -> None:
        """`shape` [C, H, W] or [C, D, H, W]; `low` and `high` end the usual grey values; with `own`
        each image is first brought to 0 to 1, `SPREAD` deviations about its own mean."""
        super().__init__()
        self.shape = tuple(int(size) for size in shape)
        if len(self.shape) not in (3, 4) or min(self.shape) < 1 or min(self.shape[-2:]) < LEAST:
            raise DataError(
                "image features",
                expected=f"[C, H, W] or [C, D, H, W] with {LEAST} rows and columns or more",
                found=str(list(self.shape)),
            )  # fmt: skip
        self.low, self.high, self.own = float(low), float(high), own
        self.scale = 1.0 / max(self.high - self.low, 1e-12)
        self.rank = len(self.shape) - 1
        self.pools, sizes = _pools(self.shape[1:], MOST)
        self.sorted_pools, _ = _pools(sizes, MOST_SORTED)
        for axis, (size, cells) in enumerate(zip(sizes, CELLS[self.rank], strict=True)):
            for level, width in enumerate(WIDTHS):
                self.register_buffer(f"blur_{level}_{axis}", _float32(_blur(size, width)))
            self.register_buffer(f"slope_{axis}", _float32(_slope(size)))
            self.register_buffer(f"cells_{axis}", _float32(_cells(size, cells)))
        self.register_buffer("rings", _float32(_rings(sizes)))
        with torch.no_grad():
            parts = self._parts(torch.zeros(1, *self.shape))
        self.names = tuple(name for names, _ in parts for name in names)
        """What each number is, in words."""

    def forward(self, image: Tensor) -> Tensor:
        """`numeric` [N, P], finite for all but NaN."""
        return torch.cat([values for _, values in self._parts(image)], dim=1)

    def _parts(self, image: Tensor) -> list[Part]:
        raw_NC = _pooled(image.to(torch.float32), self.pools)
        raw_NC = self._by_itself(raw_NC) if self.own else raw_NC
        grey = raw_NC[:, 0] if self.shape[0] == 1 else raw_NC.mean(dim=1)
        x = self._scaled(grey)
        mean, centred = _centred(x)
        levels = [centred, *(self._blurred(centred, level) for level in range(len(WIDTHS)))]
        fine = centred - levels[2]
        parts = [self._intensity(x, mean, centred), _bands(levels)]
        parts += [self._edges(levels[level + 1], f"{WIDTHS[level]} px") for level in (0, 1)]
        parts.append(_patterns(grey))
        parts += [_texture(centred, offset) for offset in OFFSETS]
        parts += [self._layout(centred, fine), self._rings(centred, fine)]
        return parts if self.shape[0] == 1 else [*parts, self._colour(raw_NC, x)]

    def _by_itself(self, raw_NC: Tensor) -> Tensor:
        """Each image's numbers so that its own usual range is 0 to 1."""
        flat = raw_NC.flatten(1)
        flat = flat / torch.clamp(flat.abs().amax(dim=1, keepdim=True), min=LEAST_SPREAD)
        centred = flat - flat.mean(dim=1, keepdim=True)
        spread = 2 * SPREAD * centred.square().mean(dim=1, keepdim=True).sqrt()
        share = centred / torch.clamp(spread, min=TINY) + 0.5
        return share.reshape(raw_NC.shape)

    def _scaled(self, values: Tensor) -> Tensor:
        return torch.clamp((values - self.low) * self.scale, -FURTHEST, 1 + FURTHEST)

    def _along(self, x: Tensor, kind: str, axis: int) -> Tensor:
        """A matrix [M, size] along one axis of [N, ...]."""
        matrix: Tensor = getattr(self, f"{kind}_{axis}")
        if axis == self.rank - 1:
            return torch.matmul(x, matrix.T)
        if axis == self.rank - 2:
            return torch.matmul(matrix, x)
        sizes = list(x.shape[2:])
        flat = torch.matmul(matrix, x.flatten(2))
        return flat.reshape(-1, matrix.shape[0], *sizes)

    def _everywhere(self, x: Tensor, kind: str) -> Tensor:
        for axis in range(self.rank):
            x = self._along(x, kind, axis)
        return x

    def _blurred(self, x: Tensor, level: int) -> Tensor:
        return self._everywhere(x, f"blur_{level}")

    def _intensity(self, x: Tensor, mean: Tensor, centred: Tensor) -> Part:
        names = ["mean", "deviation", "skewness", "tails"]
        variance, skew, tails = _moments(centred.flatten(1))
        ordered = _pooled(x[:, None], self.sorted_pools).flatten(1).sort(dim=1).values
        last = ordered.shape[1] - 1
        places = torch.tensor([round(share * last) for share in QUANTILES])
        names += [f"quantile {share:g}" for share in QUANTILES]
        moments = torch.stack([mean, _root(variance), skew, tails], dim=1)
        return names, torch.cat([moments, ordered[:, places]], dim=1)

    def _edges(self, blurred: Tensor, scale: str) -> Part:
        slopes = [self._along(blurred, "slope", axis) for axis in range(self.rank)]
        size = _root(torch.stack(slopes).square().sum(dim=0)).flatten(1)
        mean = size.mean(dim=1)
        if self.rank == 2:
            slopes += [(slopes[0] + slopes[1]) * 0.5**0.5, (slopes[0] - slopes[1]) * 0.5**0.5]
            where = ["down", "across", "falling", "rising"]
        else:
            where = ["through", "down", "across"]
        shares = [slope.flatten(1).abs().mean(dim=1) / mean for slope in slopes]
        names = [f"edges at {scale}", f"strongest edges at {scale}"]
        names += [f"share of edges {word} at {scale}" for word in where]
        return names, torch.stack([torch.log(mean), _top(size) / mean, *shares], dim=1)

    def _layout(self, centred: Tensor, fine: Tensor) -> Part:
        means = self._everywhere(centred, "cells").flatten(1)
        energies = _root(self._everywhere(fine.square(), "cells")).flatten(1)
        places = [
            f"cell {'-'.join(str(i + 1) for i in place)}" for place in np.ndindex(*CELLS[self.rank])
        ]
        names = [f"{what} in {place}" for what in ("grey", "texture") for place in places]
        return names, torch.cat([means, energies], dim=1)

    def _rings(self, centred: Tensor, fine: Tensor) -> Part:
        rings: Tensor = self.get_buffer("rings")
        means = torch.matmul(centred.flatten(1), rings)
        energies = _root(torch.matmul(fine.square().flatten(1), rings))
        names = [f"{what} in ring {k + 1}" for what in ("grey", "texture") for k in range(RINGS)]
        return names, torch.cat([means, energies], dim=1)

    def _colour(self, raw_NC: Tensor, grey: Tensor) -> Part:
        names, values = [], []
        for channel in range(self.shape[0]):
            mean, centred = _centred(self._scaled(raw_NC[:, channel]) - grey)
            band = self._blurred(centred, 1) - self._blurred(centred, 2)
            values += [mean, *(_root(x.flatten(1).square().mean(dim=1)) for x in (centred, band))]
            tint = f"channel {channel + 1} over grey"
            names += [tint, f"deviation of {tint}", f"band under {WIDTHS[2]} px of {tint}"]
        return names, torch.stack(values, dim=1)


def fitted_features(images: NDArray[np.generic]) -> ImageFeatures:
    """The features of images like these: `images` [N, C, H, W] or [N, C, D, H, W] of training.

    Only the usual range of grey values is learned, from at most 512 of the images. Where some have
    a range that is many times that of most, as in MR, whose numbers have no unit, there is no scale
    common to them: then each is brought to its own.
    """
    if images.ndim not in (4, 5) or not len(images):
        raise DataError(
            "image features", expected="images [N, C, H, W] or [N, C, D, H, W], one or more",
            found=str(list(images.shape)),
        )  # fmt: skip
    every = np.unique(np.linspace(0, len(images) - 1, min(len(images), 512)).astype(np.int64))
    values = images[every].reshape(-1)
    values = np.asarray(values[:: max(len(values) // 2_000_000, 1)], np.float64)
    values = values[np.isfinite(values)]
    low, high = np.quantile(values, [0.005, 0.995]) if len(values) else (0.0, 1.0)
    if not high > low:
        low, high = low - 0.5, low + 0.5
    own = _scales_differ(images[every])
    low, high = (0.0, 1.0) if own else (float(low), float(high))
    return ImageFeatures(images.shape[1:], low=low, high=high, own=own).eval()


def _scales_differ(images: NDArray[np.generic]) -> bool:
    flat = images.reshape(len(images), -1)
    flat = flat[:, :: max(flat.shape[1] // 4000, 1)]
    ranges = []
    for row in flat:
        seen = np.asarray(row, np.float64)
        seen = seen[np.isfinite(seen)]
        ranges.append(float(np.ptp(np.quantile(seen, [0.005, 0.995]))) if len(seen) else 0.0)
    return max(ranges) > APART * float(np.median(ranges)) > 0


def _bands(levels: Sequence[Tensor]) -> Part:
    """Energy, asymmetry and extremes of each band: a blob is a far value of its own scale."""
    blurs = torch.stack([level.flatten(1) for level in levels], dim=1)
    bands_NBE = blurs[:, :-1] - blurs[:, 1:]
    energy, skew, tails = _moments(bands_NBE)
    deviation = _root(energy)
    values = [
        torch.log(energy + TINY), skew, tails, bands_NBE.amax(dim=2) / deviation,
        -bands_NBE.amin(dim=2) / deviation, _top(bands_NBE), _top(-bands_NBE),
    ]  # fmt: skip
    what = ("energy", "skewness", "tails", "brightest", "darkest", "bright tail", "dark tail")
    names = [f"{word} of the band under {width} px" for word in what for width in WIDTHS]
    return names, torch.cat(values, dim=1)


def _patterns(grey: Tensor) -> Part:
    """Local binary patterns in each plane: how many of eight neighbours are brighter.

    Patterns with more than one bright arc count together.
    """
    rows, columns = grey.shape[-2] - 2, grey.shape[-1] - 2
    inner = grey[..., 1 : 1 + rows, 1 : 1 + columns]
    bits = [
        (grey[..., i : i + rows, j : j + columns] > inner).to(torch.float32) for i, j in _CIRCLE
    ]
    ring = torch.stack(bits)
    changes = (ring - torch.roll(ring, 1, dims=0)).abs().sum(dim=0)
    kind = torch.where(changes <= 2, ring.sum(dim=0), 9.0).flatten(1)
    shares = (kind[:, None] == torch.arange(10.0)[:, None]).to(torch.float32).mean(dim=2)
    names = [f"{count} of 8 neighbours brighter" for count in range(9)] + ["neighbours mixed"]
    return names, shares


def _texture(centred: Tensor, offset: int) -> Part:
    """Contrast, likeness and correlation of elements `offset` apart, and contrast by axis."""
    variance = _moments(centred.flatten(1))[0] + TINY
    contrasts, alike, together = [], [], []
    for axis in range(1, centred.ndim):
        size = centred.shape[axis] - offset
        if size < 1:
            continue
        one, other = centred.narrow(axis, 0, size), centred.narrow(axis, offset, size)
        apart = (one - other).square().flatten(1)
        contrasts.append(apart.mean(dim=1))
        alike.append((1 / (1 + 400 * apart)).mean(dim=1))
        together.append((one * other).flatten(1).mean(dim=1) / variance)
    mean = torch.stack(contrasts).mean(dim=0)
    uneven = torch.log((contrasts[-1] + TINY) / (contrasts[-2] + TINY))
    values = [
        torch.log(mean + TINY),
        *(torch.stack(v).mean(dim=0) for v in (alike, together)),
        uneven,
    ]
    what = ("contrast", "likeness", "correlation", "contrast across over down")
    return [f"{word} at {offset} px" for word in what], torch.stack(values, dim=1)


def _centred(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [N], and the rest; in two steps, for a sum of many float32 is not exact."""
    ones = [1] * (x.ndim - 1)
    first = x.flatten(1).mean(dim=1)
    rest = x - first.reshape(-1, *ones)
    second = rest.flatten(1).mean(dim=1)
    return first + second, rest - second.reshape(-1, *ones)


def _moments(flat: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Variance, skewness and kurtosis of the last axis, each around 0."""
    square = flat.square()
    variance = square.mean(dim=-1)
    steady = variance + TINY
    skew = (square * flat).mean(dim=-1) / (steady * torch.sqrt(steady))
    return variance, skew, square.square().mean(dim=-1) / steady.square()


def _root(x: Tensor) -> Tensor:
    return torch.sqrt(x + TINY)


def _top(flat: Tensor) -> Tensor:
    """Mean of the largest of the last axis."""
    return flat.topk(max(1, round(TAIL * flat.shape[-1])), dim=-1).values.mean(dim=-1)


def _pools(sizes: Sequence[int], most: int) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """Poolings by two of the longest axis, until `most` elements are left; and the sizes then."""
    pools, left = [], list(sizes)
    while math.prod(left) > most:
        longest = left.index(max(left))
        pools.append(tuple(2 if axis == longest else 1 for axis in range(len(left))))
        left[longest] //= 2
    return tuple(pools), tuple(left)


def _pooled(x: Tensor, pools: Sequence[tuple[int, ...]]) -> Tensor:
    pool = nn.functional.avg_pool3d if x.ndim == 5 else nn.functional.avg_pool2d
    for kernel in pools:
        x = pool(x, kernel)  # type: ignore[operator,unused-ignore]  # torch's stubs lose its type
    return x


def _float32(matrix: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(matrix.astype(np.float32))


def _blur(size: int, width: float) -> NDArray[np.float64]:
    """[size, size] Gaussian blur of `width` elements along an axis, edges repeated."""
    reach = math.ceil(4 * width)
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (steps / width) ** 2)
    matrix = np.zeros((size, size))
    for row in range(size):
        np.add.at(matrix[row], np.clip(row + steps, 0, size - 1), weights / weights.sum())
    return matrix


def _slope(size: int) -> NDArray[np.float64]:
    """[size, size] half the difference of both neighbours, edges repeated."""
    matrix = np.zeros((size, size))
    for row in range(size):
        matrix[row, min(row + 1, size - 1)] += 0.5
        matrix[row, max(row - 1, 0)] -= 0.5
    return matrix


def _cells(size: int, cells: int) -> NDArray[np.float64]:
    """[cells, size] means over equal lengths of an axis; elements at a border count by parts."""
    edges = np.linspace(0, size, cells + 1)
    low, high = np.arange(size), np.arange(size) + 1
    overlap = np.minimum(high, edges[1:, None]) - np.maximum(low, edges[:-1, None])
    matrix = np.maximum(overlap, 0.0)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True), np.float64)


def _rings(sizes: Sequence[int]) -> NDArray[np.float64]:
    """[elements, RINGS] means by distance from the middle; the image's sides end the third."""
    grids = np.meshgrid(*[(np.arange(s) + 0.5) / s * 2 - 1 for s in sizes], indexing="ij")
    radius = np.sqrt(sum(grid**2 for grid in grids)).reshape(-1)
    ring = np.minimum((radius * (RINGS - 1)).astype(np.int64), RINGS - 1)
    matrix = (ring[:, None] == np.arange(RINGS)).astype(np.float64)
    return np.asarray(matrix / np.maximum(matrix.sum(axis=0), 1), np.float64)
