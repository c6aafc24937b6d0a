"""What is tuned of each model of a table, and where the search begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bedside.methods.tune import Between, OneOf, Setting, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The space of a model's settings, and its good defaults."""

    space: Space
    defaults: Mapping[str, Setting]


_PENALTY = Search(
    space={"penalty": Between(low=1e-5, high=3.0, log=True)}, defaults={"penalty": 1e-3}
)
_TREES = Search(
    space={
        "rate": Between(low=0.02, high=0.2, log=True),
        "leaves": Between(low=3, high=32, log=True, whole=True),
        "leaf_samples": Between(low=5, high=100, log=True, whole=True),
        "shrinkage": Between(low=1e-3, high=10.0, log=True),
    },
    defaults={"rate": 0.08, "leaves": 12, "leaf_samples": 20, "shrinkage": 1.0},
)
_LEARNING: Space = {
    "rate": Between(low=1e-3, high=1e-2, log=True),
    "decay": Between(low=1e-5, high=1e-1, log=True),
    "dropout": Between(low=0.0, high=0.4),
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
_NOTHING = Search(space={}, defaults={})
SEARCHES: Mapping[str, Search] = {
    "prevalence": _NOTHING,
    **dict.fromkeys(("logistic", "multinomial", "ridge", "cox"), _PENALTY),
    "trees": _TREES,
    "mlp": _MLP,
    "tabm": _TABM,
    "ft_transformer": _TRANSFORMER,
}
"""By the model's name."""
