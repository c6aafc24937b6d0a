from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.unet import UNetSettings, unet
from bedside.methods.policy import Policy
from bedside.stages.train.entry import eased, seed_of, write_weights

POLICY = Policy(
    task="binary", threshold=0.3, coverage=0.9, quantiles=(0.7, None), novelty_limit=5.0,
    most_missing=0.5, patients=100,
)  # fmt: skip


def test_rounding_cannot_flip_patients_who_share_a_value() -> None:
    """A leaf's value that became the threshold, as float32 rounds it up and down."""
    shared = np.float32(0.3)
    values = np.array([[np.nextafter(shared, np.float32(side))] for side in (0, 1)] + [[shared]])
    policy = eased(POLICY, given=False)
    decisions = policy.decide(values, np.zeros(3), np.zeros(3))
    assert decisions.act.all()
    assert decisions.label_set[:, 0].all()
    assert POLICY.decide(values, np.zeros(3), np.zeros(3)).act.sum() < 3


def test_limits_move_by_a_hair_only_and_a_given_threshold_not_at_all() -> None:
    policy = eased(POLICY, given=True)
    assert policy.threshold == 0.3
    assert policy.quantiles[1] is None
    assert policy.quantiles[0] == pytest.approx(0.7, abs=1e-5)
    assert policy.novelty_limit == pytest.approx(5.0, rel=1e-4)
    assert policy.most_missing == 0.5


def test_seeds_are_small_and_differ() -> None:
    seeds = {seed_of(seed, name) for seed in range(50) for name in ("tabm", "trees")}
    assert len(seeds) == 100
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize("shape", [(8, 12), (8, 12, 10)])
def test_a_network_read_back_is_the_one_that_was_written(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    facts = ImageFacts(channels=1, shape=shape, mean=(0.0,), deviation=(1.0,))
    written, read = (unet(facts, 1, UNetSettings(width=4, levels=2)).eval() for _ in range(2))
    state = {name: value.numpy() for name, value in written.state_dict().items()}
    assert not all(value.flags.c_contiguous for value in state.values())  # they lie channels last
    write_weights(state, tmp_path / "weights.safetensors")
    read.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    image = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 1, *shape)))
    with torch.inference_mode():
        assert torch.equal(read(image), written(image))
