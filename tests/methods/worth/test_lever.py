"""Each arm changes one thing, and what it fits sees the prefix alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from bedside.methods.cases import Cases
from bedside.methods.worth.lever import BASE, CONTROLS, STEPS, Arm, Draft, Means, arm_of


def cases(first: int, count: int) -> Cases:
    values = np.arange(first, first + count, dtype=float)
    nothing = np.full(count, np.nan)
    return Cases(
        arrays={"numeric": values[:, None]}, subjects=np.arange(first, first + count),
        target=values % 2, duration=nothing, event=nothing,
    )  # fmt: skip


DRAFT = Draft(train=cases(0, 30), select=cases(100, 10))


@dataclass
class Fake:
    """Gives what it saw, moved by a thousand."""

    seen: Cases

    def sample(self, count: int, *, seed: int, where: object = None) -> Cases:
        made = self.seen.rows(np.arange(count) % len(self.seen))
        return Cases(
            arrays={"numeric": made.arrays["numeric"] + 1000}, subjects=-1 - np.arange(count),
            target=made.target, duration=made.duration, event=made.event,
        )  # fmt: skip


def test_the_base_changes_nothing() -> None:
    assert BASE.draft(DRAFT, Means(seed=1, chain=["flip"])) == DRAFT


def test_made_up_cases_come_of_the_prefix_alone_and_select_stays_real() -> None:
    seen = []

    def fit(given: Cases, seed: int) -> Fake:
        seen.append((given, seed))
        return Fake(given)

    found = arm_of(("synthesis",)).draft(DRAFT, Means(seed=7, share=0.5, generator=fit))
    assert seen == [(DRAFT.train, 7)]
    assert len(found.train) == 45
    assert (found.train.subjects[30:] < 0).all()
    assert found.select is DRAFT.select


def test_copies_match_the_count_of_made_up_cases() -> None:
    (copies,) = (arm for arm in CONTROLS if arm.name == "duplicates")
    found = copies.draft(DRAFT, Means(seed=7, share=0.5))
    assert len(found.train) == 45
    assert set(found.train.subjects[30:]) <= set(range(30))


def test_pretraining_sees_inputs_of_the_prefix_and_no_others() -> None:
    seen = []
    means = Means(seed=3, pretrain=lambda inputs, seed: seen.append(inputs) or "start")
    found = arm_of(("pretraining",)).draft(DRAFT, means)
    assert found.start == "start"
    assert seen[0]["numeric"][:, 0].tolist() == [*range(30), *range(100, 110)]


def test_levers_together_pretrain_on_real_inputs() -> None:
    seen = []
    means = Means(
        seed=3, chain=["flip"], generator=lambda given, seed: Fake(given),
        pretrain=lambda inputs, seed: seen.append(len(inputs["numeric"])) or "start",
    )  # fmt: skip
    arm = arm_of(("pretraining", "augmentation", "synthesis"))
    assert arm.name == "augmentation + synthesis + pretraining"
    found = arm.draft(DRAFT, means)
    assert (seen, len(found.train), found.chain) == ([40], 60, ["flip"])


@pytest.mark.parametrize("name", ["synthesis", "pretraining"])
def test_a_lever_without_its_means_is_an_error(name: str) -> None:
    with pytest.raises(LookupError, match=name):
        Arm(name=name, steps=(name,)).draft(DRAFT, Means(seed=0))
    assert name in STEPS
