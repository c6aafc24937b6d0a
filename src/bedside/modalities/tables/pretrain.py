"""Pretraining on tables: values are exchanged between patients, and found and put right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from bedside.core.dataset import Schema
from bedside.core.errors import DataError
from bedside.core.spec import digest
from bedside.methods import outcome
from bedside.methods.batches import Arrays as Tuple
from bedside.methods.batches import Rows
from bedside.methods.entrant import Arrays, Entrant
from bedside.methods.pretraining import corrupted, joint
from bedside.methods.pretraining.begin import begun
from bedside.methods.pretraining.finish import embed, finished
from bedside.methods.pretraining.loop import Draw, Pace
from bedside.methods.pretraining.loop import pretrain as pretrained
from bedside.methods.pretraining.outside import Outside, fitted_start
from bedside.methods.pretraining.plan import DEFAULT, Plan
from bedside.methods.pretraining.saved import told_fields
from bedside.methods.pretraining.start import Start
from bedside.methods.tabular_inputs import Inputs
from bedside.methods.tune import Setting
from bedside.modalities.tables.pretrain_pool import known_by, pool_arrays, read_pool
from bedside.modalities.tables.train import MODELS, arrays, inputs_of
from bedside.modalities.tables.train_models import batch_size, network_of
from bedside.modalities.tables.train_space import LARGE, architecture_of

__all__ = [
    "CAN", "arrays", "embedded", "entrant", "known_by", "pool_arrays", "pretrain", "read_pool",
    "started",
]  # fmt: skip

CAN = (LARGE, "mlp", "tabm", "ft_transformer")
"""Networks whose encoders can be pretrained."""


def pretrain(
    schema: Schema, arrays: Arrays, *, seed: int, seconds: float, plan: Plan = DEFAULT,
    folder: Path | None = None, told: Callable[[int, int, float], None] = lambda *_: None,
) -> Start:  # fmt: skip
    """An encoder that has learnt from rows without labels.

    Raises StudyError where the study asks for what there is not, DataError for a table in which no
    field can tell of another.
    """
    inputs, name = inputs_of(arrays, schema), plan.network(CAN)
    if corrupted.telling_fields(inputs) < 2:
        raise DataError(
            "pretraining", expected="two fields or more that vary, so that one tells of another",
            found=f"{corrupted.telling_fields(inputs)}", hint="leave [pretrain] out",
        )  # fmt: skip
    settings = architecture_of(name)

    def build() -> nn.Module:
        fresh = _blank(name, inputs, settings)
        width = int(embed(fresh.eval(), (inputs.numeric[:1], inputs.codes[:1])).shape[1])
        if plan.objective == "joint":
            return joint.Joint(fresh, width)
        return corrupted.Corrupted(fresh, inputs, width)

    pace = Pace(
        epochs=plan.epochs, batch=batch_size(len(inputs)), seconds=seconds, folder=folder,
        told=told,
    )  # fmt: skip
    draw = _views(inputs, seed) if plan.objective == "joint" else _exchanged(inputs, seed)
    trained, standing = pretrained(build, (inputs.numeric, inputs.codes), draw, pace, seed=seed)
    encoder: nn.Module = trained.network  # type: ignore[assignment]  # nn.Module hides what it holds
    source = f"{joint.SOURCE} of {corrupted.VIEWS}"
    if plan.objective != "joint":
        source = corrupted.SOURCE
    start = Start(weights={}, entrant=name, settings=settings, tune=plan.tune, source=source)
    return finished(encoder, standing, start)


def started(outside: Outside, schema: Schema, arrays: Arrays, *, plan: Plan) -> Start:
    """The start that an encoder of a former pretraining gives, on the very same fields.

    Raises DataError for any other file: weights of a table's columns mean nothing elsewhere.
    """
    plan.require_own()
    guess, fields = outside.own(CAN), digest(told_fields(schema))
    if guess is None or outside.fields != fields:
        raise DataError(
            outside.name, expected="an encoder that `bedside pretrain` made of these fields",
            found="one of other fields" if guess else "weights from elsewhere",
            hint="what a column means cannot be told from the shape of its weights",
        )  # fmt: skip
    inputs = inputs_of(arrays, schema)
    return fitted_start(
        outside, [guess], lambda one: _blank(one[0], inputs, one[1]), tune=plan.tune
    )


def embedded(start: Start, schema: Schema, arrays: Arrays) -> NDArray[np.float32]:
    """[N, D]: what the encoder of `start` makes of some rows."""
    inputs = inputs_of(arrays, schema)
    network = begun(_blank(start.entrant, inputs, start.settings), start)
    return embed(network.eval(), (inputs.numeric, inputs.codes))


def entrant(name: str) -> Entrant:
    """The network of that name, as it races from scratch."""
    return MODELS[name]


def _blank(name: str, inputs: Inputs, settings: Mapping[str, Setting]) -> nn.Module:
    """The network without dropout, with a head for two classes that is never used."""
    nobody = outcome.binary(np.zeros(len(inputs), bool))
    return network_of(name, (inputs, nobody), {**settings, "dropout": 0.0})


def _exchanged(inputs: Inputs, seed: int) -> Draw:
    """Rows with exchanged values, and the rows as they are."""

    def draw(arrays: Tuple, rows: Rows, *, epoch: int) -> Tuple:
        return (*corrupted.exchanged(inputs, rows, seed=seed, epoch=epoch), *arrays)

    return draw


def _views(inputs: Inputs, seed: int) -> Draw:
    """Each row as it is, and with exchanged values."""

    def draw(arrays: Tuple, rows: Rows, *, epoch: int) -> Tuple:
        return (*arrays, *corrupted.exchanged(inputs, rows, seed=seed, epoch=epoch))

    return draw
