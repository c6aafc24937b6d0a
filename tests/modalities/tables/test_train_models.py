from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import StudyError
from bedside.methods.outcome import binary
from bedside.methods.tabular_inputs import Inputs
from bedside.modalities.tables.train_models import Material, batch_size, fit_model
from bedside.modalities.tables.train_space import SEARCHES


def material(length: int = 0) -> Material:
    rng = np.random.default_rng(0)
    numeric = rng.normal(size=(120, 2)).astype(np.float32)
    inputs = Inputs(numeric=numeric, codes=np.zeros((120, 0), np.int64), cardinalities=())
    split = (inputs, binary(numeric[:, 0] > 0))
    return Material(train=split, select=split, epochs=3, patience=2, seed=0, length=length)


@pytest.mark.parametrize("name", ["mlp", "mlp_large", "tabm", "ft_transformer", "trees"])
def test_defaults_fit_and_a_length_is_kept(name: str) -> None:
    settings = {**SEARCHES[name].defaults, **SEARCHES[name].given}
    free, fixed = (
        fit_model(name, material(), settings, 60),
        fit_model(name, material(2), settings, 60),
    )
    assert free.length >= 1
    assert fixed.length == 2
    assert fixed.model.parameters > 0


def test_time_cuts_a_network() -> None:
    assert fit_model("mlp", material(), SEARCHES["mlp"].defaults, 0.0).cut


def test_a_setting_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(StudyError, match="wdth"):
        fit_model("mlp", material(), {**SEARCHES["mlp"].defaults, "wdth": 3}, 60)


def test_batches_grow_with_the_patients() -> None:
    sizes = [batch_size(rows) for rows in (1, 500, 5_000, 50_000, 5_000_000)]
    assert sizes == [32, 32, 256, 1024, 1024]
