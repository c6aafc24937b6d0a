"""One model of a table, trained once with given settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from bedside.core.spec import Source, build
from bedside.methods.fit import Part, Schedule
from bedside.methods.networks.ft_transformer import FtTransformer, TransformerSettings
from bedside.methods.networks.mlp import Mlp, MlpSettings
from bedside.methods.networks.tabm import TabM, TabmSettings
from bedside.methods.pretraining.begin import encoder_rate
from bedside.methods.pretraining.probe import fit_from
from bedside.methods.pretraining.start import Start
from bedside.methods.simple_models import SIMPLE, Fit, Material, Settings, Split, fit_simple
from bedside.modalities.tables.train_graphs import NetworkModel
from bedside.modalities.tables.train_space import LARGE

__all__ = ["Fit", "Material", "batch_size", "fit_model", "network_of"]

_SCHEDULE = ("rate", "decay")
"""Settings of the training; the others are of the network."""
_STEPS = 20
"""Batches in an epoch, about, where there are enough patients."""


def fit_model(
    name: str, material: Material, settings: Settings, seconds: float, start: Start | None = None
) -> Fit:
    """Train a model by its name; a network ends with the batch in which `seconds` are up, and
    begins with the weights of `start`."""
    if name in SIMPLE:
        return fit_simple(name, material, settings)
    return _network(name, material, settings, seconds=seconds, start=start)


def network_of(name: str, train: Split, settings: Settings) -> nn.Module:
    """A network by its name, untrained; settings of the training are left aside."""
    own = {key: value for key, value in settings.items() if key not in _SCHEDULE}
    return _NETWORKS[name](train, own)


def batch_size(rows: int) -> int:
    """About twenty batches an epoch, of 32 to 1,024 rows, in powers of two.

    >>> batch_size(100), batch_size(4_700), batch_size(1_000_000)
    (32, 256, 1024)
    """
    return min(1024, max(32, 1 << (max(rows // _STEPS, 1) - 1).bit_length()))


def _network(
    name: str, material: Material, settings: Settings, *, seconds: float, start: Start | None
) -> Fit:
    schedule = Schedule(
        epochs=material.length or material.epochs,
        patience=0 if material.length else material.patience,
        batch=batch_size(len(material.train[0])),
        rate=float(settings["rate"]),
        decay=float(settings["decay"]),
        seconds=seconds,
        encoder=encoder_rate(start),
    )
    fitted = fit_from(
        start, lambda: network_of(name, material.train, settings), _part(material.train),
        _part(material.select), schedule, seed=material.seed,
    )  # fmt: skip
    model = NetworkModel(fitted=fitted)
    return Fit(model=model, score=material.score(model), length=fitted.epochs, cut=fitted.cut)


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
    LARGE: _mlp,
    "tabm": _tabm,
    "ft_transformer": _ft_transformer,
}
