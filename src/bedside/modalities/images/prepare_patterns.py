"""A pattern with names in braces against what lies below a source: `images/{patient}.nii.gz`.

`*` is anything within a name. A pattern may begin at any depth. Where it names a folder and also
what lies in it, a folder of slices is one image and its slices are none of their own; any other
folder is only on the way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

NAME = r"\{([^\W\d]\w*)\}"
SLICES = (".dcm", ".ima", "")
"""How files of a series end."""
Found = list[tuple[str, dict[str, str]]]
"""Names below a source, and what their parts in braces stand for."""


def matching(pattern: str, names: Sequence[str]) -> Found:
    """The names that a pattern fits; none where there is no pattern."""
    if not pattern:
        return []
    parts = re.split(r"(\{[^\W\d]\w*\})", pattern)
    seen: set[str] = set()
    form = ""
    for part in parts:
        name = "".join(re.findall(f"^{NAME}$", part))
        form += (
            re.escape(part).replace(r"\*", "[^/]*")
            if not name
            else f"(?P={name})"
            if name in seen
            else f"(?P<{name}>[^/]+)"
        )
        seen |= {name}
    exact = re.compile(f"(?:.*/)?{form}")
    return [(name, dict(found.groupdict())) for name in names if (found := exact.fullmatch(name))]


def one_of_each(found: Found, names: Sequence[str], *, series: bool) -> Found:
    """Without the slices of a folder that is an image itself, and without folders on the way.

    `names`: all below the source. `series`: whether a folder of slices can be an image.
    """
    matched = {name for name, _ in found}
    doubted = {up for name in matched for up in _above(name) if up in matched}
    if not doubted:
        return found
    folders = {str(PurePosixPath(name).parent) for name in names}
    whole = {
        str(PurePosixPath(name).parent)
        for name in names
        if name not in folders and PurePosixPath(name).suffix.lower() in SLICES
    }
    images = doubted & whole if series else set()
    return [
        (name, parts)
        for name, parts in found
        if name in images or (name not in doubted and not images & set(_above(name)))
    ]


def _above(name: str) -> list[str]:
    """The folders that a name lies in."""
    return [str(up) for up in PurePosixPath(name).parents][:-1]
