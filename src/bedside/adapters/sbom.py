"""What bedside runs on, as a CycloneDX 1.6 bill of materials: packages, versions, licences."""

from __future__ import annotations

import re
import uuid
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from urllib.parse import quote

from bedside.core.spec import Plain, canonical

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST = 80  # characters; a longer `License` field is the whole licence text


def sbom(model: str, root: str = "bedside") -> dict[str, Plain]:
    """The installed packages that `root` needs, directly or not, and `model` as the product.

    The same installation gives the same document (no time, a serial number from the content).
    Extras are left out: a bundle is served without them. https://cyclonedx.org/docs/1.6/json/
    """
    found = closure(root)
    components: list[Plain] = [_component(item) for name, item in found.items() if name != root]
    dependencies: list[Plain] = [
        {"ref": _ref(item), "dependsOn": [_ref(found[name]) for name in _needs(item, found)]}
        for item in found.values()
    ]
    product: dict[str, Plain] = {
        "type": "machine-learning-model", "bom-ref": f"model:{model}", "name": model,
    }  # fmt: skip
    dependencies.append({"ref": f"model:{model}", "dependsOn": [_ref(found[root])]})
    components.append(_component(found[root]))
    serial = uuid.uuid5(uuid.NAMESPACE_URL, canonical([product, components]))
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}",
        "version": 1, "metadata": {"component": product}, "components": components,
        "dependencies": dependencies,
    }  # fmt: skip


def closure(root: str) -> dict[str, Distribution]:
    """Installed packages reachable from `root` by their requirements, by normal name, sorted."""
    found: dict[str, Distribution] = {}
    waiting = [_normal(root)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform or Python
        waiting.extend(_required(found[name]))
    return dict(sorted(found.items()))


def licence(item: Distribution) -> str:
    """The licence as a package states it, an SPDX expression where it has one; else empty."""
    metadata = item.metadata
    stated = _field(item, "License-Expression")
    named = [
        text.rsplit(" :: ", 1)[-1]
        for text in metadata.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    short = _field(item, "License").strip()
    if not stated and short and len(short) <= _LONGEST and "\n" not in short:
        stated = short
    return stated or " AND ".join(named)


def _required(item: Distribution) -> list[str]:
    names = []
    for text in item.requires or []:
        requirement, _, marker = text.partition(";")
        match = _NAME.match(requirement.strip())
        if match and not re.search(r"\bextra\s*==", marker):
            names.append(_normal(match[0]))
    return names


def _needs(item: Distribution, found: dict[str, Distribution]) -> list[str]:
    return sorted({name for name in _required(item) if name in found})


def _component(item: Distribution) -> dict[str, Plain]:
    name = _normal(item.metadata["Name"])
    component: dict[str, Plain] = {
        "type": "library",
        "bom-ref": _ref(item),
        "name": name,
        "version": item.version,
        "purl": _ref(item),
    }
    stated = licence(item)
    if _field(item, "License-Expression"):
        component["licenses"] = [{"expression": stated}]
    elif stated:
        component["licenses"] = [{"license": {"name": stated}}]
    return component


def _field(item: Distribution, name: str) -> str:
    found = item.metadata.get_all(name)
    return str(found[0]) if found else ""


def _ref(item: Distribution) -> str:
    return f"pkg:pypi/{_normal(item.metadata['Name'])}@{quote(item.version)}"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
