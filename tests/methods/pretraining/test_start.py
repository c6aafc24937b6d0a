"""A start and its digest."""

from __future__ import annotations

import numpy as np

from bedside.methods.pretraining.start import Start, digest_of, pretrained_name, scratch_name


def test_a_digest_covers_names_types_shapes_and_values() -> None:
    whole = {"a": np.zeros((2, 3), np.float32), "b": np.ones(2, np.float32)}
    others = (
        {"a": whole["a"], "c": whole["b"]},
        {"a": whole["a"].reshape(3, 2), "b": whole["b"]},
        {"a": whole["a"].astype(np.int32), "b": whole["b"]},
        {"a": whole["a"], "b": 2 * whole["b"]},
    )
    assert digest_of(whole) == digest_of(dict(reversed(whole.items())))
    assert len({digest_of(whole), *map(digest_of, others)}) == 5


def test_names_lead_there_and_back() -> None:
    assert scratch_name(pretrained_name("mlp")) == "mlp"
    assert scratch_name("mlp") == ""


def test_a_start_counts_its_numbers() -> None:
    start = Start(weights={"a": np.zeros((2, 3)), "b": np.zeros(4)}, entrant="mlp")
    assert start.parameters == 10
