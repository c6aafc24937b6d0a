"""Where a pretraining stands, on disk: a killed one goes on from there, to the same weights.

One safetensors file: the weights of network and throw-away layers, the optimiser's moments, and as
metadata the epoch, the losses and the time used. It is written beside and renamed into place.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from bedside.core.errors import RunError

NAME = "checkpoint.safetensors"
_WEIGHTS, _MOMENTS = "weights/", "moments/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far it has come."""

    epoch: int = 0
    losses: tuple[float, ...] = ()
    used: float = 0.0
    """Seconds of processor time."""
    cut: bool = False
    """Whether time ended the last epoch."""


def save(path: Path, objective: nn.Module, optimiser: torch.optim.Optimizer, at: Standing) -> None:
    """Write it whole or not at all."""
    arrays = {_WEIGHTS + name: value.contiguous() for name, value in objective.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        for key, value in state.items():
            arrays[f"{_MOMENTS}{number}/{key}"] = value.contiguous()
    told = {"epoch": at.epoch, "losses": list(at.losses), "used": at.used, "cut": at.cut}
    part = path.with_name(f".{path.name}.part")
    save_file(arrays, part, metadata={"standing": json.dumps(told)})
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)


def load(path: Path, objective: nn.Module, optimiser: torch.optim.Optimizer) -> Standing:
    """Put everything back to where it stood.

    Raises RunError for a file that is damaged or of another pretraining.
    """
    try:
        with safe_open(path, "pt") as file:
            told = json.loads(file.metadata()["standing"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dict
        _put_back(arrays, objective, optimiser)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise RunError(
            path.name,
            expected="a whole checkpoint of this pretraining",
            found="another or a part",
            hint=f"remove {path.parent.name}/{path.name} and run again",
        ) from error
    return Standing(
        epoch=told["epoch"], losses=tuple(told["losses"]), used=told["used"], cut=told["cut"]
    )


def _put_back(
    arrays: dict[str, Tensor], objective: nn.Module, optimiser: torch.optim.Optimizer
) -> None:
    weights = {
        name.removeprefix(_WEIGHTS): value
        for name, value in arrays.items()
        if name.startswith(_WEIGHTS)
    }
    objective.load_state_dict(weights)
    whole = optimiser.state_dict()
    parameters = [one for group in optimiser.param_groups for one in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in arrays.items():
        if name.startswith(_MOMENTS):
            number, key = name.removeprefix(_MOMENTS).split("/")
            state.setdefault(int(number), {})[key] = _laid_out(value, parameters[int(number)])
    optimiser.load_state_dict({"state": state, "param_groups": whole["param_groups"]})


def _laid_out(value: Tensor, like: Tensor) -> Tensor:
    """In memory as the parameter is, so that a step computes what it would have."""
    if value.shape != like.shape:
        return value
    return torch.empty_like(like, requires_grad=False).copy_(value)
