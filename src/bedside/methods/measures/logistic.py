"""Logistic regressions of a few columns, one for each replicate, by Newton's method side by side.

All replicates share one design, so each step is three matrix products and one pass of `exp` over a
block that stays in the processor's cache. They start at the solution of the whole sample, where the
first step needs no `exp` at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bedside.methods.measures.sample import FloatArray, IntArray

MOST_STEPS = 50
CLOSE = 1e-5
"""A last step that moves no row's log odds by more leaves a mean gradient below 0.05 CLOSE^2."""
LEAST_VOLUME = 1e-10
"""Smallest determinant, over the product of the diagonal, of an information matrix still solved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticRegression:
    """Event ~ design @ theta + offset, weighted; build with `of`, solve with `fit`.

    Columns of the design should be near orthonormal in the sample (`orthonormal` makes them so).
    A step is damped by ln(1 + d) / d where it would move a row's log odds by d > 1, which makes
    Newton's method converge from anywhere when a solution exists (Sun and Tran-Dinh, Mathematical
    Programming 2019;178:145: the logistic loss is self-concordant with constant 1 in the log odds).
    """

    y: FloatArray
    """[N], may lie between 0 and 1."""
    design: FloatArray
    """[D, N], contiguous rows."""
    products: FloatArray
    """[D (D + 1) / 2, N] products of the rows, the upper triangle row by row."""
    square: IntArray
    """[D, D] where each pair of rows stands among the products."""
    extent: FloatArray
    """[D] largest absolute value in each row."""
    offset: FloatArray | None
    """[N], or none for zero."""
    start: FloatArray
    """[D] where every replicate begins."""
    residual: FloatArray
    """[N] outcome minus probability at the start."""
    variance: FloatArray
    """[N] p (1 - p) at the start."""

    @classmethod
    def of(
        cls, y: FloatArray, design_ND: FloatArray, weights: FloatArray,
        offset: FloatArray | None = None,
    ) -> LogisticRegression:  # fmt: skip
        """Prepare for replicates of the sample with `weights` [N], whose solution is the start."""
        design = np.ascontiguousarray(design_ND.T)
        first, second = np.triu_indices(len(design))
        zero = np.zeros(len(design))
        unset = cls(
            y=y, design=design, products=design[first] * design[second],
            square=_square(len(design)), extent=np.abs(design).max(axis=1), offset=offset,
            start=zero, residual=y, variance=y,
        )  # fmt: skip
        here = unset._starting_at(zero)
        solution = here.fit(weights[None])[0]
        return here._starting_at(solution) if np.isfinite(solution).all() else here

    def fit(self, weights: FloatArray) -> FloatArray:
        """Coefficients [B, D] for weights [B, N]; NaN where there is no finite, unique solution.

        The gradient of the mean log-likelihood at a solution is below 1e-11 in every column.
        """
        total = np.maximum(weights.sum(axis=1), np.finfo(np.float64).tiny)
        gradient = weights @ (self.design * self.residual).T / total[:, None]
        information = weights @ (self.products * self.variance).T / total[:, None]
        step, _, solved = self._step(gradient, information)
        events = weights @ self.y
        solved &= (events > 0) & (events < total)
        theta = np.where(solved[:, None], self.start + step, np.nan)
        active = np.flatnonzero(solved)
        for _ in range(MOST_STEPS):
            if not len(active):
                return theta
            weights_A = weights if len(active) == len(weights) else weights[active]
            gradient, information = self._derivatives(weights_A, theta[active])
            scale = total[active, None]
            step, reach, solved = self._step(gradient / scale, information / scale)
            theta[active] = np.where(solved[:, None], theta[active] + step, np.nan)
            active = active[solved & (reach > CLOSE)]
        theta[active] = np.nan
        return theta

    def predict(self, theta: FloatArray) -> FloatArray:
        """Probabilities [B, N] of the sample's rows under coefficients [B, D]."""
        negated = -theta @ self.design
        if self.offset is not None:
            negated -= self.offset
        with np.errstate(over="ignore"):
            np.exp(negated, out=negated)
        negated += 1.0
        return np.reciprocal(negated, out=negated)

    def _starting_at(self, start: FloatArray) -> LogisticRegression:
        p = self.predict(start[None])[0]
        return replace(self, start=start, residual=self.y - p, variance=p * (1.0 - p))

    def _derivatives(self, weights: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sums of the gradient [B, D] and of the information [B, D (D + 1) / 2]."""
        p_BN = self.predict(theta)
        part_BN = self.y - p_BN
        part_BN *= weights
        gradient = part_BN @ self.design.T
        np.subtract(1.0, p_BN, out=part_BN)
        part_BN *= p_BN
        part_BN *= weights
        return gradient, part_BN @ self.products.T

    def _step(
        self, gradient: FloatArray, information: FloatArray
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Damped Newton step [B, D], its reach in log odds [B], and which could be solved [B]."""
        matrix = information[:, self.square]
        diagonal = np.einsum("bdd->bd", matrix)
        # A determinant beyond rounding, relative to the diagonal: the columns can be told apart.
        solved = np.linalg.det(matrix) > LEAST_VOLUME * np.maximum(diagonal.prod(axis=1), 1e-300)
        matrix[~solved] = np.eye(len(self.design))
        step = np.linalg.solve(matrix, gradient[:, :, None])[:, :, 0].astype(np.float64, copy=False)
        reach = np.abs(step) @ self.extent
        far = reach > 1.0
        step[far] *= (np.log1p(reach[far]) / reach[far])[:, None]
        return step, reach, solved


def orthonormal(columns_ND: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Independent columns [N, D], D <= C, and the map [C, D] to them: columns @ map.

    Scaled so that the mean square of each is 1; a column that the ones before it explain is left
    out, as is a spline's when there are fewer distinct predictions than columns.
    """
    size = np.sqrt(np.einsum("nd,nd->d", columns_ND, columns_ND))
    size[size == 0] = 1.0
    triangle = np.linalg.qr(columns_ND / size, mode="r")
    kept = np.flatnonzero(np.abs(np.diag(triangle)) > 1e-7)
    triangle = np.linalg.qr(columns_ND[:, kept] / size[kept], mode="r")
    mapping = np.zeros((columns_ND.shape[1], len(kept)))
    mapping[kept] = np.linalg.inv(triangle) / size[kept][:, None] * np.sqrt(len(columns_ND))
    return columns_ND @ mapping, mapping


def _square(width: int) -> IntArray:
    """[D, D] where each pair of columns stands in the upper triangle laid out row by row."""
    square = np.zeros((width, width), dtype=np.int64)
    square[np.triu_indices(width)] = np.arange(width * (width + 1) // 2)
    return np.maximum(square, square.T)
