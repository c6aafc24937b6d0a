from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bedside.adapters.onnx import Graph
from bedside.adapters.onnx.torch_export import export_torch


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.line, self.table = nn.Linear(2, 3), nn.Embedding(4, 3)

    def forward(self, numeric: Tensor, codes: Tensor) -> Tensor:
        known = torch.nan_to_num(numeric)
        return torch.sigmoid((self.line(known) + self.table(codes).sum(dim=1)).double())


def test_exports_quietly_and_runs_for_any_number_of_rows(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    module = Small().eval()
    content = export_torch(module, 2, 1)
    captured = capfd.readouterr()
    loud = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert (captured.out, captured.err, loud) == ("", "", [])
    graph = Graph(content)
    for rows in (0, 1, 2, 7):
        numeric = np.random.default_rng(rows).normal(size=(rows, 2)).astype(np.float32)
        codes = np.ones((rows, 1), np.int64)
        expected = module(torch.from_numpy(numeric), torch.from_numpy(codes)).detach().numpy()
        found = graph.run({"numeric": numeric, "codes": codes})["value"]
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_nothing_of_this_machine_is_in_the_graph_and_it_is_the_same_each_time() -> None:
    torch.manual_seed(0)
    module = Small().eval()
    first = export_torch(module, 2, 1)
    assert str(Path(__file__).parent).encode() not in first
    assert str(Path(torch.__file__).parent).encode() not in first
    assert export_torch(module, 2, 1) == first
