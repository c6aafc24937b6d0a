"""HTML from Jinja2 templates that lie in a package; everything is escaped unless it is Markup."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined


def render(package: str, template: str, values: Mapping[str, object]) -> str:
    """The template with its values; other files of the folder, and `page.css`, can be included."""
    environment = Environment(
        loader=DictLoader(dict(_texts(package))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(values)


def templates_digest(package: str) -> str:
    """SHA-256 over the templates of a package, so that a changed page is made again."""
    total = sha256()
    for name, text in sorted(_texts(package).items()):
        total.update(f"{name}\0{text}\0".encode())
    return total.hexdigest()


def _texts(package: str) -> dict[str, str]:
    """Of what all pages share, then of the package's own."""
    return {
        item.name: item.read_text(encoding="utf-8")
        for folder in ("bedside.adapters.page", package)
        for item in files(folder).iterdir()
        if item.name.endswith((".jinja", ".css"))
    }
