"""Plain tables into frozen dataclasses, strictly: what TOML says is what the code gets.

An unknown key, a missing key or a value of the wrong type is an error that names the file, the
line, the key and the nearest known name. Nothing is converted silently except an integer where a
number is asked for.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from bedside.core.errors import StudyError

T = TypeVar("T")
Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


class Source:
    """The text a table was read from, so that an error can name the line of a key."""

    def __init__(self, name: str, text: str = "") -> None:
        self.name, self.lines = name, text.splitlines()

    def where(self, path: tuple[str, ...]) -> str:
        """`study.toml:12 [train] trials` for the path ("train", "trials")."""
        line = self._line(path)
        place = f"{self.name}:{line}" if line else self.name
        if not path:
            return place
        section, key = ".".join(path[:-1]), path[-1]
        return f"{place} [{section}] {key}" if section else f"{place} [{key}]"

    def _line(self, path: tuple[str, ...]) -> int | None:
        section: tuple[str, ...] = ()
        for number, line in enumerate(self.lines, start=1):
            header = re.match(r"\s*\[\[?([^\]]+)\]\]?", line)
            if header:
                section = tuple(part.strip().strip("\"'") for part in header[1].split("."))
                if section == path:
                    return number
            key = re.match(r"\s*([\w.\"'-]+)\s*=", line)
            if key and (*section, *(k.strip("\"'") for k in key[1].split("."))) == path:
                return number
        return self._line(path[:-1]) if len(path) > 1 else None


def parse_toml(text: str, name: str) -> dict[str, object]:
    """The tables of a TOML text; a syntax error becomes a sentence with its line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(
            name, expected="a TOML file", found=str(error), hint="see https://toml.io/en/v1.0.0"
        ) from error


def override(table: dict[str, object], assignment: str) -> None:
    """Apply one `--set train.rate=3e-4` in place; the right side is TOML, or else plain text."""
    path, equals, text = assignment.partition("=")
    if not equals or not path.strip():
        raise StudyError(
            f"--set {assignment}",
            expected="section.key=value",
            found="no '='",
            hint="for example --set train.trials=4",
        )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, key = (part.strip() for part in path.split("."))
    for section in sections:
        inner = table.setdefault(section, {})
        if not isinstance(inner, dict):
            raise StudyError(
                f"--set {assignment}", expected=f"'{section}' to be a section", found="a value"
            )
        table = inner
    table[key] = value


def build(kind: type[T], table: object, source: Source, path: tuple[str, ...] = ()) -> T:
    """A frozen dataclass of `kind` from a table, or a StudyError that says which key is wrong."""
    if not isinstance(table, Mapping):
        raise StudyError(source.where(path), expected="a section", found=_name(table))
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind) if field.init}  # type: ignore[arg-type]  # T is a dataclass by contract
    for key in table:
        if key not in known:
            raise _unknown(source.where((*path, str(key))), str(key), known)
    for key, field in known.items():
        if key not in table and field.default is MISSING and field.default_factory is MISSING:
            raise StudyError(
                source.where(path),
                expected=f"the key '{key}'",
                found="none",
                hint=f"add {key} = ...",
            )
    values = {key: convert(hints[key], value, source, (*path, key)) for key, value in table.items()}
    return kind(**values)


def convert(kind: object, value: object, source: Source, path: tuple[str, ...]) -> object:
    """`value` as the annotation `kind` asks for it, or a StudyError."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is object:
        return value
    if origin in (Union, UnionType):
        return _union(inner, value, source, path)
    if origin is Literal:
        return _literal(inner, value, source, path)
    if origin is tuple:
        return _tuple(inner, value, source, path)
    if origin in (dict, Mapping) or origin is cast(object, Mapping):
        return _mapping(inner, value, source, path)
    if isinstance(kind, type) and is_dataclass(kind):
        return build(kind, value, source, path)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if (
        isinstance(kind, type)
        and isinstance(value, kind)
        and (kind is bool) == isinstance(value, bool)
    ):
        return value
    raise StudyError(source.where(path), expected=_words(kind), found=_name(value))


def plain(value: object) -> Plain:
    """Dataclasses, tuples and mappings as JSON has them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def canonical(value: object) -> str:
    """One text for one value: JSON with sorted keys and no spaces, the thing that is hashed."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def nearest(name: str, known: object) -> str:
    """`did you mean 'trials'?`, or the list of what there is."""
    names = [str(item) for item in cast("list[str]", list(known))]  # type: ignore[call-overload]  # any iterable of names
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(sorted(names))}"


def nearest_column(name: str, columns: Sequence[str]) -> str:
    """As `nearest`, for the columns of a source, which are counted and not listed: where a file
    has no header they are the values of its first patient."""
    close = get_close_matches(name, columns, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    seen = "a single column" if len(columns) == 1 else f"{len(columns)} columns"
    return f"the source has {seen}; see separator, header and skip in [data]"


def _unknown(where: str, key: str, known: Mapping[str, object]) -> StudyError:
    return StudyError(where, expected="a known key", found=f"'{key}'", hint=nearest(key, known))


def _union(
    inner: tuple[object, ...], value: object, source: Source, path: tuple[str, ...]
) -> object:
    if value is None and NoneType in inner:
        return None
    first: StudyError | None = None
    for kind in (k for k in inner if k is not NoneType):
        try:
            return convert(kind, value, source, path)
        except StudyError as error:
            first = first or error
    if first is not None and len([k for k in inner if k is not NoneType]) == 1:
        raise first
    expected = " or ".join(_words(k) for k in inner if k is not NoneType)
    raise StudyError(source.where(path), expected=expected, found=_name(value))


def _literal(
    inner: tuple[object, ...], value: object, source: Source, path: tuple[str, ...]
) -> object:
    if value in inner:
        return value
    choices = ", ".join(f"'{choice}'" for choice in inner if choice != "")
    hint = nearest(value, inner) if isinstance(value, str) else ""
    raise StudyError(
        source.where(path), expected=f"one of {choices}", found=_name(value), hint=hint
    )


def _tuple(
    inner: tuple[object, ...], value: object, source: Source, path: tuple[str, ...]
) -> object:
    if not isinstance(value, (list, tuple)):
        raise StudyError(source.where(path), expected="a list", found=_name(value))
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(convert(inner[0], item, source, path) for item in value)
    if len(inner) != len(value):
        raise StudyError(
            source.where(path), expected=f"a list of {len(inner)}", found=f"a list of {len(value)}"
        )
    return tuple(convert(k, item, source, path) for k, item in zip(inner, value, strict=True))


def _mapping(
    inner: tuple[object, ...], value: object, source: Source, path: tuple[str, ...]
) -> object:
    if not isinstance(value, Mapping):
        raise StudyError(source.where(path), expected="a section", found=_name(value))
    return {str(k): convert(inner[1], item, source, (*path, str(k))) for k, item in value.items()}


def _words(kind: object) -> str:
    names = {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
    if isinstance(kind, type):
        return names.get(kind, "a section")
    return "a list" if get_origin(kind) is tuple else "a section"


def _name(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, (int, float)):
        return repr(value)
    return {list: "a list", dict: "a section", NoneType: "nothing"}.get(
        type(value), "something else"
    )
