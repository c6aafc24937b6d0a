"""Each fitted model of a table as an ONNX graph: arrays of methods as parts of the adapter."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.onnx.forest import ForestParts, forest_graph
from bedside.adapters.onnx.linear import LinearParts, constant_graph, linear_graph
from bedside.adapters.onnx.torch_export import export_torch
from bedside.methods import cox, design
from bedside.methods.cox import CoxModel
from bedside.methods.design import Score
from bedside.methods.fit import Fitted
from bedside.methods.linear import LinearModel
from bedside.methods.prevalence import Prevalence
from bedside.methods.tabular_inputs import Inputs, Predictor, Values
from bedside.methods.trees import TreeModel


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
    shape = inputs.numeric.shape[1], inputs.codes.shape[1]
    if isinstance(model, Prevalence):
        return constant_graph(model.value, shape)
    if isinstance(model, LinearModel):
        return linear_graph(_linear(model.score), model.link)
    if isinstance(model, CoxModel):
        return linear_graph(_linear(model.score, model), "cox")
    if isinstance(model, TreeModel):
        return forest_graph(_forest(model), model.link, shape[0], inputs.cardinalities)
    if isinstance(model, NetworkModel):
        return export_torch(model.fitted.network, *shape)
    raise TypeError(f"no graph for {type(model).__name__}")


def _linear(score: Score, model: CoxModel | None = None) -> LinearParts:
    scaling = score.design.scaling
    return LinearParts(
        fill=scaling.fill, mean=scaling.mean, scale=scaling.scale, reach=design.REACH,
        cardinalities=score.design.cardinalities, offsets=score.design.offsets,
        numeric=score.numeric, missing=score.missing, level=score.level, bias=score.bias,
        hazard=None if model is None else model.hazard, score_reach=cox.REACH,
    )  # fmt: skip


def _forest(model: TreeModel) -> ForestParts:
    forest, columns = model.forest(), model.columns
    return ForestParts(
        **{field.name: getattr(forest, field.name) for field in fields(forest)},
        numeric=columns.numeric, field=columns.field, code=columns.code, intervals=model.intervals,
    )  # fmt: skip
