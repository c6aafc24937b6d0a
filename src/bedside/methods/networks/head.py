"""The last step of a network: what its raw scores mean for a task, and how they are wrong."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from bedside.methods.outcome import Outcome


class Head(nn.Module):
    """Raw scores [N, M, K] of M members as `value` [N, K] and as a loss.

    binary, and each label of multilabel: logit. multiclass: softmax. regression: standardised
    value. survival: logit of the hazard of each interval, multiplied up to a curve (Gensheimer and
    Narasimhan 2019).
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.task, self.width = outcome.task, outcome.width
        seen = outcome.labels[outcome.weights > 0] if outcome.task == "regression" else None
        centre, spread = (float(seen.mean()), float(seen.std())) if seen is not None else (0.0, 1.0)
        self.register_buffer("centre", torch.tensor(centre))
        self.register_buffer("spread", torch.tensor(spread))
        self.centre: Tensor
        self.spread: Tensor

    def forward(self, raw_NMK: Tensor) -> Tensor:
        """The mean of the members' predictions [N, K] in float64.

        Probabilities, not scores, are averaged.
        """
        raw_NMK = raw_NMK.double()
        if self.task == "regression":
            return raw_NMK.mean(dim=1) * self.spread + self.centre
        if self.task == "multiclass":
            return torch.softmax(raw_NMK, dim=-1).mean(dim=1)
        if self.task in ("binary", "multilabel"):
            return torch.sigmoid(raw_NMK).mean(dim=1)
        # log(1 - hazard) = logsigmoid(-raw); a sum of logs keeps late intervals exact
        return torch.exp(torch.cumsum(functional.logsigmoid(-raw_NMK), dim=-1)).mean(dim=1)

    def loss(self, raw_NMK: Tensor, labels_NK: Tensor, weights_NK: Tensor) -> Tensor:
        """Mean negative log-likelihood; each member answers for itself.

        Over samples; for multilabel over the labels that were observed.
        """
        labels = labels_NK[:, None].expand_as(raw_NMK)
        if self.task == "regression":
            error_NMK = (raw_NMK - (labels - self.centre) / self.spread) ** 2
        elif self.task == "multiclass":
            error_NMK = -functional.log_softmax(raw_NMK, dim=-1) * labels
        else:
            error_NMK = functional.binary_cross_entropy_with_logits(
                raw_NMK, labels, reduction="none"
            )
        weighted = (error_NMK * weights_NK[:, None]).sum(dim=-1)
        if self.task == "multilabel":
            observed = weights_NK.sum().clamp(min=1.0)
            return weighted.sum() / (observed * raw_NMK.shape[1])
        return weighted.mean()
