"""A torch network as an ONNX graph, quietly and the same each time."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

import onnx
import torch
from torch import nn

from bedside.adapters.onnx.build import OPSET, serialised


def export_torch(module: nn.Module, numbers: int, categories: int) -> bytes:
    """The graph of a module from `numeric` [N, P] and `codes` [N, C] to `value` [N, K].

    The module must be in evaluation mode and on the CPU.
    """
    example = torch.zeros(3, numbers), torch.zeros(3, categories, dtype=torch.int64)
    rows = torch.export.Dim("N", min=1)
    with _quiet():
        program = torch.onnx.export(
            module, example, dynamo=True, opset_version=OPSET, verbose=False,
            input_names=["numeric", "codes"], output_names=["value"],
            dynamic_shapes=({0: rows}, {0: rows}), external_data=False,
        )  # fmt: skip
    if program is None:  # only where a file was asked for
        raise RuntimeError("torch.onnx.export returned nothing")
    return serialised(_plain(program.model_proto).graph)


def _plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without what names this machine: paths of source files and traces in the metadata."""
    model.graph.ClearField("metadata_props")
    model.graph.ClearField("value_info")
    for item in (
        *model.graph.node,
        *model.graph.initializer,
        *model.graph.input,
        *model.graph.output,
    ):
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    return model


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's prints, and without what it says of absent torchvision."""
    registration = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = registration.level
    registration.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.filterwarnings("ignore", category=FutureWarning, message=".*LeafSpec.*")
            warnings.filterwarnings("ignore", category=UserWarning, message=".*axis name.*")
            yield
    finally:
        registration.setLevel(level)
