"""The exponential moving average of a network's weights, as a network of its own."""

from __future__ import annotations

import copy

from torch import nn


class MovingAverage:
    """The average of a network and of batch norm's statistics, as a network in evaluation mode.

    The first steps count less, as the share of the past is at most (1 + step) / (10 + step).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network, self.decay, self.step = copy.deepcopy(network).eval(), decay, 0
        self.pairs = list(
            zip(self.network.state_dict().values(), network.state_dict().values(), strict=True)
        )

    def follow(self) -> None:
        """Move towards the network's weights as they are now."""
        self.step += 1
        past = min(self.decay, (1 + self.step) / (10 + self.step))
        for kept, now in self.pairs:
            if kept.is_floating_point():
                kept.lerp_(now, 1 - past)
            else:
                kept.copy_(now)
