"""Exchanged values: of other patients, as many as asked, and found again by what columns share."""

from __future__ import annotations

import numpy as np
import torch
from tests.methods.pretraining.conftest import network, rows

from bedside.methods.pretraining.corrupted import SHARE, Corrupted, exchanged, telling_fields
from bedside.methods.tabular_inputs import Inputs


def test_a_share_of_the_values_is_taken_from_the_same_column(table: Inputs) -> None:
    at = np.arange(len(table))
    numeric, codes = exchanged(table, at, seed=1, epoch=2)
    again, _ = exchanged(table, at, seed=1, epoch=2)
    other, _ = exchanged(table, at, seed=1, epoch=3)
    np.testing.assert_array_equal(numeric, again)
    assert not np.array_equal(numeric, other, equal_nan=True)
    changed = ~((numeric == table.numeric) | (np.isnan(numeric) & np.isnan(table.numeric)))
    assert abs(changed.mean() - SHARE) < 0.06
    for column, found in zip(table.numeric.T, numeric.T, strict=True):
        assert np.isin(found[~np.isnan(found)], column).all()
    assert set(np.unique(codes)) <= {0, 1, 2, 3}


def test_tables_without_numbers_or_without_categories_are_exchanged_too(table: Inputs) -> None:
    nothing = Inputs(numeric=table.numeric[:, :0], codes=table.codes, cardinalities=(3,))
    numbers = Inputs(numeric=table.numeric, codes=table.codes[:, :0], cardinalities=())
    for inputs in (nothing, numbers):
        found = exchanged(inputs, np.arange(50), seed=0, epoch=1)
        shapes = [(50, values.shape[1]) for values in (inputs.numeric, inputs.codes)]
        assert [one.shape for one in found] == shapes
        objective = Corrupted(network(inputs), inputs, 16)
        arrays = (*found, inputs.numeric[:50], inputs.codes[:50])
        assert objective(*map(torch.from_numpy, arrays)).isfinite()


def test_the_loss_falls_where_columns_hang_together(table: Inputs) -> None:
    torch.manual_seed(0)
    objective = Corrupted(network(table), table, 16)
    optimiser = torch.optim.Adam(objective.parameters(), lr=5e-3)
    at, losses = np.arange(len(table)), []
    for epoch in range(1, 80):
        found = exchanged(table, at, seed=0, epoch=epoch)
        loss = objective(*map(torch.from_numpy, (*found, table.numeric, table.codes)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.7 * losses[0]


def test_gaps_are_no_number_to_put_right(table: Inputs) -> None:
    objective = Corrupted(network(table), table, 16)
    empty = torch.full((4, 4), float("nan"))
    codes = torch.ones(4, 1, dtype=torch.int64)
    assert torch.isfinite(objective(empty, codes, empty, codes))


def test_fields_that_vary_are_counted() -> None:
    numeric = np.array([[1, 5, np.nan], [1, 6, 2], [1, 7, np.nan]], np.float32)
    codes = np.array([[1, 0], [1, 2], [1, 0]])
    inputs = Inputs(numeric=numeric, codes=codes, cardinalities=(2, 2))
    # the gap of the third number tells something, the first number and the first category nothing
    assert telling_fields(inputs) == 3
    assert telling_fields(rows()) == 5
