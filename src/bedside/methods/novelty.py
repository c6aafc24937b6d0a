"""How unlike the training patients a patient is: one distance for numbers, gaps and categories.

Mahalanobis distance (Mahalanobis 1936) in coordinates that a long tail cannot stretch, with the
covariance shrunk as Ledoit and Wolf (J Multivar Anal 2004;88:365) do. It is never less than the
distance of any one coordinate by itself, so a single value far outside its range shows, and so does
a combination of values that do not go together.

The score, in float32 throughout (x [N, P] numbers with NaN for missing, c [N, C] codes):

    u   = where(isnan(x), knots[0], x)
    z   = scores[0] + min(u - knots[0], 0) * below + max(u - knots[4], 0) * above
          + sum over k = 0..3 of min(max(u - knots[k], 0), knots[k+1] - knots[k]) * slopes[k]
    z   = where(isnan(x), typical, min(max(z, -1e6), 1e6))
    i   = lookup[starts + min(max(c, 0), sizes)]                              rows of `rows`
    y   = concat(z, isnan(x)) @ matrix + sum over columns of rows[i] - shift
    score = sqrt(sum over y of y * y)

So a graph needs Where, IsNaN, Sub, Min, Max, Mul, Gather, Concat, MatMul, ReduceSum and Sqrt.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.special import ndtri

from bedside.core.errors import DataError

Floats = NDArray[np.float32]
Codes = NDArray[np.int64]

FIT_ROWS = 100_000
"""Training rows used at most, evenly spaced, for quantiles and covariance: more change neither."""
SCORE_ROWS = 8192
"""Rows scored at a time, to stay in cache."""
LEVELS = 32
"""Categories of a column with a coordinate of their own; rarer ones share one."""
FURTHEST = np.float32(1e6)
TAIL = 0.05
TAIL_SCORE = -float(ndtri(TAIL))
FLOOR_NUMBER, FLOOR_LABEL = 0.02, 0.2
"""Added to the variance of a number, of a gap or category: a rare category is then at most
sqrt(1 / 0.2) = 2.2 away by itself, and rounding in nearly equal columns is not news."""
UNSEEN = 10.0
"""How far away a category is that no training patient had."""
FENCE = 8.0
"""Spreads beyond the tail where values of training stop being believed."""
TAME = 5.0
"""Training values count as this far at most for the covariance, which they would else stretch."""
STEEPEST = 4.0
"""Slope of the outer pieces at most, in units of the middle one."""
RARE = 0.001
"""Share of training patients under which a category has no coordinate of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """What `fit` learnt; `params` names the arrays of the formula above."""

    knots: Floats
    """[5, P] rising in each column: fence, 5 %, median, 95 %, fence."""
    scores: Floats
    """[1, P] z at the first knot."""
    slopes: Floats
    """[4, P] z per unit between the knots."""
    below: Floats
    """[P] z per unit under the first knot."""
    above: Floats
    """[P] z per unit over the last."""
    typical: Floats
    """[P] mean z, which a missing value takes."""
    lookup: Codes
    """[sum of sizes + 1] row of `rows` for each code of each column; the last row is for unseen."""
    starts: Codes
    """[C] where a column begins in `lookup`."""
    sizes: Codes
    """[C] number of codes; this one and above were not seen in training."""
    rows: Floats
    """[R, F] what a category adds to y."""
    matrix: Floats
    """[2 P, F] what z and the gaps add to y."""
    shift: Floats
    """[F] y of the average training patient."""

    @property
    def params(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name: `Novelty(**params)` is the same score."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def score(self, numeric: Floats, codes: Codes) -> Floats:
        """[N] distance of each row from the training patients, 0 or more and finite."""
        x_NP, c_NC = _checked(numeric, codes)
        if (x_NP.shape[1], c_NC.shape[1]) != (self.knots.shape[1], len(self.starts)):
            raise DataError(
                "novelty", expected=f"{self.knots.shape[1]} numbers and {len(self.starts)} codes",
                found=f"{x_NP.shape[1]} and {c_NC.shape[1]}",
            )  # fmt: skip
        parts = [
            self._score(x_NP[start : start + SCORE_ROWS], c_NC[start : start + SCORE_ROWS])
            for start in range(0, len(x_NP), SCORE_ROWS)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _score(self, x_NP: Floats, c_NC: Codes) -> Floats:
        inputs = np.concatenate([self._z(x_NP), np.isnan(x_NP).astype(np.float32)], axis=1)
        y_NF = inputs @ self.matrix - self.shift
        for index_N in self._rows(c_NC).T:
            y_NF += self.rows[index_N]
        return np.asarray(np.sqrt(np.einsum("nf,nf->n", y_NF, y_NF)), np.float32)

    def _z(self, x_NP: Floats) -> Floats:
        gap = np.isnan(x_NP)
        u = np.where(gap, self.knots[0], x_NP)
        z = self.scores[0] + np.minimum(u - self.knots[0], 0) * self.below
        z += np.maximum(u - self.knots[4], 0) * self.above
        for k in range(4):
            width = self.knots[k + 1] - self.knots[k]
            z += np.minimum(np.maximum(u - self.knots[k], 0), width) * self.slopes[k]
        return np.where(gap, self.typical, np.clip(z, -FURTHEST, FURTHEST)).astype(np.float32)

    def _rows(self, c_NC: Codes) -> Codes:
        return np.asarray(self.lookup[self.starts + np.clip(c_NC, 0, self.sizes)], np.int64)


def fit(numeric: Floats, codes: Codes) -> Novelty:
    """Learn from training patients: `numeric` [N, P] with NaN, `codes` [N, C] with 0 for missing.

    >>> rng = np.random.default_rng(0)
    >>> seen = fit(rng.normal(37, 0.5, (500, 1)).astype(np.float32), np.zeros((500, 0), np.int64))
    >>> in_range, fahrenheit = seen.score(np.array([[37.2], [98.6]], np.float32), np.zeros((2, 0)))
    >>> bool(in_range < 2 < 50 < fahrenheit)
    True
    """
    x_NP, c_NC = _checked(numeric, codes)
    if len(x_NP) < 2 or x_NP.shape[1] + c_NC.shape[1] == 0:
        raise DataError(
            "novelty", expected="two training patients or more, one field or more",
            found=f"{len(x_NP)} patients, {x_NP.shape[1] + c_NC.shape[1]} fields",
        )  # fmt: skip
    lookup, starts, sizes = _levels(c_NC)
    every = np.linspace(0, len(x_NP) - 1, min(len(x_NP), FIT_ROWS)).astype(np.int64)
    x_NP, c_NC = x_NP[every], c_NC[every]
    columns = _columns([_column(x_N[np.isfinite(x_N)]) for x_N in x_NP.T])
    labels = int(lookup.max(initial=0)) + 1  # with the unseen, if there are codes at all
    bare = Novelty(
        **columns, lookup=lookup, starts=starts, sizes=sizes, typical=np.zeros(1, np.float32),
        rows=np.zeros((0, 0), np.float32), matrix=np.zeros((0, 0), np.float32),
        shift=np.zeros(0, np.float32),
    )  # fmt: skip
    z_NP, gap_NP = bare._z(x_NP), np.isnan(x_NP)
    typical = z_NP.sum(axis=0, where=~gap_NP) / np.maximum((~gap_NP).sum(axis=0), 1)
    label_NL = np.zeros((len(c_NC), labels), np.float32)
    np.put_along_axis(label_NL, bare._rows(c_NC), 1.0, axis=1)
    label_NL = label_NL[:, :-1]
    tame_NP = np.clip(np.where(gap_NP, typical, z_NP), -TAME, TAME)
    inputs_NF = np.concatenate([tame_NP, gap_NP, label_NL], axis=1)
    weights_FF, shift_F = _whitening(inputs_NF.astype(np.float64), x_NP.shape[1])
    return replace(
        bare, typical=typical.astype(np.float32), shift=shift_F,
        matrix=weights_FF[: 2 * x_NP.shape[1]], rows=weights_FF[2 * x_NP.shape[1] :],
    )  # fmt: skip


def shrunk_covariance(x_NF: NDArray[np.float64]) -> NDArray[np.float64]:
    """[F, F] covariance of centred rows, drawn towards its mean variance (Ledoit and Wolf 2004)."""
    rows, width = x_NF.shape
    sample_FF = x_NF.T @ x_NF / rows
    target_FF = np.trace(sample_FF) / width * np.eye(width)
    spread = ((sample_FF - target_FF) ** 2).sum()
    noise = (((x_NF**2).sum(axis=1) ** 2).sum() / rows - (sample_FF**2).sum()) / rows
    share = min(noise, spread) / spread if spread > 0 else 0.0
    return np.asarray(share * target_FF + (1 - share) * sample_FF, np.float64)


def _whitening(inputs_NF: NDArray[np.float64], numbers: int) -> tuple[Floats, Floats]:
    """Weights [F, F] and shift [F] after which the training patients have unit covariance.

    With one coordinate and one row more, for categories that were not seen.
    """
    mean_F = inputs_NF.mean(axis=0)
    floor = np.full(inputs_NF.shape[1], FLOOR_LABEL)
    floor[:numbers] = FLOOR_NUMBER
    lower = cholesky(shrunk_covariance(inputs_NF - mean_F) + np.diag(floor), lower=True)
    weights_FF = np.zeros((len(floor) + 1, len(floor) + 1))
    weights_FF[:-1, :-1] = solve_triangular(lower, np.eye(len(floor)), lower=True).T
    weights_FF[-1, -1] = UNSEEN
    shift_F = np.append(mean_F, 0.0) @ weights_FF
    return weights_FF.astype(np.float32), shift_F.astype(np.float32)


def _column(values: Floats) -> dict[str, NDArray[np.float64]]:
    """Knots, scores and slopes of one column from its finite values."""
    if not len(values):
        values = np.zeros(1, np.float32)
    low, q_low, middle, q_high, high = np.quantile(
        values.astype(np.float64), [0, TAIL, 0.5, 1 - TAIL, 1]
    )
    least = 1e-5 * max(abs(q_low), abs(q_high), 1e-30)  # what float32 can still tell apart
    down, up = ((w if w > least else 0.0) / TAIL_SCORE for w in (middle - q_low, q_high - middle))
    spare = (high - low) / 4 or 0.1 * max(abs(middle), 1.0)
    down, up = down or up or spare, up or down or spare
    knots = np.array([
        max(low, q_low - FENCE * down), q_low, middle, q_high, min(high, q_high + FENCE * up)
    ])  # fmt: skip
    widths = np.diff(knots)
    outer = -float(ndtri(0.5 / max(len(values), 20))) - TAIL_SCORE
    rises = np.array([
        min(outer, widths[0] * STEEPEST / down), TAIL_SCORE, TAIL_SCORE,
        min(outer, widths[3] * STEEPEST / up),
    ])  # fmt: skip
    slopes = np.divide(rises, widths, out=np.zeros(4), where=widths > least)
    first = -(slopes[0] * widths[0] + slopes[1] * widths[1])
    return {
        "knots": knots, "scores": np.array([first]), "slopes": slopes,
        "below": np.array([1 / down]), "above": np.array([1 / up]),
    }  # fmt: skip


def _columns(found: list[dict[str, NDArray[np.float64]]]) -> dict[str, Floats]:
    shapes = {"knots": 5, "scores": 1, "slopes": 4, "below": 1, "above": 1}
    stacked = {
        name: np.stack([one[name] for one in found], axis=1) if found else np.zeros((rows, 0))
        for name, rows in shapes.items()
    }
    arrays = {name: array.astype(np.float32) for name, array in stacked.items()}
    return arrays | {name: arrays[name][0] for name in ("below", "above")}


def _levels(c_NC: Codes) -> tuple[Codes, Codes, Codes]:
    """Lookup, starts and sizes: which categories have a row, share the column's, are unseen."""
    lookup: list[NDArray[np.int64]] = []
    used = 0
    for codes_N in c_NC.T:
        counts = np.bincount(np.maximum(codes_N, 0))
        own = np.argsort(-counts, kind="stable")[:LEVELS]
        own = own[counts[own] >= max(RARE * len(codes_N), 1)]
        rows = np.where(counts > 0, used + len(own), -1)
        rows[0] = used + len(own)  # missing is no news of its own: its share is limited elsewhere
        rows[own] = used + np.arange(len(own))
        lookup.append(np.append(rows, -1))
        used += len(own) + 1
    sizes = np.array([len(rows) - 1 for rows in lookup], np.int64)
    joined = np.concatenate(lookup) if lookup else np.zeros(0, np.int64)
    return np.where(joined < 0, used, joined), np.cumsum(sizes + 1) - sizes - 1, sizes


def _checked(numeric: Floats, codes: Codes) -> tuple[Floats, Codes]:
    x_NP, c_NC = np.asarray(numeric, np.float32), np.asarray(codes, np.int64)
    if x_NP.ndim != 2 or c_NC.ndim != 2 or len(x_NP) != len(c_NC):
        raise DataError(
            "novelty", expected="numbers [N, P] and codes [N, C]",
            found=f"{x_NP.shape} and {c_NC.shape}",
        )  # fmt: skip
    return x_NP, c_NC
