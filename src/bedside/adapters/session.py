"""ONNX Runtime: a released graph, from the bytes that were checked, on CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from bedside.core.errors import BundleError

Arrays = Mapping[str, NDArray[np.generic]]
Compute = Callable[[Arrays], tuple[NDArray[np.float32], NDArray[np.float32]]]


def open_graph(content: bytes, threads: int = 0) -> Compute:
    """A function from the arrays of N samples to `value` [N, K] and `novelty` [N].

    `threads` 0: as many as there are cores. The function may be called from several threads.

    Raises BundleError where the content is no graph with these outputs.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # onnxruntime's own exceptions share no base class but this one
        raise _no_graph("bytes that are no ONNX graph") from error
    wanted = [item.name for item in session.get_inputs()]
    given = {item.name for item in session.get_outputs()}
    if not {"value", "novelty"} <= given:
        raise _no_graph("no output 'value' or no 'novelty'")

    def compute(arrays: Arrays) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        fed = {name: np.ascontiguousarray(arrays[name]) for name in wanted}
        value, novelty = session.run(["value", "novelty"], fed)
        return value, np.asarray(novelty).reshape(-1)

    return compute


def _no_graph(found: str) -> BundleError:
    return BundleError("graph.onnx", expected="an ONNX graph of bedside's", found=found)
