"""Weights from elsewhere, by path: safetensors only, with licence and digest; matched by name and
shape to an encoder that there is, or refused with what is missing and what is too much.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import nn

from bedside.core.errors import DataError, StudyError
from bedside.methods.networks.layout import Layout
from bedside.methods.pretraining.begin import begun
from bedside.methods.pretraining.saved import KEY
from bedside.methods.pretraining.start import Start, Tune, Weights
from bedside.methods.tune import Setting

Guess = tuple[str, Mapping[str, Setting]]
"""A network by name, and the settings of its architecture."""
_PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".pkl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a file of weights holds."""

    name: str
    weights: Weights
    about: Mapping[str, Any]
    """What `bedside pretrain` wrote of it; empty where it is none of its files."""
    digest: str
    """SHA-256 of the file."""
    licence: str

    def own(self, can: Sequence[str]) -> Guess | None:
        """The network and settings of a file that `bedside pretrain` wrote; None: it is none.

        Raises DataError where its network is none of those that the modality can pretrain.
        """
        if not self.about:
            return None
        name = str(self.about["start"]["entrant"])
        if name not in can:
            raise DataError(
                self.name, expected=f"an encoder of {' or '.join(can)}", found=f"one of '{name}'",
                hint="it was pretrained for another kind of data or of question",
            )  # fmt: skip
        return name, dict(self.about["start"]["settings"])

    @property
    def fields(self) -> str:
        """Digest of the fields that the encoder takes; empty where it is none of those files."""
        return str(self.about.get("fields", ""))


def read_outside(path: Path, licence: str) -> Outside:
    """A file of weights.

    Raises StudyError without a licence, DataError for a pickled, truncated or empty file.
    """
    if not licence.strip():
        raise StudyError(
            "[pretrain] licence", expected=f"the licence of {path.name}", found="none",
            hint='say under what terms the weights may be used, such as licence = "Apache-2.0"',
        )  # fmt: skip
    if path.suffix.lower() in _PICKLED:
        raise DataError(
            path.name, expected="weights in a safetensors file", found="a pickled file",
            hint="reading it could run code; save them with safetensors.torch.save_file where they "
            "were made",
        )  # fmt: skip
    try:
        with path.open("rb") as whole:
            digest = hashlib.file_digest(whole, "sha256").hexdigest()
        with safe_open(path, "np") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dict
            about = json.loads((file.metadata() or {}).get(KEY, "{}"))
        if any(value.dtype.kind == "V" for value in weights.values()):  # of another library's
            raise TypeError("numbers that numpy itself does not have")
    except TypeError as error:
        raise DataError(
            path.name, expected="numbers in float32 or float16", found="another form of numbers",
            hint="bfloat16? write them as float32 where they were made",
        ) from error  # fmt: skip
    except (SafetensorError, OSError, ValueError) as error:
        raise DataError(
            path.name, expected="a whole safetensors file", found="another or a truncated one",
            hint="compare its size and digest with those of where it came from",
        ) from error  # fmt: skip
    return Outside(name=path.name, weights=weights, about=about, digest=digest, licence=licence)


def fitted_start(
    outside: Outside, guesses: Sequence[Guess], blank: Callable[[Guess], nn.Module], *, tune: Tune
) -> Start:
    """The start that fits the first of the guessed networks.

    `blank` builds one. Raises DataError about the network that comes closest.
    """
    refusals: list[tuple[int, DataError]] = []
    for name, settings in guesses:
        network = blank((name, settings))
        layout: Layout = network.layout()  # type: ignore[operator]  # nn.Module hides its methods' types
        kept = {key: value for key, value in outside.weights.items() if not layout.of_head(key)}
        start = Start(
            weights=kept, entrant=name, settings=settings, tune=tune, digest=outside.digest,
            source=f"the file {outside.name}", licence=outside.licence,
        )  # fmt: skip
        try:
            begun(network, start)
        except DataError as error:
            known = sum(key in kept for key in network.state_dict())
            refusals.append((known, error))
            continue
        return start
    raise max(refusals, key=lambda one: one[0])[1]
