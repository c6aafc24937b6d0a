from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.core.errors import DataError
from bedside.methods.networks.images.masks import MaskGoal, MaskHead, dice


def goal(labels: np.ndarray, weights: list[float] | None = None) -> MaskGoal:
    weight = np.ones(len(labels)) if weights is None else np.array(weights)
    return MaskGoal(labels=labels, weights=weight[:, None].astype(np.float32), structures=2)


def certain(labels: np.ndarray) -> np.ndarray:
    return np.moveaxis(np.eye(3, dtype=np.float32)[labels], -1, 1)


def test_dice_of_hand_made_squares() -> None:
    label, answer = np.zeros((2, 4, 4), np.uint8)
    label[:2, :2] = 1
    answer[:2, 1:3] = 1
    assert dice(label, answer, 2) == [0.5]
    answer[3, 3] = 2
    assert dice(label, answer, 2) == [0.5, 0.0]
    assert dice(label * 0, label * 0, 2) == []


def test_score_is_of_the_outlined_images_only() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (3, 4, 5, 6)).astype(np.uint8)
    answer = labels.copy()
    answer[2] = 0
    assert goal(labels, [1, 1, 0]).score(certain(answer)) == 0
    assert goal(labels).score(certain(answer)) == pytest.approx(1 / 3)
    assert goal(labels, [0, 0, 0]).score(certain(answer)) == 1


def test_loss_is_least_for_the_truth_and_follows_a_plain_sum() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (2, 3, 4, 5)).astype(np.uint8)
    head, weights = MaskHead(), torch.ones(2, 1)
    logits = torch.from_numpy(rng.normal(size=(2, 3, 3, 4, 5)).astype(np.float32))
    found = float(head.loss(logits, torch.from_numpy(labels), weights))
    chance = torch.softmax(logits, dim=1).numpy().astype(np.float64)
    true = certain(labels).astype(np.float64)
    entropy = -np.log((chance * true).sum(axis=1)).mean()
    shares = [
        (2 * (chance[:, k] * true[:, k]).sum() + 1) / ((chance[:, k] + true[:, k]).sum() + 1)
        for k in (1, 2)
    ]
    assert found == pytest.approx(entropy + 1 - np.mean(shares), rel=1e-5)
    perfect = torch.from_numpy(certain(labels)) * 50
    assert float(head.loss(perfect, torch.from_numpy(labels), weights)) == pytest.approx(0)


def test_an_image_of_no_weight_has_no_say() -> None:
    rng = np.random.default_rng(0)
    labels = torch.from_numpy(rng.integers(0, 3, (2, 4, 4)).astype(np.uint8))
    logits = torch.from_numpy(rng.normal(size=(2, 3, 4, 4)).astype(np.float32))
    weights = torch.tensor([[1.0], [0.0]])
    first = MaskHead().loss(logits, labels, weights)
    logits[1] = 7 * logits[1].flip(0)
    torch.testing.assert_close(MaskHead().loss(logits, labels, weights), first)


@pytest.mark.parametrize("weights", [[1, 1], [0, 0]])
def test_nothing_to_outline_is_refused(weights: list[float]) -> None:
    labels = np.zeros((2, 3, 3), np.uint8)
    labels[0] = 1 - int(weights[0])
    with pytest.raises(DataError, match="structure"):
        goal(labels, weights).require_learnable()
