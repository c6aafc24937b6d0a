"""Where stages and modalities meet. The folder tree is the registry; nothing is registered.

A cell is the module `bedside.modalities.<modality>.<stage>`; it satisfies the Protocol `Cell` of
`bedside.stages.<stage>`. Packages outside add their own through the entry point groups
`bedside.modalities` and `bedside.stages` (name = module); a name given twice is an error.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from types import ModuleType

from bedside.core.errors import MissingPartError
from bedside.core.spec import nearest


def stages() -> Mapping[str, str]:
    """Stage names and the modules they live in, without importing any."""
    return _found("stages")


def modalities() -> Mapping[str, str]:
    """Modality names and the packages they live in, without importing any."""
    return _found("modalities")


def matrix() -> dict[str, tuple[str, ...]]:
    """For each modality the stages that it has a cell for."""
    return {
        modality: tuple(stage for stage in stages() if _has(package, stage))
        for modality, package in modalities().items()
    }


def stage(name: str) -> ModuleType:
    """The module of a stage."""
    return import_module(_one(stages(), name, "stage"))


def cell(modality: str, stage_name: str) -> ModuleType:
    """The module with which a modality serves a stage, checked against the stage's Protocol."""
    package = _one(modalities(), modality, "modality")
    asked = asked_of(stage(stage_name))
    if not asked:
        return import_module(package)
    if not _has(package, stage_name):
        having = [name for name, served in matrix().items() if stage_name in served]
        raise MissingPartError(
            f"modality '{modality}'",
            expected=f"a cell for the stage '{stage_name}'",
            found="none",
            hint=f"{', '.join(having) or 'no modality'} has one; add {package}.{stage_name} with "
            f"{', '.join(asked)} as {stages()[stage_name]}.Cell asks",
        )
    module = import_module(f"{package}.{stage_name}")
    lacking = [name for name in asked if not hasattr(module, name)]
    if lacking:
        raise MissingPartError(
            module.__name__, expected=f"{', '.join(asked)}", found=f"no {', '.join(lacking)}"
        )
    return module


def settings(modality: str) -> ModuleType | None:
    """The module whose `Spec` is the modality's own section of a study; None where it has none."""
    package = _one(modalities(), modality, "modality")
    return import_module(f"{package}.settings") if _has(package, "settings") else None


def asked_of(module: ModuleType) -> tuple[str, ...]:
    """The names that a stage's Protocol `Cell` asks of a modality; none where it has no Cell."""
    protocol = getattr(module, "Cell", None)
    if protocol is None:
        return ()
    return tuple(sorted(name for name in vars(protocol) if not name.startswith("_")))


def _found(room: str) -> dict[str, str]:
    package = import_module(f"bedside.{room}")
    inside = [m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")]
    found = {name: f"bedside.{room}.{name}" for name in inside}
    for point in entry_points(group=f"bedside.{room}"):
        if found.get(point.name, point.value) != point.value:
            raise MissingPartError(
                f"bedside.{room} '{point.name}'",
                expected="one package to bring it",
                found=f"{found[point.name]} and {point.value}",
                hint="uninstall one of the two",
            )
        found[point.name] = point.value
    return found


def _one(found: Mapping[str, str], name: str, kind: str) -> str:
    if name not in found:
        raise MissingPartError(
            f"{kind} '{name}'",
            expected=f"a known {kind}",
            found="none of that name",
            hint=nearest(name, found),
        )
    return found[name]


def _has(package: str, stage_name: str) -> bool:
    return find_spec(f"{package}.{stage_name}") is not None
