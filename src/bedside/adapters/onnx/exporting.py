"""What every export of a torch network has in common: quiet, plain, and the same each time."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence

import onnx
import torch
from torch import Tensor, nn

from bedside.adapters.onnx.build import OPSET, serialised

Axes = dict[int, torch.export.Dim]
"""Axes of an input that may have any length, each with its name."""


def exported(
    module: nn.Module, example: Sequence[Tensor], *, inputs: Sequence[str],
    outputs: Sequence[str], free: Sequence[Axes],
) -> bytes:  # fmt: skip
    """The graph of a module in evaluation mode on the CPU; `example` and `free` input by input."""
    with _quiet():
        program = torch.onnx.export(
            module, tuple(example), dynamo=True, opset_version=OPSET, verbose=False,
            input_names=list(inputs), output_names=list(outputs),
            dynamic_shapes=tuple(free), external_data=False,
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
