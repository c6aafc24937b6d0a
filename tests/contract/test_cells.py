"""Every cell against the Protocol of its stage: the same names, the same parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from bedside.core import cells
from bedside.core.chain import OPTIONAL

FILLED = [(modality, stage) for modality, served in cells.matrix().items() for stage in served]
ASKED = [
    (modality, stage, name)
    for modality, stage in FILLED
    for name in cells.asked_of(cells.stage(stage))
]


def _form(function: Callable[..., object]) -> list[tuple[str, object]]:
    """Name and kind of each parameter, less `self`."""
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind) for p in parameters if p.name != "self"]


@pytest.mark.parametrize(("modality", "stage", "name"), ASKED)
def test_a_cell_takes_what_its_stage_gives(modality: str, stage: str, name: str) -> None:
    given = getattr(cells.cell(modality, stage), name)
    asked = vars(cells.stage(stage).Cell)[name]
    assert callable(given)
    assert _form(given) == _form(asked)


@pytest.mark.parametrize(("modality", "stage"), FILLED)
def test_a_cell_says_what_it_is_for_and_its_functions_too(modality: str, stage: str) -> None:
    module = cells.cell(modality, stage)
    assert (module.__doc__ or "").split()
    for name in cells.asked_of(cells.stage(stage)):
        assert getattr(module, name).__doc__, name
        assert vars(cells.stage(stage).Cell)[name].__doc__, name


@pytest.mark.parametrize(("modality", "stage"), FILLED)
def test_a_protocol_asks_little(modality: str, stage: str) -> None:
    assert len(cells.asked_of(cells.stage(stage))) <= 5


@pytest.mark.parametrize("modality", cells.modalities())
def test_a_modality_serves_every_stage_that_asks_something_of_it(modality: str) -> None:
    asking = {name for name in cells.stages() if cells.asked_of(cells.stage(name))}
    assert asking - set(OPTIONAL) <= set(cells.matrix()[modality])
