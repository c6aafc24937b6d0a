"""Where a training starts instead of at random: an encoder's weights, and what is known of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bedside.methods.tune import Setting

Tune = Literal["probe", "partial", "full"]
Weights = Mapping[str, NDArray[np.generic]]
_SUFFIX = "_pretrained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """An encoder that a network of the same kind starts from."""

    weights: Weights
    """Of the encoder, by their names in the network; its buffers among them."""
    entrant: str
    """The model whose encoder they fit."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """Of the architecture. They are given, so the search tries none of them."""
    tune: Tune = "full"
    """What of the network still learns: the head alone; the last stage too; all of it."""
    source: str = ""
    """How the encoder came to be, in one sentence."""
    licence: str = ""
    """Of weights from outside; empty for those that were learnt here."""
    digest: str = ""
    """SHA-256: of the weights, or of the file that they came from."""
    course: tuple[float, ...] = ()
    """Mean loss of each epoch of pretraining; empty for weights from outside."""
    cut: bool = False
    """Whether time ran out before the epochs did."""

    @property
    def parameters(self) -> int:
        """Numbers in the encoder, buffers counted."""
        return sum(int(values.size) for values in self.weights.values())


def digest_of(weights: Weights) -> str:
    """SHA-256 over names, shapes, types and values.

    >>> first, second = ({"a": np.array([value])} for value in (1.0, 2.0))
    >>> digest_of(first) == digest_of(dict(first)) != digest_of(second)
    True
    """
    total = hashlib.sha256()
    for name in sorted(weights):
        values = np.ascontiguousarray(weights[name])
        total.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        total.update(values.tobytes())
    return total.hexdigest()


def pretrained_name(entrant: str) -> str:
    """What a pretrained network races as, beside the same network from scratch.

    >>> scratch_name(pretrained_name("convnet")), scratch_name("convnet")
    ('convnet', '')
    """
    return entrant + _SUFFIX


def scratch_name(name: str) -> str:
    """The same network from scratch; empty where a model is not a pretrained one."""
    return name.removesuffix(_SUFFIX) if name.endswith(_SUFFIX) else ""
