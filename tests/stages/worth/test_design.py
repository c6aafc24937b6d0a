"""Which arms there are: controls, each lever, and levers together at two budgets."""

from __future__ import annotations

import pytest

from bedside.stages.worth import Spec
from bedside.stages.worth.design import _arms

BUDGETS = (50, 100, 200, 400, 800)


def arms(levers: tuple[str, ...], spec: Spec | None = None) -> dict[str, tuple[int, ...]]:
    return {arm.name: budgets for arm, budgets in _arms(spec or Spec(), levers, BUDGETS)}


def test_three_levers_are_fitted_two_by_two_and_all_at_two_budgets() -> None:
    found = arms(("augmentation", "synthesis", "pretraining"))
    together = {name: budgets for name, budgets in found.items() if " + " in name}
    assert together == dict.fromkeys(
        ("augmentation + synthesis", "augmentation + pretraining", "synthesis + pretraining",
         "augmentation + synthesis + pretraining"),
        (200, 400),
    )  # fmt: skip
    assert list(found)[:4] == ["base", "placebo", "oracle", "duplicates"]


@pytest.mark.parametrize(
    ("levers", "spec", "many"),
    [(("synthesis",), Spec(), 0), (("synthesis", "pretraining"), Spec(), 1),
     (("augmentation", "synthesis", "pretraining"), Spec(combined=False), 0)],
)  # fmt: skip
def test_one_lever_has_none_and_two_have_one(
    levers: tuple[str, ...], spec: Spec, many: int
) -> None:
    assert sum(" + " in name for name in arms(levers, spec)) == many
