"""A released graph at work: from arrays to `value` and `novelty`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.onnx import Graph
from bedside.core.errors import BundleError

ELEMENTS = 1 << 20
"""Numbers, or pixels, that go through a graph at once, so that memory is bounded: a network holds
a hundred times as many within. And at most `BATCH` rows."""
BATCH = 65_536
Arrays = Mapping[str, NDArray[np.generic]]
Compute = Callable[[Arrays], tuple[NDArray[np.float32], NDArray[np.float32]]]


def open_graph(content: bytes, threads: int = 1) -> Compute:
    """A function from the arrays of N samples to `value` [N, K] and `novelty` [N].

    `threads` 0: as many as there are cores. The function may be called from several threads; many
    samples go through the graph in parts.

    Raises BundleError where the content is no graph, or one without these outputs.
    """
    graph = Graph(content, threads)

    def part(arrays: Arrays) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        found = graph.run(arrays)
        if not {"value", "novelty"} <= found.keys():
            raise BundleError(
                "graph.onnx", expected="the outputs 'value' and 'novelty'", found="others"
            )
        value = np.asarray(found["value"], np.float32)
        return value, np.asarray(found["novelty"], np.float32).reshape(-1)

    def compute(arrays: Arrays) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = len(next(iter(arrays.values())))
        batch = _rows_at_once(arrays)
        if rows <= batch:
            return part(arrays)
        parts = [
            part({name: values[at : at + batch] for name, values in arrays.items()})
            for at in range(0, rows, batch)
        ]
        values, novelty = zip(*parts, strict=True)
        return np.concatenate(values), np.concatenate(novelty)

    return compute


def _rows_at_once(arrays: Arrays) -> int:
    each = sum(values[:1].size for values in arrays.values())
    return max(1, min(BATCH, ELEMENTS // max(each, 1)))
