"""Each fitted model of a table as an ONNX graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.onnx.simple import simple_graph
from bedside.adapters.onnx.torch_export import export_torch
from bedside.methods.fit import Fitted
from bedside.methods.simple_models import parts_of
from bedside.methods.tabular_inputs import Inputs, Predictor, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkModel:
    """A trained network as a predictor of a table."""

    fitted: Fitted

    @property
    def parameters(self) -> int:
        """Trained numbers."""
        return self.fitted.parameters

    def predict(self, inputs: Inputs) -> Values:
        """`value` [N, K]."""
        return self.fitted.predict(inputs.numeric, inputs.codes)

    @property
    def weights(self) -> dict[str, NDArray[np.generic]]:
        """Parameters and buffers by name."""
        state = self.fitted.network.state_dict()
        return {name: value.numpy() for name, value in state.items()}


def graph_of(model: Predictor, inputs: Inputs) -> bytes:
    """The graph of a fitted model, `value` in float64; `inputs` gives P and the cardinalities."""
    numbers = inputs.numeric.shape[1]
    if isinstance(model, NetworkModel):
        return export_torch(model.fitted.network, numbers, inputs.codes.shape[1])
    parts = parts_of(model)
    return simple_graph(
        parts.kind, parts.link, parts.arrays, numbers=numbers, cardinalities=inputs.cardinalities
    )
