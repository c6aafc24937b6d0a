"""Networks that forget, from the top."""

from __future__ import annotations

import numpy as np
import torch

from bedside.methods.explanation.likeness import rank_correlation
from bedside.methods.explanation.randomised import cascade, layers_of, randomised
from bedside.methods.explanation.saliency import saliency


def test_layers_are_drawn_anew_from_the_top_and_the_original_stays(learnt: object) -> None:
    network = learnt.network  # type: ignore[attr-defined]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    count = len(layers_of(network))
    assert count == 6
    for layers in range(count + 1):
        other = randomised(network, layers, seed=1)
        changed = [
            any(
                not torch.equal(a, b)
                for a, b in zip(part.parameters(), twin.parameters(), strict=True)
            )
            for part, twin in zip(layers_of(network), layers_of(other), strict=True)
        ]
        assert changed == [False] * (count - layers) + [True] * layers
        assert torch.equal(other.centre, network.centre)  # type: ignore[arg-type]
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_size_of_the_weights_stays(learnt: object) -> None:
    weight = learnt.network.body[3].weight  # type: ignore[attr-defined]
    drawn = randomised(learnt.network, 6, seed=1).body[3].weight  # type: ignore[attr-defined, union-attr, index]
    assert abs(float((drawn.std() / weight.std()).detach()) - 1) < 0.15


def test_it_follows_from_seed_and_number(learnt: object) -> None:
    def weights(seed: int, number: int) -> np.ndarray:
        other = randomised(learnt.network, 6, seed=seed, number=number)  # type: ignore[attr-defined]
        return np.concatenate([p.detach().numpy().ravel() for p in other.parameters()])

    np.testing.assert_array_equal(weights(1, 0), weights(1, 0))
    assert (weights(1, 0) != weights(1, 1)).mean() > 0.9
    assert (weights(1, 0) != weights(2, 0)).mean() > 0.9


def test_fewer_layers_leave_more_of_the_lower_ones(learnt: object) -> None:
    one, two = (randomised(learnt.network, layers, seed=1) for layers in (2, 4))  # type: ignore[attr-defined]
    assert torch.equal(one.top.weight, two.top.weight)  # type: ignore[union-attr, arg-type]


def test_a_cascade_ends_with_all_layers(learnt: object) -> None:
    assert cascade(learnt.network) == (1, 2, 4, 6)  # type: ignore[attr-defined]
    assert cascade(learnt.network, steps=1) == (1, 6)  # type: ignore[attr-defined]
    assert cascade(torch.nn.Linear(2, 2)) == (1,)
    assert cascade(torch.nn.ReLU()) == ()


def test_maps_of_a_network_that_forgot_everything_are_others(learnt: object) -> None:
    images = learnt.images[learnt.labels == 1]  # type: ignore[attr-defined]
    maps = saliency(learnt.network, images, 0)  # type: ignore[attr-defined]
    forgot = saliency(randomised(learnt.network, 6, seed=1), images, 0)  # type: ignore[attr-defined]
    assert rank_correlation(maps, forgot).mean() < 0.5
