"""What is tuned of each model of a table, and where the search begins."""

from __future__ import annotations

from collections.abc import Mapping

from bedside.methods.searches import Search
from bedside.methods.simple_models import SIMPLE
from bedside.methods.tune import Between, OneOf, Setting, Space

LARGE = "mlp_large"
LARGE_WIDTH = 1024
"""Of both layers of `mlp_large`: with 9 to 300 fields it has 1.1 to 3.5 million numbers."""
_TRAINING: Space = {
    "rate": Between(low=1e-3, high=1e-2, log=True),
    "decay": Between(low=1e-5, high=1e-1, log=True),
    "dropout": Between(low=0.0, high=0.4),
}
_LEARNING: Space = {
    **_TRAINING,
    "embedding": OneOf(values=("periodic", "piecewise")),
    "layers": Between(low=1, high=3, whole=True),
}
_MLP = Search(
    space={**_LEARNING, "width": OneOf(values=(64, 128, 256))},
    defaults={
        "rate": 2e-3, "decay": 1e-3, "dropout": 0.2, "embedding": "piecewise", "layers": 2,
        "width": 128,
    },
)  # fmt: skip
_MLP_LARGE = Search(
    space={**_TRAINING, "rate": Between(low=2e-4, high=2e-3, log=True)},
    defaults={"rate": 5e-4, "decay": 1e-3, "dropout": 0.2},
    given={"embedding": "piecewise", "layers": 2, "width": LARGE_WIDTH},
)
_TABM = Search(
    space={**_LEARNING, "width": OneOf(values=(32, 64)),
        "layers": Between(low=1, high=2, whole=True)},
    defaults={
        "rate": 2e-3, "decay": 1e-3, "dropout": 0.1, "embedding": "periodic", "layers": 2,
        "width": 64,
    },
)  # fmt: skip
_TRANSFORMER = Search(
    space={
        **_LEARNING,
        "rate": Between(low=5e-4, high=4e-3, log=True),
        "size": OneOf(values=(16, 32)),
        "layers": Between(low=1, high=2, whole=True),
    },
    defaults={
        "rate": 1e-3, "decay": 1e-3, "dropout": 0.1, "embedding": "piecewise", "layers": 2,
        "size": 32,
    },
)  # fmt: skip
SEARCHES: Mapping[str, Search] = {
    **SIMPLE,
    "mlp": _MLP,
    LARGE: _MLP_LARGE,
    "tabm": _TABM,
    "ft_transformer": _TRANSFORMER,
}
"""By the model's name."""


def architecture_of(name: str) -> Mapping[str, Setting]:
    """A network's settings that its training does not touch, as they are where nothing is
    searched."""
    search = SEARCHES[name]
    every = {**search.defaults, **search.given}
    return {key: value for key, value in every.items() if key not in _TRAINING}
