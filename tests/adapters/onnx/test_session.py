from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.linear import constant_graph
from bedside.core.errors import BundleError


def test_reads_a_file_or_bytes(tmp_path: Path) -> None:
    content = constant_graph(np.array([0.5]), (2, 1))
    (tmp_path / "graph.onnx").write_bytes(content)
    arrays = {"numeric": np.zeros((2, 2), np.float32), "codes": np.zeros((2, 1), np.int64)}
    for source in (content, tmp_path / "graph.onnx"):
        assert Graph(source).run(arrays)["value"].tolist() == [[0.5], [0.5]]


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "graph.onnx").write_bytes(b"not a graph")
    with pytest.raises(BundleError, match=r"graph\.onnx.*expected an ONNX graph"):
        Graph(tmp_path / "graph.onnx")
