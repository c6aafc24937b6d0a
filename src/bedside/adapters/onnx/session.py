"""A graph at work in ONNX Runtime, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from bedside.core.errors import BundleError

Arrays = Mapping[str, NDArray[np.generic]]


class Graph:
    """A loaded graph; the same bytes give the same numbers for any number of threads' callers.

    One thread by default and none that spins: sessions work side by side in processes.
    """

    def __init__(self, source: Path | bytes, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        content = source.read_bytes() if isinstance(source, Path) else source
        try:
            self._session = ort.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own exceptions share no base class but this one
            raise BundleError(
                source.name if isinstance(source, Path) else "graph",
                expected="an ONNX graph", found="something else",
            ) from error  # fmt: skip
        self._inputs = [item.name for item in self._session.get_inputs()]
        self._outputs = [item.name for item in self._session.get_outputs()]
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, arrays: Arrays) -> dict[str, NDArray[np.generic]]:
        """Outputs by name: `value` [N, K], and `novelty` [N] where the graph has it."""
        fed = {name: np.ascontiguousarray(arrays[name]) for name in self._inputs}
        return dict(zip(self._outputs, self._session.run(self._outputs, fed), strict=True))
