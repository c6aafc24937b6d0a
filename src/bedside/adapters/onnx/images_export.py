"""A torch network of images as an ONNX graph, quietly and the same each time."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import DTypeLike
from torch import nn

from bedside.adapters.onnx.exporting import Axes, exported

SIDES = ("D", "H", "W")


def export_images(
    module: nn.Module, shape: tuple[int, ...], *, dtype: DTypeLike = np.uint8, multiple: int = 0,
) -> bytes:  # fmt: skip
    """The graph of a module from `image` [N, C, H, W] or [N, C, D, H, W] to `value`.

    `shape` is of one image, [C, ...], and `dtype` that of the prepared images. Any number of images
    may be asked for at once. With `multiple`, their sides are also free, in steps of so many and
    from two steps on: a network that halves its images four times and puts them together again
    needs steps of 16. A network with a layer of a fixed size cannot be exported so. The module must
    be in evaluation mode and on the CPU.
    """
    kind = torch.from_numpy(np.zeros(1, dtype)).dtype
    axes: Axes = {0: torch.export.Dim("N", min=1)}
    if multiple:
        for at, name in enumerate(SIDES[-(len(shape) - 1) :], 2):
            axes[at] = multiple * torch.export.Dim(name, min=2)
    example = torch.zeros(2, *shape, dtype=kind)
    return exported(module, [example], inputs=["image"], outputs=["value"], free=[axes])
