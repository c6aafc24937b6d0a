"""One model of a table, trained once with given settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from bedside.core.spec import Source, build
from bedside.methods.cox import fit_cox
from bedside.methods.fit import Part, Schedule, fit
from bedside.methods.linear import fit_linear
from bedside.methods.networks.ft_transformer import FtTransformer, TransformerSettings
from bedside.methods.networks.mlp import Mlp, MlpSettings
from bedside.methods.networks.tabm import TabM, TabmSettings
from bedside.methods.outcome import Outcome
from bedside.methods.prevalence import fit_prevalence
from bedside.methods.tabular_inputs import Inputs, Predictor
from bedside.methods.trees import TreeSettings, fit_trees
from bedside.methods.tune import Setting
from bedside.modalities.tables.train_graphs import NetworkModel

Split = tuple[Inputs, Outcome]
Settings = Mapping[str, Setting]
_SCHEDULE = ("rate", "decay")
"""Settings of the training; the others are of the network."""
_STEPS = 20
"""Batches in an epoch, about, where there are enough patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What every attempt of a model is given."""

    train: Split
    select: Split
    epochs: int
    patience: int
    seed: int
    length: int = 0
    """Epochs or trees, where they are given; 0: as many as `select` bears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A model after one attempt."""

    model: Predictor
    score: float
    length: int = 0
    cut: bool = False


def fit_model(name: str, material: Material, settings: Settings, seconds: float) -> Fit:
    """Train a model by its name; a network ends with the batch in which `seconds` are up."""
    if name in _NETWORKS:
        return _network(_NETWORKS[name], material, settings, seconds)
    if name == "trees":
        return _trees(material, settings)
    inputs, outcome = material.train
    model: Predictor
    if name == "prevalence":
        model = fit_prevalence(outcome)
    elif name == "cox":
        model = fit_cox(inputs, outcome, penalty=float(settings["penalty"]))
    else:
        model = fit_linear(inputs, outcome, penalty=float(settings["penalty"]))
    return Fit(model=model, score=_score(model, material))


def batch_size(rows: int) -> int:
    """About twenty batches an epoch, of 32 to 1,024 rows, in powers of two.

    >>> batch_size(100), batch_size(4_700), batch_size(1_000_000)
    (32, 256, 1024)
    """
    return min(1024, max(32, 1 << (max(rows // _STEPS, 1) - 1).bit_length()))


def _trees(material: Material, settings: Settings) -> Fit:
    chosen = build(TreeSettings, {**settings, "trees": material.length}, Source("settings"))
    model = fit_trees(material.train, material.select, chosen, seed=material.seed)
    return Fit(model=model, score=_score(model, material), length=model.trees)


def _network(make: _Make, material: Material, settings: Settings, seconds: float) -> Fit:
    own = {key: value for key, value in settings.items() if key not in _SCHEDULE}
    schedule = Schedule(
        epochs=material.length or material.epochs,
        patience=0 if material.length else material.patience,
        batch=batch_size(len(material.train[0])),
        rate=float(settings["rate"]),
        decay=float(settings["decay"]),
        seconds=seconds,
    )
    fitted = fit(
        lambda: make(material.train, own), _part(material.train), _part(material.select), schedule,
        seed=material.seed,
    )  # fmt: skip
    model = NetworkModel(fitted=fitted)
    return Fit(model=model, score=_score(model, material), length=fitted.epochs, cut=fitted.cut)


def _score(model: Predictor, material: Material) -> float:
    return material.select[1].score(model.predict(material.select[0]))


def _part(split: Split) -> Part:
    return Part(arrays=(split[0].numeric, split[0].codes), outcome=split[1])


_Make = Callable[[Split, Settings], nn.Module]


def _mlp(train: Split, settings: Settings) -> nn.Module:
    return Mlp(*train, build(MlpSettings, settings, Source("settings")))


def _tabm(train: Split, settings: Settings) -> nn.Module:
    return TabM(*train, build(TabmSettings, settings, Source("settings")))


def _ft_transformer(train: Split, settings: Settings) -> nn.Module:
    return FtTransformer(*train, build(TransformerSettings, settings, Source("settings")))


_NETWORKS: Mapping[str, _Make] = {
    "mlp": _mlp,
    "tabm": _tabm,
    "ft_transformer": _ft_transformer,
}
