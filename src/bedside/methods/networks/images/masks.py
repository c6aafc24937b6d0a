"""What a segmentation learns: masks, how they are scored, and how a network is wrong about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from bedside.core.errors import DataError

Masks = NDArray[np.uint8]
SMOOTH = 1.0
"""Elements added to both sides of the soft Dice, so that an absent structure divides by no zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskGoal:
    """Masks of N images: 0 is background, k the k-th of `structures` structures."""

    labels: Masks
    """[N, *shape]; may be memory-mapped."""
    weights: NDArray[np.float32]
    """[N, 1]: 0 where nobody outlined the image."""
    structures: int

    def __len__(self) -> int:
        return len(self.labels)

    def score(self, value: NDArray[np.floating]) -> float:
        """1 - mean Dice of structures and images for probabilities [N, 1 + structures, *shape].

        A structure that is neither in the mask nor in the answer does not count.
        """
        found = []
        for label, answer, weight in zip(self.labels, value, self.weights[:, 0], strict=True):
            if weight > 0:
                found += dice(np.asarray(label), answer.argmax(axis=0), self.structures)
        return 1.0 - float(np.mean(found)) if found else 1.0

    def require_learnable(self) -> None:
        """DataError when no training image holds a structure."""
        pairs = zip(self.labels, self.weights[:, 0], strict=True)
        if not any(weight > 0 and label.any() for label, weight in pairs):
            raise DataError(
                "masks", expected="a structure in at least one training image",
                found="none", hint="check which label values are structures",
            )  # fmt: skip


def dice(label: NDArray[np.generic], answer: NDArray[np.generic], structures: int) -> list[float]:
    """Dice of each structure that is in the mask, the answer or both (Dice 1945)."""
    found = []
    for structure in range(1, structures + 1):
        true, said = label == structure, answer == structure
        size = int(true.sum()) + int(said.sum())
        if size:
            found.append(2 * int((true & said).sum()) / size)
    return found


class MaskHead(nn.Module):
    """Logits [N, 1 + structures, *shape] as probabilities, and the loss of both kinds of error.

    Cross-entropy asks for calibrated elements, the soft Dice over the batch (Milletari et al. 2016)
    for the overlap, however small a structure is; their sum is the custom of nnU-Net (Isensee et
    al. 2021).
    """

    def forward(self, logits: Tensor) -> Tensor:
        """Probabilities of the same shape."""
        return torch.softmax(logits, dim=1)

    def loss(self, logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """A scalar; `labels` [N, *shape], `weights` [N, 1]."""
        classes = labels.long()
        weight_N = weights[:, 0]
        entropy_N = functional.cross_entropy(logits, classes, reduction="none").flatten(1).mean(1)
        chance = torch.softmax(logits, dim=1)[:, 1:].flatten(2)
        true = functional.one_hot(classes.flatten(1), logits.shape[1]).to(chance.dtype)
        true = true[..., 1:].transpose(1, 2)
        overlap_NK = (chance * true).sum(dim=2)
        size_NK = chance.sum(dim=2) + true.sum(dim=2)
        wide = weight_N[:, None]
        dice_K = (2 * (wide * overlap_NK).sum(dim=0) + SMOOTH) / (
            (wide * size_NK).sum(dim=0) + SMOOTH
        )
        return (weight_N * entropy_N).mean() + 1 - dice_K.mean()
