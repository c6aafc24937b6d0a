from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from bedside.methods.networks.head import Head


def test_loss_is_the_score_of_one_member(made_up: Callable, task: str) -> None:
    """The loss in torch and the score in numpy are the same likelihood."""
    outcome = made_up(task, 80).outcome
    head = Head(outcome)
    torch.manual_seed(0)
    raw = torch.randn(80, 1, outcome.width)
    loss = head.loss(raw, torch.from_numpy(outcome.labels), torch.from_numpy(outcome.weights))
    score = outcome.score(head(raw).numpy())
    scale = float(head.spread) ** 2 if task == "regression" else 1.0
    assert float(loss) * scale == pytest.approx(score, rel=1e-3)


def test_each_member_answers_for_itself(made_up: Callable, task: str) -> None:
    outcome = made_up(task, 30).outcome
    head = Head(outcome)
    raw = torch.randn(30, 5, outcome.width)
    labels, weights = torch.from_numpy(outcome.labels), torch.from_numpy(outcome.weights)
    single = [head.loss(raw[:, m : m + 1], labels, weights) for m in range(5)]
    torch.testing.assert_close(head.loss(raw, labels, weights), torch.stack(single).mean())
