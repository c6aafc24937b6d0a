"""Made-up rows whose columns hang together, and a small network of them."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods import outcome
from bedside.methods.networks.mlp import Mlp, MlpSettings
from bedside.methods.tabular_inputs import Inputs

SETTINGS = MlpSettings(width=16, layers=2, dropout=0.0)


def rows(count: int = 200, seed: int = 0) -> Inputs:
    """Four numbers and a category behind which there is one trait, with gaps."""
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(count, 1))
    numeric = (trait + 0.4 * rng.normal(size=(count, 4))).astype(np.float32)
    numeric[rng.random(numeric.shape) < 0.1] = np.nan
    codes = np.digitize(trait, [-0.5, 0.5]).astype(np.int64) + 1
    codes[rng.random(codes.shape) < 0.1] = 0
    return Inputs(numeric=numeric, codes=codes, cardinalities=(3,))


def network(inputs: Inputs) -> Mlp:
    return Mlp(inputs, outcome.binary(np.zeros(len(inputs), bool)), SETTINGS)


@pytest.fixture
def table() -> Inputs:
    return rows()
