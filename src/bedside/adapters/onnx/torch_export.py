"""A torch network of a table as an ONNX graph, quietly and the same each time."""

from __future__ import annotations

import torch
from torch import nn

from bedside.adapters.onnx.exporting import exported


def export_torch(module: nn.Module, numbers: int, categories: int) -> bytes:
    """The graph of a module from `numeric` [N, P] and `codes` [N, C] to `value` [N, K].

    The module must be in evaluation mode and on the CPU.
    """
    example = torch.zeros(3, numbers), torch.zeros(3, categories, dtype=torch.int64)
    rows = torch.export.Dim("N", min=1)
    return exported(
        module, example, inputs=["numeric", "codes"], outputs=["value"],
        free=[{0: rows}, {0: rows}],
    )  # fmt: skip
