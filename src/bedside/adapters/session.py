"""A released graph at work: from arrays to `value` and `novelty`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.onnx import Graph
from bedside.core.errors import BundleError

Arrays = Mapping[str, NDArray[np.generic]]
Compute = Callable[[Arrays], tuple[NDArray[np.float32], NDArray[np.float32]]]


def open_graph(content: bytes, threads: int = 1) -> Compute:
    """A function from the arrays of N samples to `value` [N, K] and `novelty` [N].

    `threads` 0: as many as there are cores. The function may be called from several threads.

    Raises BundleError where the content is no graph, or one without these outputs.
    """
    graph = Graph(content, threads)

    def compute(arrays: Arrays) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        found = graph.run(arrays)
        if not {"value", "novelty"} <= found.keys():
            raise BundleError(
                "graph.onnx", expected="the outputs 'value' and 'novelty'", found="others"
            )
        value = np.asarray(found["value"], np.float32)
        return value, np.asarray(found["novelty"], np.float32).reshape(-1)

    return compute
