"""The bill of materials names what is installed, and is a CycloneDX document."""

from __future__ import annotations

from importlib.metadata import version

from bedside.adapters.sbom import closure, sbom


def test_it_names_versions_licences_and_what_needs_what() -> None:
    document = sbom("tabm")
    assert document["bomFormat"] == "CycloneDX"
    assert document["specVersion"] == "1.6"
    components = {item["name"]: item for item in document["components"]}
    assert components["numpy"]["version"] == version("numpy")
    assert components["numpy"]["purl"] == f"pkg:pypi/numpy@{version('numpy')}"
    assert all(item.get("licenses") for item in components.values()), components
    refs = {item["bom-ref"] for item in components.values()} | {"model:tabm"}
    for item in document["dependencies"]:
        assert item["ref"] in refs
        assert set(item["dependsOn"]) <= refs
    assert len(refs) == len(components) + 1


def test_it_is_the_same_each_time_and_leaves_extras_out() -> None:
    assert sbom("tabm") == sbom("tabm")
    assert sbom("tabm")["serialNumber"] != sbom("trees")["serialNumber"]
    names = closure("bedside")
    assert "pytest" not in names
    assert "scikit-survival" not in names
    assert {"torch", "h11", "starlette"} <= names.keys()
