"""Features of images as an ONNX graph, to be followed by a table's or laid beside a network's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import DTypeLike
from torch import nn

from bedside.adapters.onnx.exporting import exported


def export_features(module: nn.Module, shape: Sequence[int], *, dtype: DTypeLike) -> bytes:
    """The graph of a module from `image` [N, *shape] to `numeric` [N, P].

    `shape` is of one image, [C, H, W] or [C, D, H, W], and `dtype` that of the prepared images. The
    module must be in evaluation mode and on the CPU.
    """
    kind = torch.from_numpy(np.zeros(1, dtype)).dtype
    example = torch.zeros(2, *shape, dtype=kind)
    return exported(
        module, [example], inputs=["image"], outputs=["numeric"],
        free=[{0: torch.export.Dim("N", min=1)}],
    )  # fmt: skip
