from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.unet import UNetSettings, unet
from bedside.stages.train.entry import seed_of, write_weights


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
